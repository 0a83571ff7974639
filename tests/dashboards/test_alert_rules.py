"""Alert rules of Grafana: they fire when they should, and not on a fleet that is well or new."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import yaml

from dashboards import names
from dashboards.alert_rule import AlertRule
from dashboards.alert_rules import RULES
from dashboards.files import DASHBOARDS, ROOT
from dashboards.plugin import View, expanded
from tests.dashboards.columns import types_of
from tests.dashboards.seed import BEGIN, END
from tests.fixtures.store import call_rows
from watchkeeper.storage.budgets import BudgetEvent, insert_budget_events
from watchkeeper.storage.client import Store
from watchkeeper.storage.detector_state import DetectorState, StatePlace, save_state

pytestmark = pytest.mark.clickhouse

BY_UID = {rule.uid: rule for rule in RULES}
RULE = pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.uid) for rule in RULES])
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def sql_at(rule: AlertRule, at: datetime) -> str:
    return expanded(rule.query, View(at - timedelta(seconds=rule.lookback_s), at, 60))


def fired(store: Store, uid: str, at: datetime) -> list[dict[str, Any]]:
    """The alerts' labels."""
    rule = BY_UID[uid]
    found = []
    for row in store.query_rows(sql_at(rule, at)):
        *labels, number = row
        if row[number] > rule.limit:
            found.append({label: row[label] for label in labels})
    return found


@RULE
def test_a_rule_answers_with_labels_and_one_number(rule: AlertRule, fleet: Store) -> None:
    *labels, number = types_of(fleet, sql_at(rule, END)).values()
    assert number == "Float64"
    assert all(re.fullmatch(r"String|LowCardinality\(String\)", label) for label in labels)


@RULE
def test_words_of_an_alert_name_labels_it_has(rule: AlertRule, fleet: Store) -> None:
    told = set(re.findall(r"\.Labels\.(\w+)", rule.summary + rule.advice))
    assert told <= set(types_of(fleet, sql_at(rule, END)))
    assert "$" not in rule.summary + rule.advice, "Grafana would fill in a variable of its environment"


@RULE
def test_nothing_fires_on_a_new_store(rule: AlertRule, shared_store: Store) -> None:
    assert fired(shared_store, rule.uid, END) == []


def test_what_is_well_is_quiet(fleet: Store) -> None:
    quiet = [rule.uid for rule in RULES if not fired(fleet, rule.uid, END)]
    assert set(BY_UID) - set(quiet) == {"watchkeeper-regression", "watchkeeper-unpriced"}


@pytest.mark.parametrize(
    ("uid", "at", "alerts"),
    [
        ("watchkeeper-no-calls", END + 40 * MINUTE, [{}]),
        ("watchkeeper-dead-letters", END - 355 * MINUTE, [{"reason": "not_otlp"}]),
        ("watchkeeper-no-calls", END + 6 * DAY, [{}]),
        ("watchkeeper-detectors-still", END + 40 * MINUTE, []),
        ("watchkeeper-unpriced", END, [{"provider": "openai", "model": "gpt-4o-mini"}]),
    ],
    ids=["no-calls", "dead-letters", "no-calls-days", "detectors-without-calls", "unpriced"],
)
def test_a_rule_fires(uid: str, at: datetime, alerts: list[dict[str, str]], fleet: Store) -> None:
    assert fired(fleet, uid, at) == alerts


def test_an_open_regression_that_pages_fires_with_its_names(fleet: Store) -> None:
    (alert,) = fired(fleet, "watchkeeper-regression", END)
    assert alert == {
        "kind": "regression", "metric": "error", "provider": "openai", "model": "gpt-4o",
        "service": "shop", "route": "chat",
    }  # fmt: skip


