"""The breakdown of costs: which dimension, where its rows lead, shares, waste."""

from decimal import Decimal
from typing import Any

import pytest

from api.costs.models import EXAMPLE, CostItem
from api.problems import Problem
from api.web.address import Address
from api.web.costs_breakdown import breakdown, dimension_of, interval_of, waste_rows
from watchkeeper.storage.cost_plan import Interval


def at(**pairs: str) -> Address:
    return Address.of("/costs", pairs.items())


def item(group: dict[str, str], **values: Any) -> CostItem:
    return CostItem.model_validate({**EXAMPLE["totals"], "group": group, **values})


@pytest.mark.parametrize(
    ("fixed", "by"),
    [
        ((), "service"),
        (("service",), "route"),
        (("route",), "service"),
        (("service", "route"), "model"),
        (("service", "route", "model"), "outcome"),
        (("service", "route", "model", "outcome"), "outcome"),
    ],
    ids=str,
)
def test_the_next_dimension_follows_from_what_is_fixed(fixed: tuple[str, ...], by: str) -> None:
    assert dimension_of(at(**dict.fromkeys(fixed, "x"))) == by


def test_another_dimension_may_be_asked_for_and_must_be_one() -> None:
    assert dimension_of(at(by="tag:team")) == "tag:team"
    with pytest.raises(Problem, match="cannot group by 'price'"):
        dimension_of(at(by="price"))


def test_rows_lead_into_their_calls_and_keep_the_filters() -> None:
    totals = item({}, cost_usd="10", calls=100)
    rows = [item({"route": "chat"}, cost_usd="6"), item({"route": ""}, cost_usd=None)]
    found = breakdown(at(service="shop", by="route", limit="25"), "route", rows, totals, (7, 500))
    chat, nameless = found.rows
    assert (chat.into, chat.share) == ("/costs?service=shop&route=chat", 0.6)
    assert (nameless.into, nameless.share) == (None, None)
    assert (found.groups, found.others_usd) == (7, Decimal(4))
    assert found.more == "/costs?service=shop&by=route&limit=500"


def test_a_row_of_a_tag_filters_by_the_tag() -> None:
    row = breakdown(at(by="tag:team", tag="env=a"), "tag:team", [item({"tag:team": "x"})], item({}), (1, 500)).rows[0]
    assert row.into == "/costs?tag=env%3Da&tag=team%3Dx"


def test_nothing_is_known_of_groups_where_nothing_is_known_at_all() -> None:
    found = breakdown(at(), "service", [item({"service": "a"}, cost_usd=None)], item({}, cost_usd=None), (2, 500))
    assert (found.others_usd, found.rows[0].share) == (None, None)


def test_waste_is_told_by_size_and_leads_to_calls_where_they_can_be_searched_for() -> None:
    totals = item({}, cost_usd="10", wasted={"error": "1", "superseded": "3"})
    first, second = waste_rows(at(service="shop", retries="yes"), totals)
    assert (first.reason, first.share, first.calls) == ("superseded", 0.3, None)
    assert (second.what, second.calls) == ("calls that failed", "/calls?service=shop&order=cost&outcome=error")


@pytest.mark.parametrize(
    ("days", "interval"),
    [(1, Interval.HOUR), (7, Interval.SIX_HOURS), (30, Interval.DAY), (300, Interval.WEEK), (800, Interval.MONTH)],
)
def test_bars_are_as_long_as_the_period_lets_them(days: float, interval: Interval) -> None:
    assert interval_of(days) is interval
