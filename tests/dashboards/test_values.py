"""What panels say is what the calls say."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from dashboards.files import DASHBOARDS
from dashboards.plugin import View, expanded
from dashboards.sql import wilson as wilson_sql
from tests.dashboards.columns import PANELS, sql_of
from tests.dashboards.seed import BEGIN, CALLS, END
from watchkeeper.storage.client import Store
from watchkeeper.wilson import wilson

pytestmark = pytest.mark.clickhouse

MINUTES = View(BEGIN, END, 300)
HOURS = View(BEGIN, END, 7_200)


def rows_of(store: Store, title: str, view: View = MINUTES) -> list[dict[str, Any]]:
    (found,) = {id(panel): (dashboard, panel) for dashboard, panel in PANELS if panel.title == title}.values()
    return store.query_rows(sql_of(found[0], found[1].query, view))


def first_of(store: Store, title: str, view: View = MINUTES) -> Any:
    dashboard = DASHBOARDS[0]
    (panel,) = [panel for panel in dashboard.panels if panel.title == title]
    return next(iter(store.query_rows(sql_of(dashboard, panel.query, view))[0].values()))


@pytest.mark.parametrize("view", [MINUTES, HOURS], ids=["minutes", "hours"])
def test_each_call_is_counted_once_from_either_rollup(view: View, fleet: Store) -> None:
    assert first_of(fleet, "Calls", view) == CALLS
    series = rows_of(fleet, "Calls by outcome", view)
    assert sum(row["calls"] for row in series) * view.interval_s == pytest.approx(CALLS)


@pytest.mark.parametrize(("interval_s", "read"), [(300, "calls_1m"), (7_200, "calls_1h")])
def test_only_one_rollup_is_read(interval_s: int, read: str, fleet: Store) -> None:
    dashboard = DASHBOARDS[0]
    (panel,) = [panel for panel in dashboard.panels if panel.title == "Calls"]
    sql = sql_of(dashboard, panel.query, View(BEGIN, END, interval_s))
    tables = {row["table"] for row in fleet.query_rows(f"EXPLAIN ESTIMATE {sql}") if row["parts"]}
    assert tables == {read}


def test_shares_are_those_of_the_calls(fleet: Store) -> None:
    (truth,) = fleet.query_rows(
        "SELECT countIf(outcome IN ('error', 'timeout', 'rate_limited')) AS failed,"
        " countIf(outcome = 'refused') AS refused, count() AS n FROM calls"
    )
    assert first_of(fleet, "Failed calls") == pytest.approx(truth["failed"] / truth["n"])
    outcomes = {row["outcome"]: row for row in rows_of(fleet, "Outcomes")}
    answers = truth["n"] - truth["failed"]
    assert outcomes["refused"]["rate"] == pytest.approx(truth["refused"] / answers)
    low, high = wilson(truth["refused"], answers)
    assert (outcomes["refused"]["low"], outcomes["refused"]["high"]) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(("bad", "of"), [(0, 1), (0, 40), (1, 1), (7, 40), (40, 40), (3, 2_000_000)])
def test_intervals_are_wilsons(bad: int, of: int, fleet: Store) -> None:
    low, high = wilson_sql("bad", "of")
    sql = f"SELECT {low} AS low, {high} AS high FROM (SELECT toUInt64({bad}) AS bad, toUInt64({of}) AS of)"
    (row,) = fleet.query_rows(sql)
    assert (row["low"], row["high"]) == pytest.approx(wilson(bad, of), abs=1e-4)
    assert 0 <= row["low"] <= bad / of + 1e-12
    assert bad / of - 1e-12 <= row["high"] <= 1


@pytest.mark.parametrize("view", [MINUTES, HOURS], ids=["minutes", "hours"])
def test_quantiles_are_right_to_a_bin(view: View, fleet: Store) -> None:
    (times,) = fleet.query_rows(
        "SELECT groupArray(duration_us) AS us FROM calls"
        " WHERE request_model = 'gpt-4o' AND outcome NOT IN ('error', 'rate_limited', 'cancelled')"
    )
    (row,) = [row for row in rows_of(fleet, "Model by model", view) if row["model"] == "gpt-4o"]
    for name, level in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        true_s = float(np.quantile(times["us"], level, method="inverted_cdf")) / 1e6
        assert row[name] == pytest.approx(true_s, rel=0.03)


def test_money_adds_up_and_what_has_no_price_is_not_free(fleet: Store) -> None:
    (truth,) = fleet.query_rows("SELECT sum(cost_usd) AS usd FROM calls")
    rows = {row["model"]: row for row in rows_of(fleet, "Breakdown")}
    assert rows["gpt-4o-mini"]["spend"] is rows["gpt-4o-mini"]["per_good_answer"] is None
    assert sum(row["spend"] for row in rows.values() if row["spend"] is not None) == truth["usd"]
    assert first_of(fleet, "Spend") == truth["usd"]
    assert first_of(fleet, "Calls without a price") == pytest.approx(1 / 3)


def test_the_hour_that_a_period_begins_in_counts_whole(fleet: Store) -> None:
    view = View(BEGIN + timedelta(minutes=90), BEGIN + timedelta(minutes=179), 300)
    (truth,) = fleet.query_rows(
        "SELECT sum(cost_usd) AS usd FROM calls WHERE toDate(ts) = '2026-06-01' AND toHour(ts) IN (1, 2)"
    )
    assert first_of(fleet, "Spend", view) == truth["usd"]


def test_a_period_is_compared_with_the_one_before(fleet: Store) -> None:
    day = View(BEGIN + (END - BEGIN) / 2, END, 3_600)
    rows = {row["model"]: row for row in rows_of(fleet, "Against the period before", day)}
    assert rows["gpt-4o"]["calls"] == rows["gpt-4o"]["calls_before"] == CALLS / 6
    assert rows["gpt-4o"]["difference"] == 0
    assert rows["gpt-4o-mini"]["difference"] is None


def test_the_served_model_is_told_when_it_changes(fleet: Store) -> None:
    rows = [row for row in rows_of(fleet, "Which model answers", HOURS) if row["asked_for"] == "gpt-4o"]
    assert [row["model"] for row in rows] == ["gpt-4o-2024-08-06"] * 12 + ["gpt-4o-2024-11-20"] * 12


def test_choices_narrow_what_is_shown(fleet: Store) -> None:
    chosen = View(BEGIN, END, 300, {"model": ["gpt-4o", "nobody's"], "service": ["shop"]})
    assert {row["model"] for row in rows_of(fleet, "Models", chosen)} == {"gpt-4o"}
    # A regression of all services and routes concerns each of them.
    of_chat = View(BEGIN, END, 300, {"service": ["shop"], "route": ["chat"]})
    of_rank = View(BEGIN, END, 300, {"service": ["search"], "route": ["rank"]})
    assert {row["id"] for row in rows_of(fleet, "All of the period", of_chat)} == {"aaaa", "bbbb", "cccc"}
    assert {row["id"] for row in rows_of(fleet, "All of the period", of_rank)} == {"bbbb"}


def test_regressions_stand_as_their_last_transition(fleet: Store) -> None:
    rows = {row["id"]: row for row in rows_of(fleet, "All of the period")}
    assert {name: row["state"] for name, row in rows.items()} == {"aaaa": "open", "bbbb": "closed", "cccc": "open"}
    assert rows["aaaa"]["how_much"] == "1 % to 4 %"
    (delay,) = rows_of(fleet, "Median time to detect")
    assert delay["delay"] == 720


def test_a_route_s_last_weights_count(fleet: Store) -> None:
    assert [(row["model"], row["weight"]) for row in rows_of(fleet, "Weights")] == [
        ("gpt-4o", 95),
        ("claude-sonnet-4", 5),
    ]
    (migration,) = rows_of(fleet, "Migrations")
    assert (migration["phase"], migration["last_reason"]) == ("canary_5", "promote")


def test_quotes_in_names_stay_names(fleet: Store) -> None:
    odd = View(BEGIN, END, 300, {"service": ["x') OR 1=1 --"]})
    sql = expanded("SELECT count() AS n FROM calls_1h WHERE service IN (${service:singlequote})", odd, ["service"])
    assert fleet.query_rows(sql)[0]["n"] == 0


def test_every_level_of_a_budget_is_shown(fleet: Store) -> None:
    levels = [(row["level_percent"], row["level_usd"], row["state"]) for row in rows_of(fleet, "Budgets")]
    assert levels == [(80, 80, "reached"), (100, 100, "not reached")]
    reached, open_still = rows_of(fleet, "Budgets")
    assert (float(reached["spent_usd"]), open_still["spent_usd"], open_still["reached_at"]) == (80.5, None, None)
