"""Served-model changes: what is one, what is only another spelling, and how it ends."""

import numpy as np
import pyarrow as pa

from detectors.metrics import Severity
from detectors.records import Regression, State
from detectors.served_models import ServedModels
from tests.detectors.made_calls import DAY, HOUR, PARENT, START, Floats, arrivals, calls, day_and_night, run

OLD, NEW = "gpt-x-2026-05-01", "gpt-x-2026-08-01"


def steady(days: float, per_hour: float, begin: float = START) -> Floats:
    return np.arange(begin, begin + days * DAY, HOUR / per_hour)


def told(*parts: pa.Table, seconds: float = 600.0) -> list[Regression]:
    return run(ServedModels(PARENT), pa.concat_tables(parts).sort_by("ts"), seconds)


def test_an_alias_that_is_pointed_at_another_snapshot_pages_once_for_all_routes() -> None:
    ts = steady(2, 120)
    served = np.where(ts < START + DAY, OLD, NEW)
    routes = [f"r{at % 6}" for at in range(len(ts))]
    first, *more = told(calls(ts, model=served, route=routes))
    assert first.severity is Severity.PAGE and first.state is State.OPEN
    assert first.reason == f"gpt-x is answered by {NEW}, before by {OLD}"
    assert START + DAY <= first.onset.timestamp() < START + DAY + 400
    assert first.onset_low.timestamp() < START + DAY
    assert first.detected_at.timestamp() < START + DAY + 2 * HOUR
    assert {record.id for record in more} == {first.id} and len(more) <= 3
    assert more[-1].details["workloads"].count("shop/") >= 4


def test_ten_calls_a_day_are_enough_within_a_day() -> None:
    ts = steady(16, 10 / 24)
    (record,) = told(calls(ts, model=np.where(ts < START + 10 * DAY, OLD, NEW)))
    assert record.detected_at.timestamp() < START + 11 * DAY


def test_names_that_are_only_spelled_otherwise_are_no_change() -> None:
    rng = np.random.default_rng(1)
    ts = steady(6, 60)
    spellings = ["gpt-x", OLD, f"openai/{OLD}", "gpt-x-20260501", "gpt-x-latest"]
    assert told(calls(ts, model=rng.choice(spellings, len(ts)))) == []
    assert told(calls(ts, model=np.where(ts < START + 3 * DAY, "gpt-x", OLD))) == []
    assert told(calls(ts, model=np.where(ts < START + 3 * DAY, OLD, "gpt-x"))) == []


def test_a_deployment_whose_model_is_told_from_now_on_is_a_notice_and_never_one_where_two_emitters_differ() -> None:
    ts = steady(4, 60)
    asked = {"request_model": "prod-chat"}
    parent = PARENT._replace(request_model="prod-chat")
    later = np.where(ts < START + 2 * DAY, "prod-chat", "gpt-4o-2024-08-06")
    (record,) = run(ServedModels(parent), calls(ts, model=later, **asked))
    assert record.severity is Severity.NOTICE and record.confidence == 0.7
    mixed = np.where(np.arange(len(ts)) % 2, "prod-chat", "gpt-4o-2024-08-06")
    assert run(ServedModels(parent), calls(ts, model=mixed, **asked)) == []


def test_failed_calls_say_nothing_because_they_carry_the_name_asked_for() -> None:
    ts = steady(2, 60)
    broken = (ts > START + DAY) & (ts < START + DAY + 2 * HOUR)
    table = calls(ts, model=np.where(broken, "gpt-y", OLD), outcome=np.where(broken, "error", "ok"))
    assert told(table) == []


def test_a_fallback_that_is_declared_is_no_change() -> None:
    ts = steady(2, 60)
    away = (ts > START + DAY) & (ts < START + DAY + 2 * HOUR)
    table = calls(ts, model=np.where(away, "gpt-y-2026-01-01", OLD), fallback_from=np.where(away, "gpt-x", ""))
    assert told(table) == []
    (opened, closed) = told(calls(ts, model=np.where(away, "gpt-y-2026-01-01", OLD)))
    assert opened.state is State.OPEN and closed.state is State.CLOSED and closed.id == opened.id
    assert closed.reason == f"{OLD} answers again"


def test_a_mixed_fleet_is_a_notice_after_a_day_and_ends_when_one_model_took_over() -> None:
    rng = np.random.default_rng(2)
    ts = steady(6, 60)
    share = np.where(ts < START + DAY, 0.0, np.where(ts < START + 4 * DAY, 0.4, 1.0))
    mixed, settled, changed = told(calls(ts, model=np.where(rng.random(len(ts)) < share, NEW, OLD)))
    assert mixed.severity is Severity.NOTICE and mixed.details["what"] == "mixed_fleet"
    assert START + 2 * DAY <= mixed.at.timestamp() < START + 2 * DAY + 2 * HOUR
    assert settled.id == mixed.id and settled.reason == f"only {NEW} answers now"
    assert changed.severity is Severity.PAGE and changed.onset.timestamp() >= START + 4 * DAY - HOUR


def test_the_first_sightings_of_a_workload_are_no_change() -> None:
    ts = steady(0.1, 60)
    served = np.where(np.arange(len(ts)) < 8, OLD, NEW)
    assert told(calls(ts, model=served)) == []


def test_a_change_that_stays_is_accepted_after_a_week() -> None:
    ts = steady(10, 30)
    opened, closed = told(calls(ts, model=np.where(ts < START + DAY, OLD, NEW)))
    assert closed.id == opened.id and closed.state is State.CLOSED
    assert (closed.at - opened.detected_at).total_seconds() == 7 * DAY


def test_quiet_over_three_weeks_of_healthy_traffic() -> None:
    rng = np.random.default_rng(3)
    ts = arrivals(rng, START, START + 21 * DAY, lambda t: 40 * day_and_night(t))
    assert told(calls(ts, model=OLD, route=rng.choice(["chat", "code", "mail"], len(ts)))) == []
