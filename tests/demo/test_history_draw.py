"""The history is the same for the same seed, busy by day, and changed only where something is planted."""

from itertools import pairwise

import numpy as np
import pytest

from demo.history.draw import HOUR_S, Drawing, Floats, activity, expected_calls
from demo.history.events import EVENTS, MIX, REFUSALS, Event
from demo.history.requests import Traffic
from demo.history.tail import Tail
from demo.history.workloads import GEMINI, HOURS, WORKLOADS
from demo.past import Past

BEGIN = 1_788_134_400.0


def test_equal_seeds_make_equal_calls_and_others_others() -> None:
    first, again, other = (Drawing(WORKLOADS[0], 0, seed).hour(30) for seed in (7, 7, 8))
    assert np.array_equal(first.start_s, again.start_s) and np.array_equal(first.output, again.output)
    assert len(first.start_s) != len(other.start_s) or not np.array_equal(first.output, other.output)


def test_two_weeks_hold_half_a_million_calls_of_six_routes_and_five_models() -> None:
    assert sum(expected_calls(one.calls_per_hour, HOURS) for one in WORKLOADS) >= 500_000
    assert len({one.route for one in WORKLOADS}) == 6 and len({one.model for one in WORKLOADS}) == 5
    assert len({one.dialect for one in WORKLOADS}) >= 5


def test_days_are_busier_than_nights_and_weekends() -> None:
    assert activity(34) > 3 * activity(26)
    assert activity(3 * 24 + 10) < 0.5 * activity(2 * 24 + 10)
    assert sum(map(activity, range(HOURS))) / HOURS == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name.replace(" ", "-"))
def test_a_planted_event_concerns_somebody_and_begins_when_the_detectors_have_learnt(event: Event) -> None:
    begin, scope = event.begin, event.scope
    assert any(scope.has(one) for one in WORKLOADS) and not all(scope.has(one) for one in WORKLOADS)
    assert 6 * 24 <= begin < HOURS


def test_only_the_route_of_the_refusals_refuses_more() -> None:
    def share(index: int, hours: range) -> float:
        drawn = [Drawing(WORKLOADS[index], index, 7).hour(hour) for hour in hours]
        endings = [kind.ending == "refusal" for one in drawn for kind in (one.kinds[k] for k in one.kind)]
        return float(np.mean(endings))

    before, after = range(int(REFUSALS.begin) - 8, int(REFUSALS.begin)), range(int(REFUSALS.begin) + 1, 184)
    (concerned,) = (index for index, one in enumerate(WORKLOADS) if REFUSALS.scope.has(one))
    assert share(concerned, after) > 4 * share(concerned, before)
    others = [index for index in range(len(WORKLOADS)) if index != concerned]
    assert max(share(index, after) for index in others) < 0.03


def test_a_mix_shift_makes_a_models_calls_slower_and_those_of_no_route() -> None:
    concerned = [index for index, one in enumerate(WORKLOADS) if one.model == GEMINI]

    def times(hours: range) -> dict[int, Floats]:
        return {
            index: np.concatenate([Drawing(WORKLOADS[index], index, 7).hour(hour).duration_s for hour in hours])
            for index in concerned
        }

    # The same hours of a Friday and a Monday.
    begin = int(MIX.begin) - 10
    before, after = times(range(begin, begin + 4)), times(range(begin + 72, begin + 76))
    pooled = [np.median(np.concatenate(list(side.values()))) for side in (before, after)]
    assert pooled[1] > 1.15 * pooled[0]
    for index in concerned:
        assert np.median(after[index]) == pytest.approx(np.median(before[index]), rel=0.08)


def test_history_and_tail_hold_every_call_once() -> None:
    traffic = Traffic(BEGIN, 7)
    end = BEGIN + 50.4 * HOUR_S
    tail = Tail(traffic, BEGIN, end)
    assert tail.due(end) == []
    later = tail.due(end + 2 * HOUR_S)
    assert {call.spans for call in later} >= {call.spans for call in traffic.hour(51)}
    begun = [call for call in traffic.hour(50) if call.end_s > 50.4 * HOUR_S]
    assert {call.spans for call in begun} <= {call.spans for call in later}
    assert all(call.end_s > 50.4 * HOUR_S for call in later)
    assert len({call.spans for call in later}) == len(later)


def test_the_history_begins_at_midnight_whenever_it_ends() -> None:
    for now in (BEGIN + 0.5, BEGIN + 86_399.0):
        past = Past.until(now, 7)
        assert past.begin_s == BEGIN - HOURS * HOUR_S and past.end_s == now


def test_calls_of_an_hour_come_as_they_end() -> None:
    ends = [call.end_s for call in Traffic(BEGIN, 7).hour(11)]
    assert all(one <= next_ for one, next_ in pairwise(ends))
