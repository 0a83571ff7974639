"""The expansion that the panels' tests rest on, by examples of the plugin's documentation."""

from datetime import UTC, datetime

import pytest

from dashboards.plugin import View, expanded

VIEW = View(
    datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC), 20, {"model": ["a", "b'c"], "none": [""]}
)
BEGIN, END = "toDateTime(1780272000)", "toDateTime(1780358400)"


@pytest.mark.parametrize(
    ("sql", "reaches"),
    [
        ("$__timeFilter(ts)", f"ts >= {BEGIN} AND ts <= {END}"),
        ("$__timeInterval(ts)", "toStartOfInterval(toDateTime(ts), INTERVAL 20 second)"),
        ("$__fromTime, $__toTime", f"{BEGIN}, {END}"),
        ("n / $__interval_s", "n / 20"),
        ("model IN (${model:singlequote})", "model IN ('a','b\\'c')"),
        ("$__conditionalAll(m IN (${model:singlequote}, '*'), $model)", "m IN ('a','b\\'c', '*')"),
        ("$__conditionalAll(r IN (${route:singlequote}), $route)", "1=1"),
        ("$__conditionalAll(r IN (${none:singlequote}), $none)", "1=1"),
    ],
)
def test_a_macro_becomes_sql(sql: str, reaches: str) -> None:
    assert expanded(sql, VIEW, ["model", "route", "none"]) == reaches


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("$__timeFiler(ts)", "no macro"),
        ("$__conditionalAll(a = 1, b = 2, $model)", "two arguments"),
        ("$__conditionalAll(a = 1, $tenant)", "no variable"),
        ("$__timeFilter(ts", "does not close"),
        ("a = $model", "nobody expands"),
    ],
)
def test_what_the_plugin_would_not_understand_is_an_error(sql: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        expanded(sql, VIEW, ["model"])
