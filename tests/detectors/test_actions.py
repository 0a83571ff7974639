"""What people say about regressions and findings is obeyed, told with its reason, and survives a restart."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from detectors.actions import Action, Subject, known_actions
from detectors.config import DAY_S, DetectorConfig, Rule
from detectors.engine import Engine
from detectors.metrics import METRICS
from detectors.rate_learner import RateLearner
from detectors.records import Regression, State
from detectors.series import SeriesKey
from detectors.statuses import statuses
from tests.detectors.simulated import HOUR_S, START, steady, units
from tests.watchkeeper.storage.actions import stored_action
from watchkeeper.storage.regression_actions import ActionKind

CONFIG = DetectorConfig()
ROUTE = SeriesKey("shop", "answer", "openai", "gpt-x", "gpt-x")
ERROR = list(METRICS).index("error")
CHANGE, SEEN, END = START + 2 * DAY_S, START + 2.5 * DAY_S, START + 4 * DAY_S


def failing(routes: tuple[str, ...], later: float = 0.15) -> pa.Table:
    """Four days of 1 % errors, from the third day on of ``later``, in each of ``routes``."""
    rng = np.random.default_rng(5)
    tables = []
    for route in routes:
        calls = steady(rng, 150, 4.0, errors=0.0)
        calls.fail(rng, np.where(calls.after(CHANGE), later, 0.01))
        tables.append(calls.table(route=route))
    return pa.concat_tables(tables)


Units = list[tuple[pa.Table, float]]


def feed(engine: Engine, some: Units) -> list[Regression]:
    told = []
    for unit, at in some:
        told += engine.process(unit, at)
        told += engine.advance(at)
    return told


def halves(table: pa.Table) -> tuple[Units, Units]:
    whole = list(units(table, HOUR_S))
    return [one for one in whole if one[1] <= SEEN], [one for one in whole if one[1] > SEEN]


class Case:
    """An engine that has found a regression, as often as a test wants it."""

    def __init__(self, routes: tuple[str, ...]) -> None:
        before, self.later = halves(failing(routes))
        engine = Engine(CONFIG)
        self.told = feed(engine, before)
        (self.id,) = {one.id for one in self.told}
        self.blob = engine.snapshot()

    def engine(self, config: DetectorConfig = CONFIG) -> Engine:
        return Engine.restore(config, None, self.blob)

    def action(self, kind: ActionKind, at: float = SEEN + 60.0) -> Action:
        subjects = tuple(Subject(SeriesKey.parse(one.series), one.metric) for one in self.told[-1].members)
        return Action(kind, self.id, "ann", ROUTE.parent, subjects, int(at) - 1, at)


@pytest.fixture(scope="module")
def one() -> Case:
    return Case(("answer",))


@pytest.fixture(scope="module")
def two() -> Case:
    return Case(("answer", "search"))


def state(engine: Engine, metric: str = "error", series: SeriesKey = ROUTE) -> State:
    return next(s.state for s in statuses(engine) if (s.series, s.metric) == (str(series), metric))


def test_an_accepted_level_is_learnt_and_reported_no_more(one: Case) -> None:
    engine = one.engine()
    (closed,) = engine.act(one.action(ActionKind.ACCEPT))
    assert (closed.id, closed.seq, closed.state) == (one.id, one.told[-1].seq + 1, State.CLOSED)
    assert closed.reason.startswith("accepted by ann") and closed.closed_at is not None and not closed.transient
    assert state(engine) is State.LEARNING
    assert feed(engine, one.later[:1]) == []
    assert state(engine) is State.LEARNING and state(engine, "latency") is State.OK
    assert feed(engine, one.later[1:]) == []
    assert state(engine) is State.OK
    learner = engine.groups[ROUTE.parent].series[ROUTE].learners[ERROR]
    assert isinstance(learner, RateLearner) and learner.pinned is not None and learner.schedule.begun >= SEEN
    assert learner.total.bad.sum() / learner.total.total == pytest.approx(0.15, abs=0.02)


def test_what_is_only_closed_opens_again_by_calls_that_came_since(one: Case) -> None:
    engine = one.engine()
    (closed,) = engine.act(one.action(ActionKind.CLOSE))
    assert closed.state is State.CLOSED and closed.reason.startswith("closed by ann")
    assert state(engine) is State.OK
    again = feed(engine, one.later)[0]
    assert (again.id, again.seq, again.state) == (one.id, closed.seq + 1, State.OPEN)
    assert again.reason.startswith("open again by calls that came since ann closed it")
    assert again.members[-1].onset_low.timestamp() > SEEN - HOUR_S and again.closed_at is None


def test_a_false_alarm_asks_its_metric_for_more_evidence_once_and_with_a_bound(one: Case) -> None:
    engine = one.engine()
    monitor = engine.groups[ROUTE.parent].series[ROUTE].monitor
    before = monitor.patience.copy()
    (closed,) = engine.act(one.action(ActionKind.FALSE_ALARM))
    assert closed.state is State.CLOSED and closed.reason.startswith("a false alarm, says ann")
    assert engine.groups[ROUTE.parent].series[ROUTE].learners[ERROR].pinned is None
    assert engine.act(one.action(ActionKind.FALSE_ALARM)) == []
    assert (monitor.patience / before).tolist() == [2.0 if m == ERROR else 1.0 for m in range(len(before))]
    for number in range(10):
        assert engine.act(replace(one.action(ActionKind.FALSE_ALARM), regression=f"long over {number}")) == []
    assert monitor.false_alarms[ERROR] == 11 and monitor.patience[ERROR] / before[ERROR] == 32.0
    again = Engine.restore(CONFIG, None, engine.snapshot())
    assert again.snapshot() == engine.snapshot()
    assert again.groups[ROUTE.parent].series[ROUTE].monitor.patience[ERROR] == monitor.patience[ERROR]


def test_the_next_alarm_says_which_patience_it_took(one: Case) -> None:
    engine = one.engine()
    for number in range(2):
        engine.act(replace(one.action(ActionKind.FALSE_ALARM), regression=f"long over {number}"))
    engine.act(one.action(ActionKind.CLOSE))
    again = feed(engine, one.later)[0]
    assert again.members[-1].evidence.patience_days == pytest.approx(4 * again.members[0].evidence.patience_days)


def test_an_acknowledgement_stays_on_every_step_until_it_opens_anew(one: Case) -> None:
    engine = one.engine()
    (told,) = engine.act(one.action(ActionKind.ACKNOWLEDGE))
    assert (told.state, told.reason, told.acknowledged_by) == (State.OPEN, "acknowledged by ann", "ann")
    (closed,) = engine.act(one.action(ActionKind.CLOSE))
    assert closed.acknowledged_by == "ann"
    assert feed(engine, one.later)[0].acknowledged_by == ""


def test_a_close_can_be_taken_back_and_nothing_else(one: Case) -> None:
    engine = one.engine()
    assert engine.act(one.action(ActionKind.REOPEN)) == []
    engine.act(one.action(ActionKind.CLOSE))
    (opened,) = engine.act(one.action(ActionKind.REOPEN))
    assert (opened.state, opened.closed_at, opened.reason) == (State.OPEN, None, "opened again by ann")
    assert state(engine) is State.OPEN
    engine.act(one.action(ActionKind.ACCEPT))
    assert engine.act(one.action(ActionKind.REOPEN)) == []


@pytest.mark.parametrize("kind", [ActionKind.CLOSE, ActionKind.ACCEPT, ActionKind.ACKNOWLEDGE], ids=str)
def test_what_is_over_or_not_known_or_a_comment_changes_nothing(one: Case, kind: ActionKind) -> None:
    engine = one.engine()
    assert engine.act(one.action(ActionKind.COMMENT)) == []
    assert engine.act(replace(one.action(kind), regression="another")) == []
    assert engine.act(replace(one.action(kind), model=ROUTE._replace(request_model="gpt-y").parent)) == []
    assert engine.snapshot() == one.blob
    engine.act(one.action(ActionKind.CLOSE))
    before = engine.snapshot()
    assert engine.act(one.action(kind)) == [] and engine.snapshot() == before


@pytest.mark.parametrize("kind", list(ActionKind), ids=str)
def test_a_restart_right_after_it_changes_nothing(one: Case, kind: ActionKind) -> None:
    engine = one.engine()
    engine.act(one.action(kind))
    again = Engine.restore(CONFIG, None, engine.snapshot())
    assert again.snapshot() == engine.snapshot()
    assert feed(again, one.later[:8]) == feed(engine, one.later[:8])


def test_what_is_accepted_for_the_model_is_learnt_anew_for_all_its_routes(two: Case) -> None:
    engine = two.engine()
    assert two.told[-1].route == "*"
    (closed,) = engine.act(two.action(ActionKind.ACCEPT))
    assert closed.state is State.CLOSED and {member.state for member in closed.members} == {State.CLOSED}
    group = engine.groups[ROUTE.parent]
    assert [watch.learners[ERROR].pinned for watch in group.series.values()] == [None, None]
    assert group.parent is not None and not group.parent.monitor.open
    assert not group.parent.pending.evidence[:, :, ERROR].any()
    assert feed(engine, two.later) == []
    assert state(engine) is State.OK


def test_rules_that_pin_a_later_moment_make_a_restored_baseline_anew(one: Case) -> None:
    pinned = replace(CONFIG, rules=(Rule(metric="error", pin_from=SEEN + HOUR_S),))
    engine = one.engine(pinned)
    told = feed(engine, one.later)
    assert [step.state for step in told] == [State.CLOSED] and "pin_from" in told[0].reason
    learner = engine.groups[ROUTE.parent].series[ROUTE].learners[ERROR]
    assert learner.schedule.begun >= SEEN + HOUR_S and state(engine) is State.OK
    latency = engine.groups[ROUTE.parent].series[ROUTE].learners[list(METRICS).index("latency")]
    assert latency.schedule.begun < CHANGE
    before = engine.snapshot()
    assert Engine.restore(pinned, None, before).snapshot() == before


def test_actions_take_effect_at_the_end_of_their_second_and_strange_ones_are_left_out() -> None:
    stored = [
        stored_action("a", stored_at=100, members=((str(ROUTE), "error"), ("no series", "error"))),
        stored_action("b", stored_at=100, action="of a later version"),
    ]
    (found,) = known_actions(stored, 15.0)
    assert found.due == 116.0 and found.model == ROUTE.parent
    assert found.subjects == (Subject(ROUTE, "error"),)
