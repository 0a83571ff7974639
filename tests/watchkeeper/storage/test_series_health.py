"""How series fared, from the rollup and from single calls, against rows whose sums are known."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.errors import ConfigError
from watchkeeper.series_id import ANY, series_id
from watchkeeper.storage import series_cells
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.series_cells import SERIES, HealthQuery
from watchkeeper.storage.series_health import HealthRow, series_health
from watchkeeper.storage.series_names import find_series

pytestmark = pytest.mark.clickhouse

FIRST = datetime.fromtimestamp(FIRST_TS_US / 1e6, UTC)
HOUR = FIRST.replace(minute=0, second=0, microsecond=0)
ALL = CallFilter(HOUR, HOUR + timedelta(hours=5))
HOUR_US = 3_600_000_000


def add(store: Store, n: int = 1, hours: float = 0, **columns: Any) -> None:
    ts = pa.array(FIRST_TS_US + int(hours * HOUR_US) + np.arange(n) * 40)
    store.insert_arrow("calls", call_rows(n, ts=ts, **columns), f"{n}/{hours}/{sorted(columns.items(), key=str)}")


def by_model(rows: list[HealthRow]) -> dict[str, Mapping[str, int]]:
    return {row.group["model"]: row.outcomes for row in rows}


@pytest.mark.parametrize("table", ["calls_1h", "calls"])
def test_sums_and_times_of_a_series(shared_store: Store, table: str) -> None:
    outcomes = ["ok"] * 15 + ["refused"] * 5
    add(shared_store, 20, outcome=outcomes, duration_us=2_000_000, ttft_us=400_000, output_tokens=160)
    add(shared_store, 1, outcome="ok", cost_usd=None, cost_status="unpriced", duration_us=9_000_000)
    add(shared_store, 1, outcome="ok", input_tokens=None, output_tokens=None, cost_usd=None, cost_status="no_usage",
        duration_complete=False)  # fmt: skip
    chosen = ALL if table == "calls_1h" else replace(ALL, tags=())
    query = HealthQuery(chosen, SERIES if table == "calls_1h" else (*SERIES, "region"))
    assert query.table == table
    (row,) = series_health(shared_store, query)
    assert [row.group[name] for name in SERIES] == ["shop", "chat", "openai", "gpt-4o", "gpt-4o-2024-08-06"]
    assert (row.calls, row.outcomes) == (22, {"ok": 17, "refused": 5})
    assert (row.calls_with_usage, row.calls_with_cost, row.calls_unpriced) == (21, 20, 1)
    assert (row.input_tokens, row.output_tokens, row.cost_usd) == (21_000, 3_300, Decimal("0.07"))
    assert row.duration.calls == 21 and row.duration.within == (0, 0, 21)
    assert row.duration.p50_us == pytest.approx(2_000_000, rel=0.05)
    assert row.duration.p99_us == pytest.approx(9_000_000, rel=0.05)
    assert row.ttft.calls == 20 and row.ttft.p50_us == pytest.approx(400_000, rel=0.05)
    assert row.us_per_output_token.p50_us == pytest.approx(10_000, rel=0.05)
    assert row.last_call == FIRST.replace(microsecond=0)
    assert row.series == (("shop", "chat", "openai", "gpt-4o", "gpt-4o-2024-08-06"),)


@pytest.mark.parametrize("by", [SERIES, (*SERIES, "region")], ids=["rollup", "calls"])
def test_times_that_say_nothing_of_the_model_are_in_no_quantile(shared_store: Store, by: tuple[str, ...]) -> None:
    add(shared_store, 3, duration_us=1_000_000)
    add(shared_store, 5, outcome="rate_limited", duration_us=5)
    add(shared_store, 5, gateway_cache_hit=True, duration_us=6)
    add(shared_store, 2, outcome="timeout", duration_us=60_000_000)
    (row,) = series_health(shared_store, HealthQuery(ALL, by))
    assert (row.calls, row.duration.calls) == (15, 5)
    assert row.duration.p95_us == pytest.approx(60_000_000, rel=0.05)


def test_a_row_that_completes_a_call_adds_tokens_and_cost_but_no_call(shared_store: Store) -> None:
    add(shared_store, 1, input_tokens=None, output_tokens=None, cost_usd=None, cost_status="no_usage")
    add(shared_store, 1, calls=0, duration_us=77_000_000)
    (row,) = series_health(shared_store, HealthQuery(ALL))
    assert (row.calls, row.calls_with_usage, row.calls_with_cost, row.duration.calls) == (1, 1, 1, 1)
    assert (row.input_tokens, row.cost_usd) == (1_000, Decimal("0.0035"))


def test_failed_calls_count_with_the_model_that_last_answered_the_same_use(shared_store: Store) -> None:
    add(shared_store, 4, 0, model="old")
    add(shared_store, 1, 0.1, model="gpt-4o", outcome="error")
    add(shared_store, 6, 2, model="new")
    add(shared_store, 2, 2.1, model="gpt-4o", outcome="timeout")
    add(shared_store, 1, 2.2, route="other", model="gpt-4o", outcome="error")
    found = series_health(shared_store, HealthQuery(ALL))
    assert by_model([row for row in found if row.group["route"] == "chat"]) == {
        "old": {"ok": 4},
        "new": {"error": 1, "ok": 6, "timeout": 2},
    }
    # A use that no model ever answered keeps the name that was asked for.
    assert by_model([row for row in found if row.group["route"] == "other"]) == {"gpt-4o": {"error": 1}}
    hourly = series_health(shared_store, replace(HealthQuery(ALL), interval_s=3_600))
    chat = [(row.start, by_model([row])) for row in hourly if row.group["route"] == "chat"]
    assert chat == [
        (HOUR, {"old": {"error": 1, "ok": 4}}),
        (HOUR + timedelta(hours=2), {"new": {"ok": 6, "timeout": 2}}),
    ]


def test_a_filter_on_the_model_or_outcome_sees_failed_calls_where_they_count(shared_store: Store) -> None:
    add(shared_store, 4, model="served")
    add(shared_store, 3, 0.1, model="gpt-4o", outcome="error")
    (row,) = series_health(shared_store, HealthQuery(replace(ALL, model=("served",))))
    assert row.outcomes == {"error": 3, "ok": 4}
    assert series_health(shared_store, HealthQuery(replace(ALL, model=("gpt-4o",)))) == []
    (row,) = series_health(shared_store, HealthQuery(replace(ALL, outcome=("error",))))
    assert (row.group["model"], row.outcomes) == ("served", {"error": 3})


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        (("service",), [{"service": "shop"}, {"service": "mail"}]),
        (("outcome", "tag:team"), [{"outcome": "ok", "tag:team": "a"}, {"outcome": "ok", "tag:team": ""}]),
        (("gateway_cache_hit",), [{"gateway_cache_hit": "no"}]),
    ],
    ids=["service", "outcome and tag", "cache hit"],
)
def test_coarser_groups(shared_store: Store, by: tuple[str, ...], groups: list[dict[str, str]]) -> None:
    add(shared_store, 5, attributes=[[("watchkeeper.tag.team", "a")]] * 5)
    add(shared_store, 2, service="mail")
    found = series_health(shared_store, HealthQuery(ALL, by))
    assert [row.group for row in found] == groups
    assert sum(row.calls for row in found) == 7
    assert len({key for row in found for key in row.series}) == 2


def test_the_rollup_has_whole_hours_and_single_calls_have_the_period_itself() -> None:
    ragged = CallFilter(HOUR + timedelta(minutes=5), HOUR + timedelta(hours=3, minutes=5))
    assert (HealthQuery(ragged).table, HealthQuery(ragged).read) == (
        "calls_1h",
        CallFilter(HOUR, HOUR + timedelta(hours=4)),
    )
    short = replace(ragged, end=HOUR + timedelta(minutes=50))
    assert (HealthQuery(short).table, HealthQuery(short).read) == ("calls", short)
    assert HealthQuery(replace(ragged, tenant=("t",))).table == "calls"
    assert HealthQuery(ALL, interval_s=300).table == "calls"


def test_more_sums_than_are_read_are_refused(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series_cells, "MOST_CELLS", 2)
    add(shared_store, 3, service=["a", "b", "c"])
    with pytest.raises(ConfigError, match="choose a shorter period"):
        series_health(shared_store, HealthQuery(ALL))


def test_nothing_stored_is_no_row(shared_store: Store) -> None:
    assert series_health(shared_store, HealthQuery(ALL)) == []


def test_a_series_and_its_parent_are_found_by_their_ids(shared_store: Store) -> None:
    add(shared_store, 1)
    series = ("shop", "chat", "openai", "gpt-4o", "gpt-4o-2024-08-06")
    parent = (ANY, ANY, "openai", "gpt-4o", ANY)
    ids = [series_id(*series), series_id(*parent)]
    assert find_series(shared_store, ids[0], HOUR) == find_series(shared_store, ids[0][:4], HOUR) == {ids[0]: series}
    assert find_series(shared_store, ids[1], HOUR) == {ids[1]: parent}
    assert find_series(shared_store, "0" * 12, HOUR) == {}
    assert find_series(shared_store, ids[0], HOUR + timedelta(hours=2)) == {}
