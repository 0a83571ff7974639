"""What somebody is told when a model changes: which metric, which way, since when, how much, and how often."""

import numpy as np
import pytest

from detectors.config import DAY_S, DetectorConfig
from detectors.engine import Engine
from detectors.history import ArrowHistory
from detectors.metrics import Severity
from detectors.records import FindingKind, Regression, State
from tests.detectors.made_calls import unless
from tests.detectors.simulated import (
    HOUR_S,
    START,
    Traffic,
    is_closed,
    last,
    metrics_of,
    regressions,
    run,
    steady,
    watched,
)

CHANGE = START + 3 * DAY_S


def the_only(told: list[Regression]) -> Regression:
    """The one regression, as it stands at the end."""
    (first,) = regressions(told)
    return last(told, first)


def is_since(regression: Regression, moment: float, within_s: float) -> bool:
    """Was it found after ``moment``, within so long, with an onset interval that is no further from it than an hour?"""
    found = regression.detected_at.timestamp()
    low, high = regression.onset_low.timestamp(), regression.onset_high.timestamp()
    return moment < found <= moment + within_s and low - HOUR_S <= moment <= high + HOUR_S


def test_errors_three_times_as_frequent_are_one_page() -> None:
    rng = np.random.default_rng(1)
    calls = steady(rng, 500, 4.5, errors=0.0)
    calls.fail(rng, np.where(calls.after(CHANGE), 0.03, 0.01))
    found = the_only(watched(calls.table()))
    assert metrics_of(found) == {"error"} and found.direction == "up" and found.severity is Severity.PAGE
    assert is_since(found, CHANGE, 12 * HOUR_S) and found.state is not State.CLOSED
    assert found.size is not None and found.size.low < 0.03 < found.size.high
    assert found.size.before == pytest.approx(0.01, rel=0.3)


@pytest.mark.parametrize(
    ("outcome", "metric"),
    [("error", "error"), ("timeout", "timeout"), ("rate_limited", "rate_limit"), ("filtered", "refusal")],
)
def test_failures_that_do_not_say_how_long_their_prompt_was_are_found_all_the_same(outcome: str, metric: str) -> None:
    rng = np.random.default_rng(21)
    calls = steady(rng, 500, 4.5, errors=0.0)
    calls.fail(rng, np.where(calls.after(CHANGE), 0.05, 0.01), outcome)
    known = unless(calls.outcome != "ok", calls.prompt)
    found = the_only(watched(calls.table(input_tokens=known)))
    assert metrics_of(found) == {metric} and is_since(found, CHANGE, 3 * HOUR_S)
    assert found.size is not None and found.size.low < 0.05 < found.size.high


def test_failures_that_name_the_model_asked_for_are_dated_by_the_calls_all_the_same() -> None:
    rng = np.random.default_rng(22)
    calls = steady(rng, 240, 3.1, errors=0.0)
    calls.fail(rng, np.where(calls.after(CHANGE), 0.3, 0.0005))
    table = calls.table(model=np.where(calls.outcome == "ok", "gpt-x-2026", "gpt-x"))
    found = the_only(run(Engine(DetectorConfig(), ArrowHistory(table)), table))
    assert abs(found.onset.timestamp() - CHANGE) < HOUR_S / 6
    assert found.size is not None and found.size.low < 0.3 < found.size.high


def test_everything_a_fifth_slower_is_one_page_about_seconds() -> None:
    rng = np.random.default_rng(2)
    calls = steady(rng, 500, 4)
    calls.slower(calls.after(CHANGE), 1.2)
    found = the_only(watched(calls.table()))
    assert metrics_of(found) == {"latency", "time_per_output_token"}
    assert is_since(found, CHANGE, 4 * HOUR_S) and found.state is State.OPEN
    assert found.size is not None and found.size.low <= 1.2 * found.size.before <= found.size.high * 1.02


def test_a_few_calls_much_slower_are_found_though_the_median_stands_still() -> None:
    rng = np.random.default_rng(3)
    calls = steady(rng, 500, 4)
    calls.slower(calls.after(CHANGE) & (rng.random(len(calls)) < 0.03), 8.0)
    found = the_only(watched(calls.table()))
    assert "latency" in metrics_of(found) and is_since(found, CHANGE, 8 * HOUR_S)
    assert found.evidence is not None and found.evidence.hypothesis.startswith("tail:")


def test_more_refusals_are_refusals_and_no_errors() -> None:
    rng = np.random.default_rng(4)
    calls = steady(rng, 300, 4)
    calls.fail(rng, np.where(calls.after(CHANGE), 0.08, 0.02), "refused")
    found = the_only(watched(calls.table()))
    assert metrics_of(found) == {"refusal"} and is_since(found, CHANGE, 8 * HOUR_S)


def test_answers_that_break_the_format_more_often() -> None:
    rng = np.random.default_rng(5)
    calls = steady(rng, 300, 4)
    broken = rng.random(len(calls)) < np.where(calls.after(CHANGE), 0.2, 0.05)
    found = the_only(watched(calls.table(format_valid=~broken)))
    assert metrics_of(found) == {"format_failure"} and is_since(found, CHANGE, 4 * HOUR_S)


@pytest.mark.parametrize(("factor", "direction"), [(2.0, "up"), (0.5, "down")])
def test_answers_twice_or_half_as_long_show_in_tokens_and_cost(factor: float, direction: str) -> None:
    rng = np.random.default_rng(6)
    calls = steady(rng, 300, 4)
    calls.output = np.where(calls.after(CHANGE), np.ceil(calls.output * factor), calls.output)
    calls.seconds = 0.3 + 0.01 * calls.output * rng.lognormal(0, 0.3, len(calls))
    found = the_only(watched(calls.table(cost_usd=calls.prompt * 1e-6 + calls.output * 4e-6)))
    of = {member.metric: member for member in found.members}
    assert {"output_tokens", "cost"} <= set(of) and is_since(found, CHANGE, 2 * HOUR_S)
    assert {of["output_tokens"].direction, of["cost"].direction} == {direction}


