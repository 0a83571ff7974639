"""Hard outages: found within seconds, named rightly, and never a matter of chance."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors.failure_runs import FailureRuns, Tries
from detectors.group_calls import by_model
from detectors.metrics import Severity
from detectors.outage import Outage
from detectors.outage_scope import OutageScope
from detectors.records import Regression, State
from tests.detectors.made_calls import DAY, HOUR, PARENT, START, arrivals, calls, day_and_night, feed, run, units

Floats = npt.NDArray[np.float64]
OUT = START + 2 * DAY
BACK = OUT + 600.0


def told(
    ts: Floats, failed: npt.NDArray[np.bool_], how: str = "error", seconds: float = 5.0, **more: Any
) -> list[Regression]:
    return run(Outage(PARENT), calls(ts, outcome=np.where(failed, how, "ok"), **more), seconds)


def poisson(per_hour: float, days: float, seed: int = 1) -> Floats:
    return arrivals(np.random.default_rng(seed), START, START + days * DAY, lambda t: per_hour)


def test_an_outage_pages_within_seconds_and_closes_when_answers_come() -> None:
    ts = np.concatenate([poisson(60, 2), np.arange(OUT, OUT + HOUR, 0.5)])
    opened, closed = told(ts, (ts >= OUT) & (ts < BACK))
    assert opened.severity is Severity.PAGE and opened.state is State.OPEN
    assert OUT + 2 <= opened.detected_at.timestamp() <= OUT + 10
    assert OUT <= opened.onset.timestamp() <= OUT + 2 and opened.onset_low < opened.onset
    assert opened.reason.startswith("gpt-x: no answers: ") and opened.series == str(PARENT)
    assert opened.evidence is not None and opened.evidence.statistic >= 1
    assert closed.id == opened.id and closed.reason == "it answers again" and closed.transient
    assert BACK <= closed.at.timestamp() <= BACK + 10


def test_429s_are_told_as_such() -> None:
    ts = np.arange(START, START + 2 * DAY, 60.0)
    (opened,) = told(ts, ts >= START + DAY, "rate_limited")
    assert opened.details["what"] == "rate_limited" and "429" in opened.reason


def test_timeouts_are_known_when_they_are_over() -> None:
    ts = np.arange(START, START + 2 * DAY, 30.0)
    bad = ts >= START + DAY
    (opened,) = told(ts, bad, "timeout", duration_us=np.where(bad, 60_000_000, 1_000_000))
    assert opened.detected_at.timestamp() >= START + DAY + 60


def test_single_answers_in_between_hide_nothing() -> None:
    ts = np.arange(START, START + 2 * DAY, 20.0)
    failed = (ts >= START + DAY) & (np.arange(len(ts)) % 12 != 0)
    first = told(ts, failed)[0]
    assert first.severity is Severity.PAGE and first.at.timestamp() < START + DAY + 900


def test_one_broken_workload_is_no_broken_model() -> None:
    ts = np.arange(START, START + 1.2 * DAY, 20.0)
    route = np.where(np.arange(len(ts)) % 10 == 0, "code", "chat")
    failed = (ts >= START + DAY) & (ts < START + DAY + HOUR) & (route == "chat")
    opened, closed = told(ts, failed, route=route)
    assert opened.series == "shop|chat|openai|gpt-x|*" and closed.state is State.CLOSED
    assert "on shop/chat" in opened.reason


def test_what_failed_before_the_model_came_back_is_its_outage_however_much_a_unit_holds() -> None:
    ts = np.arange(START, START + 1.2 * DAY, 15.0)
    route = np.where(np.arange(len(ts)) % 3 == 0, "code", "chat")
    failed = (ts >= START + DAY + 1_200) & (ts < START + DAY + 4_000)
    stories = [
        [(r.series, r.state.value, r.at) for r in told(ts, failed, route=route, seconds=seconds)]
        for seconds in (60.0, 1_800.0)
    ]
    assert stories[0] == stories[1] and [series for series, _, _ in stories[1]] == [str(PARENT)] * 2


def test_a_workload_that_went_first_becomes_part_of_the_models_outage_and_stays_out_alone_afterwards() -> None:
    ts = np.arange(START, START + 1.2 * DAY, 15.0)
    route = np.where(np.arange(len(ts)) % 3 == 0, "code", "chat")
    chat = (ts >= START + DAY) & (ts < START + DAY + 3 * HOUR) & (route == "chat")
    code = (ts >= START + DAY + HOUR) & (ts < START + DAY + 2 * HOUR) & (route == "code")
    also = (ts >= START + DAY + HOUR) & (ts < START + DAY + 2 * HOUR) & (route == "mail")
    story = [(r.route, r.state.value) for r in told(ts, chat | code | also, route=route)]
    assert story[0] == ("chat", "open") and story[-1] == ("chat", "closed")
    assert story.count(("chat", "open")) == story.count(("chat", "closed"))
    assert ("code", "open") in story or ("*", "open") in story


def test_a_model_that_never_answered_is_a_notice() -> None:
    ts = np.arange(START, START + DAY, 60.0)
    opened, closed = told(ts, ts < START + HOUR)
    assert opened.severity is Severity.NOTICE and opened.details["what"] == "never_answered"
    assert closed.at.timestamp() < START + HOUR + 600


def test_an_outage_that_nobody_calls_any_more_ends_after_a_week() -> None:
    detector = Outage(PARENT)
    ts = np.arange(START, START + 2 * DAY, 60.0)
    table = calls(ts, outcome=np.where(ts > START + DAY, "error", "ok"))
    assert len(feed(detector, units(table, 60.0))) == 1
    assert detector.advance(START + 8 * DAY) == []
    (closed,) = detector.advance(START + 9 * DAY + 60)
    assert closed.reason == "no calls for 7 days" and detector.advance(START + 20 * DAY) == []


def test_no_false_outage_in_a_million_calls_at_any_base_rate() -> None:
    for rate in (0.001, 0.02, 0.2, 0.5):
        rng = np.random.default_rng(int(rate * 1000))
        ts = np.linspace(START, START + 14 * DAY, 250_000)
        assert told(ts, rng.random(len(ts)) < rate, seconds=7_200.0) == [], rate


def test_bursts_of_errors_are_learnt_as_such() -> None:
    rng = np.random.default_rng(5)
    ts = np.linspace(START, START + 28 * DAY, 200_000)
    chance = np.full(len(ts), 0.01)
    for begin in rng.integers(0, len(ts), 200):
        chance[begin : begin + rng.geometric(1 / 30)] = 0.5
    found = told(ts, rng.random(len(ts)) < chance, seconds=3_600.0)
    pages = [r for r in found if r.seq == 1]
    assert len(pages) <= 1 and all(r.at.timestamp() < START + DAY for r in pages)


def test_the_run_that_counts_follows_from_rate_and_traffic() -> None:
    def longest(tried: int, failed: int, paired: int) -> int:
        runs = FailureRuns()
        for day in range(3):
            runs.learn(tried, failed, paired, START + day * DAY)
        return runs.longest_by_chance()

    assert longest(1_000, 0, 0) <= 7
    assert longest(100_000, 1_000, 10) in (5, 6)
    assert longest(100_000, 10_000, 1_000) <= 12
    assert longest(100_000, 10_000, 5_000) > 30
    assert FailureRuns().longest_by_chance() > 15, "nothing is known yet"


def test_it_continues_from_its_state_as_if_nothing_had_been() -> None:
    rng = np.random.default_rng(7)
    ts = arrivals(rng, START, START + 3 * DAY, lambda t: 200 * day_and_night(t))
    failed = (rng.random(len(ts)) < 0.05) | ((ts > OUT) & (ts < BACK))
    parts = list(units(calls(ts, outcome=np.where(failed, "error", "ok")), 60.0))
    whole = feed(Outage(PARENT), parts)
    first, second = Outage(PARENT), Outage(PARENT)
    cut = next(at for at, (_, now) in enumerate(parts) if now > OUT + 300)
    told_first = feed(first, parts[:cut])
    second.restore(json.loads(json.dumps(first.state())))
    assert [*told_first, *feed_plain(second, parts[cut:])] == whole and len(whole) == 2


def feed_plain(detector: Outage, parts: Any) -> list[Regression]:
    from_here: list[Regression] = []
    for part, now in parts:
        for group in by_model(part):
            from_here += detector.feed(group, now)
    return from_here


def test_a_model_that_mostly_fails_is_told_when_it_fails_altogether() -> None:
    rng = np.random.default_rng(3)
    ts = poisson(300, 1)
    failed = (rng.random(len(ts)) < 0.85) | (ts >= START + 0.8 * DAY)
    *young, last = told(ts, failed, seconds=60.0)
    assert len(young) <= 4 and all(one.at.timestamp() < START + 0.1 * DAY for one in young)
    assert not young or young[-1].state is State.CLOSED
    assert last.state is State.OPEN and 0.8 * DAY < last.at.timestamp() - START < 0.85 * DAY
    assert last.size is not None and last.size.before > 0.5


def test_an_outage_with_a_stray_failure_in_its_end_teaches_nothing() -> None:
    scope = OutageScope()
    failed = np.array([False] * 200 + [True] * 60 + [False, False, True] + [False] * 5)
    tries = Tries(failed, np.zeros(len(failed), np.bool_), START + np.linspace(0.0, 2_600.0, len(failed)))
    turns = list(scope.turns(tries, START + HOUR, detect=True))
    assert [turn.out for turn in turns] == [True, False]
    assert scope.runs.rate < 0.02


def test_a_model_that_begins_to_fail_half_of_its_calls_is_not_out_again_and_again() -> None:
    rng = np.random.default_rng(8)
    ts = poisson(1_200, 2.2)
    failed = rng.random(len(ts)) < np.where(ts < START + 2 * DAY, 0.012, 0.6)
    assert told(ts, failed, seconds=10.0) == []