@pytest.mark.parametrize(("calls", "fires"), [(3, False), (100, True)])
def test_a_few_failures_do_not_fire(calls: int, fires: bool, shared_store: Store) -> None:
    outcomes = ["error" if place % 3 == 0 else "ok" for place in range(calls)]
    shared_store.insert_arrow("calls", call_rows(calls, ts=times(calls), outcome=outcomes), "failing")
    assert bool(fired(shared_store, "watchkeeper-failures", BEGIN + 5 * MINUTE)) is fires


@pytest.mark.parametrize(("late_s", "fires"), [(5, False), (900, True)])
def test_late_calls_fire(late_s: int, fires: bool, shared_store: Store) -> None:
    stored = pa.array([datetime.fromtimestamp(BEGIN.timestamp() + late_s, UTC)] * 10, pa.timestamp("s", tz="UTC"))
    shared_store.insert_arrow("calls", call_rows(10, ts=times(10)).append_column("ingested_at", stored), "late")
    assert (
        bool(fired(shared_store, "watchkeeper-late-calls", BEGIN + 16 * MINUTE if fires else BEGIN + MINUTE)) is fires
    )


@pytest.mark.parametrize(("saved", "fires"), [(5, True), (59, False)])
def test_detectors_that_save_nothing_while_calls_go_on_fire(saved: int, fires: bool, shared_store: Store) -> None:
    at = BEGIN + saved * MINUTE
    save_state(shared_store, StatePlace("detectors", "llm_calls", 0, "1"), DetectorState(1, 9, b"learnt"), at)
    save_state(shared_store, StatePlace("detectors", "llm_calls", 1, "1"), DetectorState(1, 9, b"learnt"), BEGIN)
    minutes = pa.array([int((BEGIN + minute * MINUTE).timestamp() * 1_000_000) for minute in range(60)])
    shared_store.insert_arrow("calls", call_rows(60, ts=minutes), "an hour")
    expected = [{"owner": "detectors", "topic": "llm_calls"}] if fires else []
    assert fired(shared_store, "watchkeeper-detectors-still", BEGIN + 60 * MINUTE) == expected


@pytest.mark.parametrize(("percent", "fires"), [(80, False), (100, True)])
def test_a_budget_fires_at_its_limit(percent: int, fires: bool, shared_store: Store) -> None:
    insert_budget_events(shared_store, [BudgetEvent("team", BEGIN, percent, 1, END, Decimal(1), Decimal(1))])
    assert bool(fired(shared_store, "watchkeeper-budget", END)) is fires


def times(calls: int) -> pa.Array:
    return pa.array([int(BEGIN.timestamp() * 1_000_000) + place * 1_000 for place in range(calls)])


def test_the_file_decides_as_grafana_expects() -> None:
    path = ROOT / "provisioning" / "alerting" / "watchkeeper.yaml"
    (group,) = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    panels = {dashboard.uid: {panel.title for panel in dashboard.panels} for dashboard in DASHBOARDS}
    assert [rule["uid"] for rule in group["rules"]] == [rule.uid for rule in RULES]
    assert all(rule.panel in panels[rule.dashboard] and len(rule.uid) <= 40 for rule in RULES)
    assert [made["uid"] for made in group["rules"] if made["execErrState"] == "Error"] == ["watchkeeper-no-calls"]
    for made, rule in zip(group["rules"], RULES, strict=True):
        assert made["noDataState"] == "OK"
        assert made["execErrState"] in ("Error", "KeepLast")
        assert re.fullmatch(r"0s|\d+m", made["for"]), "as Grafana writes it: else each push would find a difference"
        assert set(made["annotations"]) == {"summary", "description"}
        assert made["labels"] == {"severity": rule.severity, "product": "watchkeeper"}
        asked, reduced, decided = made["data"]
        assert asked["datasourceUid"] == names.DATA_SOURCE
        assert asked["model"]["rawSql"] == rule.query
        assert (reduced["model"]["expression"], decided["model"]["expression"], made["condition"]) == ("A", "B", "C")
        assert decided["model"]["conditions"][0]["evaluator"] == {"type": "gt", "params": [rule.limit]}