def test_a_regression_that_ends_is_closed_and_told_once() -> None:
    rng = np.random.default_rng(7)
    calls = steady(rng, 500, 6)
    bad = calls.after(CHANGE) & ~calls.after(CHANGE + DAY_S)
    calls.fail(rng, np.where(bad, 0.06, 0.0))
    calls.slower(bad, 1.5)
    told = watched(calls.table())
    found = the_only(told)
    assert metrics_of(found) == {"latency", "time_per_output_token", "error"}
    assert is_closed(found) and not found.transient and found.closed_at is not None
    assert CHANGE + DAY_S < found.closed_at.timestamp() < CHANGE + DAY_S + 6 * HOUR_S
    assert {member.state for member in found.members} == {State.CLOSED}
    assert [one.seq for one in told] == list(range(1, len(told) + 1)) and len(told) < 15


def test_an_outage_is_one_outage_and_one_regression_both_closed() -> None:
    rng = np.random.default_rng(8)
    calls = steady(rng, 600, 3.4)
    calls.fail(rng, np.where(calls.after(CHANGE) & ~calls.after(CHANGE + 1800), 1.0, 0.0))
    told = watched(calls.table(), seconds=600.0)
    firsts = [one for one in told if one.seq == 1]
    assert sorted(one.kind for one in firsts) == [FindingKind.OUTAGE, FindingKind.REGRESSION]
    assert all(is_closed(last(told, one)) for one in firsts)
    assert metrics_of(last(told, regressions(told)[0])) == {"error"}


def test_two_incidents_a_day_apart_are_two_regressions() -> None:
    rng = np.random.default_rng(9)
    calls = steady(rng, 500, 5)
    for begin in (CHANGE, CHANGE + 1.2 * DAY_S):
        calls.fail(rng, np.where(calls.after(begin) & ~calls.after(begin + 6 * HOUR_S), 0.15, 0.0))
    told = watched(calls.table())
    first, second = (last(told, one) for one in regressions(told))
    assert first.id != second.id and is_closed(first) and is_closed(second)
    assert is_since(first, CHANGE, 2 * HOUR_S) and is_since(second, CHANGE + 1.2 * DAY_S, 2 * HOUR_S)


def test_a_rate_that_creeps_from_one_to_three_per_cent_within_weeks_is_found_before_it_doubled_twice() -> None:
    rng = np.random.default_rng(10)
    calls = steady(rng, 150, 42, errors=0.0)
    way = np.clip((calls.ts - START - 14 * DAY_S) / (28 * DAY_S), 0, 1)
    calls.fail(rng, 0.01 + 0.02 * way)
    found = the_only(watched(calls.table(), seconds=12 * HOUR_S))
    assert metrics_of(found) == {"error"} and found.state is not State.CLOSED
    assert START + 16 * DAY_S < found.detected_at.timestamp() < START + 42 * DAY_S


def test_never_an_error_then_one_in_twenty() -> None:
    rng = np.random.default_rng(11)
    calls = steady(rng, 300, 5, errors=0.0)
    calls.fail(rng, np.where(calls.after(CHANGE), 0.05, 0.0))
    found = the_only(watched(calls.table()))
    assert metrics_of(found) == {"error"} and is_since(found, CHANGE, 4 * HOUR_S)
    assert not is_closed(found) and found.size is not None and found.size.before < 0.001 < found.size.low


def test_a_new_prompt_version_is_found_by_what_it_does() -> None:
    rng = np.random.default_rng(12)
    calls = steady(rng, 300, 4)
    new = calls.after(CHANGE)
    calls.fail(rng, np.where(new, 0.15, 0.02), "refused")
    found = the_only(watched(calls.table(prompt_version=np.where(new, "v2", "v1"))))
    assert metrics_of(found) == {"refusal"} and is_since(found, CHANGE, 4 * HOUR_S)


def repointed(rng: np.random.Generator, factor: float) -> tuple[Traffic, list[Regression]]:
    """An alias whose answers come from another model after the change, ``factor`` as slow."""
    calls = steady(rng, 300, 4)
    new = calls.after(CHANGE)
    calls.slower(new, factor)
    return calls, watched(calls.table(model=np.where(new, "gpt-x-2026-05-01", "gpt-x-2025-01-01")))


def test_an_alias_pointed_at_a_slower_model_is_judged_by_what_the_alias_was_before() -> None:
    _, told = repointed(np.random.default_rng(13), 1.4)
    found = the_only([one for one in told if one.kind is FindingKind.REGRESSION])
    assert {"latency", "time_per_output_token"} == metrics_of(found) and is_since(found, CHANGE, 4 * HOUR_S)
    assert found.model == "gpt-x-2026-05-01" and found.route == "answer"
    (change,) = (one for one in told if one.kind is FindingKind.SERVED_MODEL_CHANGE and one.seq == 1)
    assert change.details["after"] == "gpt-x-2026-05-01"


def test_an_alias_pointed_at_an_equal_model_is_no_regression() -> None:
    _, told = repointed(np.random.default_rng(14), 1.0)
    assert regressions(told) == []
    assert [one.kind for one in told if one.seq == 1] == [FindingKind.SERVED_MODEL_CHANGE]
