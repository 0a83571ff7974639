"""Incidents: what has one cause is one regression, and what has not is not."""

from dataclasses import replace

import numpy as np
import pytest

from detectors.alarms import Alarm, alarm_state, restore_alarm
from detectors.alternatives import DOWN, TAIL
from detectors.incidents import Incident, Part, RaisedAlarm, is_over, restore_incident
from detectors.metrics import METRICS, RATES, Severity
from detectors.records import State
from detectors.series import SeriesKey
from detectors.sizes import direction_of, size_of
from tests.detectors.simulated import HOUR_S, START

ERROR, LATENCY = 0, len(RATES)
ROUTE = SeriesKey("shop", "answer", "openai", "gpt-x", "gpt-x")
OTHER = ROUTE._replace(route="search")
PATIENCE_S = 1e9
AT = START + 5 * HOUR_S


def raised(
    series: SeriesKey = ROUTE, metric: int = ERROR, at: float = AT, onset: float = AT - HOUR_S, spread: float = 300.0
) -> RaisedAlarm:
    features = (500.0, 25.0, 5.0, 0.0, 0.0, 0.0) if metric == ERROR else (500.0, 200.0, 1_000.0, 25.0, 5.0, 350.0)
    alarm = Alarm(metric, at, 0, 2, 1.5, onset, spread, features)
    return RaisedAlarm(series, alarm, size_of(alarm, 1.0), Severity.PAGE, "e_detector", "pinned")


def incident(*alarms: RaisedAlarm) -> Incident:
    return Incident([Part(one) for one in alarms], PATIENCE_S, grown=alarms[-1].alarm.at)


def test_another_metric_of_about_the_same_onset_belongs_to_it() -> None:
    assert incident(raised()).takes(raised(metric=LATENCY, at=AT + HOUR_S, onset=AT - HOUR_S + 600))


def test_another_onset_or_much_later_or_after_its_end_does_not() -> None:
    one = incident(raised())
    assert not one.takes(raised(metric=LATENCY, at=AT + 5 * HOUR_S, onset=AT + 4 * HOUR_S))
    assert not one.takes(raised(at=AT + 11 * HOUR_S, onset=AT + 10 * HOUR_S))
    assert one.takes(raised(at=AT + 7 * HOUR_S))
    one.closed = AT + HOUR_S
    assert not one.takes(raised(metric=LATENCY, at=AT + HOUR_S))


def test_the_parent_leads_where_several_routes_have_it_and_a_single_route_leads_itself() -> None:
    parent = raised(ROUTE.parent)
    assert incident(raised()).lead.series == ROUTE
    assert incident(raised(), parent).lead.series == ROUTE
    assert incident(parent, raised()).lead.series == ROUTE.parent
    assert incident(parent).lead.series == ROUTE.parent
    assert incident(raised(), raised(OTHER), parent).lead.series == ROUTE.parent
    assert incident(raised(), raised(OTHER)).lead.series == ROUTE


def test_the_id_stays_whatever_joins_and_differs_by_series_metric_and_time() -> None:
    one = incident(raised())
    before = one.id
    one.parts.append(Part(raised(OTHER)))
    assert one.id == before
    others = [raised(OTHER), raised(metric=LATENCY), raised(at=AT + 1)]
    assert len({incident(other).id for other in others} | {before}) == 4


def test_a_metric_that_alarmed_twice_has_two_parts_that_close_each_for_itself() -> None:
    first, second = raised(), raised(at=AT + HOUR_S)
    one = incident(first, second)
    found = one.part(ROUTE, second.alarm)
    assert found is one.parts[1] and one.part(ROUTE, first.alarm) is one.parts[0]
    assert one.part(OTHER, first.alarm) is None


def test_records_count_up_and_say_how_large_since_when_and_how_sure() -> None:
    one = incident(raised(), raised(metric=LATENCY))
    opened, later = one.record(AT, "a"), one.record(AT + 60, "b")
    assert (opened.seq, later.seq) == (1, 2) and opened.id == later.id
    assert opened.onset_low < opened.onset < opened.onset_high <= opened.detected_at
    assert {member.metric for member in opened.members} == {"error", "latency"}
    assert 0.9 < opened.confidence < 1
    one.parts[0].state = State.CLOSED
    assert one.record(AT + 70, "c").state is State.OPEN
    one.parts[1].state, one.closed = State.CLOSED, AT + 80
    closed = one.record(AT + 80, "d")
    assert closed.state is State.CLOSED and closed.transient and closed.closed_at is not None
    assert is_over(one, AT + 3 * 86_400) and not is_over(one, AT + 90)


def test_a_state_restores_the_very_same_records() -> None:
    one = incident(raised(), raised(OTHER, LATENCY))
    one.record(AT, "a")
    again = restore_incident(PATIENCE_S, one.snapshot())
    assert again.snapshot() == one.snapshot()
    assert again.record(AT + 9, "b") == one.record(AT + 9, "b")


def test_sizes_are_in_plain_units_each_with_its_interval() -> None:
    errors = raised().size
    assert (errors.before, errors.after, errors.ratio) == pytest.approx((0.01, 0.05, 5.0))
    assert errors.low < 0.05 < errors.high and errors.text == "error 1.00% → 5.00% (3.41% to 7.28%)"
    wider = size_of(raised().alarm, 4.0)
    assert wider.low < errors.low and wider.high > errors.high
    slower = raised(metric=LATENCY).size
    assert slower.ratio == pytest.approx(1.2214, abs=1e-3) and slower.unit == "s"
    assert slower.before == pytest.approx(2.0138, abs=1e-3) and slower.low < slower.after < slower.high
    assert tuple(METRICS)[LATENCY] in slower.text


def test_direction_and_unit_follow_from_the_alternative_that_won() -> None:
    features = (500.0, -200.0, 1_000.0, 25.0, 15.0, 350.0)
    fall = Alarm(LATENCY, AT, 0, DOWN.start, 1.5, AT, 1.0, features)
    tail = Alarm(LATENCY, AT, 0, TAIL.start, 1.5, AT, 1.0, features)
    assert direction_of(fall) == "down" and size_of(fall, 1.0).ratio < 1
    assert direction_of(tail) == "up" and size_of(tail, 1.0).unit == "share"
    assert size_of(tail, 1.0, (0.05, 0.01)).ratio == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("shift", "exact", "said"),
    [
        (np.log(5.0), True, "latency ×5.0 (typically 0.2 → 1 s; 99% of calls are beyond the former p95)"),
        (np.log(5.0), False, "latency at least ×5.0 (typically"),
        (np.log(1.3), True, "latency +30% (typically 0.2 → 0.26 s; 99%"),
    ],
    ids=["far", "by ranks alone", "less than twice"],
)
def test_where_most_calls_are_in_the_tail_the_size_is_a_factor(shift: float, exact: bool, said: str) -> None:
    calls, precision = 500.0, 2_000.0
    features = (calls, shift * precision, precision, 0.99 * calls, 0.98 * calls, calls * np.log(0.2))
    found = size_of(Alarm(LATENCY, AT, 0, TAIL.start, 1.5, AT, 1.0, features, exact), 1.0)
    assert found.text.startswith(said)
    assert found.unit == "s" and found.ratio == pytest.approx(np.exp(shift))
    assert found.low < found.after < found.high


def test_an_alarm_saved_before_it_was_known_how_exact_it_is_comes_back() -> None:
    alarm = raised().alarm
    assert restore_alarm(alarm_state(alarm)[:-1]) == alarm
    assert restore_alarm(alarm_state(replace(alarm, exact=True))).exact
