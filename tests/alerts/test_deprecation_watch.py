"""Models that will not stay are told while they are in use: when it becomes known, and again near their last day."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from alerts.deprecation_watch import Used, condition_of, deprecation_conditions
from alerts.event import Severity
from tests.alerts.receiver import receiving
from tests.alerts.service_bench import KEY, START, Bench
from tests.fixtures.store import call_rows
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.facts import ModelFacts
from watchkeeper.storage.client import Store

USED = Used("openai", "gpt-old", ("chat", "search"), 1_200)


def known(days: int | None = None, **fields: Any) -> ModelFacts:
    retired = START.date() + timedelta(days=days) if days is not None else None
    return ModelFacts("openai", "gpt-old", retirement_date=retired, **fields)


@pytest.mark.parametrize(
    ("facts", "step", "severity"),
    [
        pytest.param(known(), "", None, id="nothing_is_known"),
        pytest.param(known(200), "", None, id="far_ahead"),
        pytest.param(known(deprecation_date=date(2026, 12, 1)), "", None, id="not_deprecated_yet"),
        pytest.param(known(deprecated=True), "announced", Severity.WARNING, id="deprecated_without_a_date"),
        pytest.param(known(200, deprecation_date=date(2026, 5, 1)), "announced", Severity.WARNING, id="announced"),
        pytest.param(known(90), "90", Severity.WARNING, id="three_months"),
        pytest.param(known(30), "30", Severity.WARNING, id="a_month"),
        pytest.param(known(7), "7", Severity.CRITICAL, id="a_week"),
        pytest.param(known(0), "0", Severity.CRITICAL, id="today"),
        pytest.param(known(-3), "0", Severity.CRITICAL, id="past"),
    ],
)
def test_each_step_is_a_condition_of_its_own(facts: ModelFacts, step: str, severity: Severity | None) -> None:
    found = condition_of(USED, facts, START)
    assert (found.id, found.severity) == (f"deprecation:openai/gpt-old:{step}", severity) if found else severity is None


def test_the_sentence_says_when_who_and_what_instead() -> None:
    found = condition_of(USED, known(30, replacement="gpt-new"), START)
    assert found is not None
    assert found.what == (
        "openai/gpt-old retires on 2026-07-01, in 30 days, gpt-new is named in its place; "
        "1,200 calls in the last week, by chat, search"
    )


def called(store: Store, model: str) -> None:
    at_us = int((START - timedelta(hours=3)).timestamp() * 1e6)
    times = pa.array([at_us + second * 1_000_000 for second in range(40)])
    store.insert_arrow("calls", call_rows(40, provider="openai", request_model=model, ts=times), model)


@pytest.mark.clickhouse
def test_only_models_in_use_are_looked_up(shared_store: Store) -> None:
    called(shared_store, "gpt-old")
    catalog = Catalog((known(5), ModelFacts("openai", "gpt-older", deprecated=True)))
    (found,) = deprecation_conditions(shared_store, lambda: catalog, START)
    assert found.id == "deprecation:openai/gpt-old:7" and "40 calls" in found.what
    assert deprecation_conditions(shared_store, lambda: catalog, START + timedelta(days=30)) == []


@pytest.mark.clickhouse
def test_a_model_that_ends_is_told_once_a_step(shared_store: Store, tmp_path: Path) -> None:
    called(shared_store, "gpt-old")
    with receiving() as receiver:
        bench = Bench(shared_store, tmp_path / "alerts.yaml", models=(known(31),))
        bench.write_rules({"hook": {"type": "webhook", "url": receiver.url, "signing_key": KEY}})
        service = bench.service()
        for _ in range(3):
            service.run_once()
            bench.clock.advance(minutes=11)
        (first,) = receiver.wait_for(1)
        assert b"retires on 2026-07-02, in 31 days" in first.body
        bench.clock.advance(days=1)
        for _ in range(3):
            service.run_once()
            bench.clock.advance(minutes=11)
        assert b"in 30 days" in receiver.wait_for(2)[1].body
        bench.kill()
