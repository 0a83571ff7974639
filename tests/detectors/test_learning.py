"""The schedule of a baseline, and how careful it is while it has seen little."""

import pytest

from detectors.config import DAY_S
from detectors.learning import FEWEST_CALLS, Schedule, guard_for


@pytest.mark.parametrize(
    ("known", "fresh", "waited_s", "due"),
    [
        (0, FEWEST_CALLS - 1, 9 * DAY_S, False),
        (0, FEWEST_CALLS, 0.0, True),
        (500, 499, DAY_S - 1, False),
        (500, 500, 0.0, True),
        (500, 1, DAY_S, True),
        (500, 0, 9 * DAY_S, False),
    ],
)
def test_a_baseline_begins_with_200_calls_and_grows_when_doubled_or_a_day_old(
    known: float, fresh: float, waited_s: float, due: bool
) -> None:
    assert Schedule(begun=1e9, extended=2e9).due(known, fresh, 2e9 + waited_s) is due


def test_a_baseline_covers_the_time_since_it_was_begun_and_half_is_forgotten_in_ten_days() -> None:
    assert Schedule(begun=1e9).covered_s(1e9 + 60) == 60
    assert Schedule.keep(0.0) == 1
    assert Schedule.keep(10 * DAY_S) == pytest.approx(0.5)
    assert Schedule.keep(3 * DAY_S) * Schedule.keep(7 * DAY_S) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("rate", "covered_s", "factor"),
    [
        (False, 0.0, 1.05),
        (False, DAY_S, 1.025),
        (False, 6 * DAY_S, 1.0),
        (True, DAY_S - 1, 1 + 1 / 6),
        (True, 6 * DAY_S - 1, 1 + 1 / 12),
        (True, 6 * DAY_S, 1.0),
    ],
)
def test_the_guard_allows_more_until_a_day_and_a_week_were_seen(rate: bool, covered_s: float, factor: float) -> None:
    guard = guard_for(0.1, 1e6, covered_s, rate=rate)
    assert 1 + guard.tolerance == pytest.approx(1.1 * factor)
    assert (guard.floor > 0) is rate


def test_few_calls_are_taken_two_standard_errors_worse_many_one() -> None:
    errors = [guard_for(0.1, calls, DAY_S, rate=True).errors for calls in (0, 200, 400, 2_000, 1e9)]
    assert errors == pytest.approx([2.0, 2.0, 1.5, 1.1, 1.0])
