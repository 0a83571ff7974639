"""Shifts of the workload mix: what moved, and what is only the rhythm of a week."""

import numpy as np
import pyarrow as pa

from detectors.metrics import Severity
from detectors.mix_shift import MixShift
from detectors.records import Regression, State
from tests.detectors.made_calls import DAY, PARENT, START, arrivals, calls, day_and_night, office, run

SHIFT = START + 12 * DAY


def chat(
    seed: int, begin: float, end: float, times: float = 1.0, route: str = "chat", per_hour: float = 80.0
) -> pa.Table:
    rng = np.random.default_rng(seed)
    ts = arrivals(rng, begin, end, lambda t: per_hour * day_and_night(t))
    prompts = np.maximum(1, rng.lognormal(np.log(700 * times), 0.8, len(ts))).astype(int)
    return calls(ts, route=route, input_tokens=prompts, output_tokens=rng.geometric(1 / 150, len(ts)))


def told(*parts: pa.Table) -> list[Regression]:
    return run(MixShift(PARENT), pa.concat_tables(parts).sort_by("ts"), 1_800.0)


def test_a_new_application_is_named_and_accepted_after_a_week() -> None:
    both = chat(1, START, START + 24 * DAY), chat(2, SHIFT, START + 24 * DAY, 3.0, "code")
    opened, closed = told(*both)
    assert opened.severity is Severity.NOTICE
    assert SHIFT <= opened.at.timestamp() <= SHIFT + DAY and opened.onset.timestamp() >= SHIFT - 1
    assert "new workload shop/code 0% -> 5" in opened.reason
    assert closed.reason == "stayed so for 7 days: taken as the new mix"


def test_longer_prompts_are_told_with_their_factor_and_their_end() -> None:
    parts = chat(3, START, SHIFT), chat(4, SHIFT, SHIFT + 2 * DAY, 4.0), chat(5, SHIFT + 2 * DAY, SHIFT + 5 * DAY)
    opened, closed = told(*parts)
    assert "prompts ×4" in opened.reason or "prompts ×3.9" in opened.reason
    assert closed.state is State.CLOSED and closed.reason == "the mix is as before again"


def test_weeks_of_day_and_night_and_of_two_applications_with_their_own_hours_are_quiet() -> None:
    rng = np.random.default_rng(6)
    ts = arrivals(rng, START, START + 35 * DAY, lambda t: 150 * office(t))
    desk = calls(ts, route="code", input_tokens=rng.integers(2_000, 9_000, len(ts)))
    assert told(chat(7, START, START + 35 * DAY), desk) == []


def test_too_few_calls_say_nothing() -> None:
    assert told(chat(8, START, SHIFT, per_hour=10), chat(9, SHIFT, SHIFT + 9 * DAY, 4.0, per_hour=10)) == []
