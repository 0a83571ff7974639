"""What people say about a fall of scores is obeyed as for any other metric, on a route and over all of them."""

import numpy as np
import pyarrow as pa
import pytest

from detectors.actions import Action, Subject
from detectors.engine import Engine
from detectors.records import Regression, State
from detectors.series import SeriesKey
from tests.detectors.made_scores import scored, thumbs
from tests.detectors.test_scores import KEY, engine, feed, moments, of_scores, status
from watchkeeper.storage.regression_actions import ActionKind

METRIC = "score:thumbs"


def fallen(*routes: str) -> tuple[Engine, list[Regression], pa.Table]:
    """An engine that has seen scores fall from 0.9 to 0.6, what it told, and the scores still to come."""
    rng = np.random.default_rng(3)
    at = np.repeat(moments(3_500), len(routes))
    values = np.append(thumbs(rng, 2_000 * len(routes), 0.9), thumbs(rng, 1_500 * len(routes), 0.6))
    scores = scored(at, values, route=list(routes) * 3_500)
    one, cut = engine(None, *routes), 2_400 * len(routes)
    return one, of_scores(feed(one, scores.slice(0, cut))), scores.slice(cut)


def said(kind: ActionKind, told: list[Regression], later: pa.Table) -> Action:
    at = float(later["second"][0].as_py())
    subjects = tuple(Subject(SeriesKey.parse(one.series), one.metric) for one in told[-1].members)
    return Action(kind, told[-1].id, "ann", KEY.parent, subjects, int(at) - 1, at)


@pytest.mark.parametrize("routes", [("answer",), ("answer", "search")], ids=["one route", "two routes"])
@pytest.mark.parametrize("kind", [ActionKind.ACCEPT, ActionKind.FALSE_ALARM], ids=str)
def test_an_accepted_fall_is_learnt_and_reported_no_more(kind: ActionKind, routes: tuple[str, ...]) -> None:
    one, told, later = fallen(*routes)
    assert told[-1].state is State.OPEN
    (closed,) = one.act(said(kind, told, later))
    assert closed.state is State.CLOSED and {member.state for member in closed.members} == {State.CLOSED}
    scores = one.groups[KEY.parent].scores
    assert [watch.learner.pinned for watch in scores.all()] == [None] * len(routes)
    assert not any(parent.monitor.open for parent in scores.parents.values())
    doubts = [int(watch.watch.monitor.false_alarms[0]) for watch in scores.all()]
    assert any(doubts) or any(p.monitor.false_alarms[0] for p in scores.parents.values()) or kind is ActionKind.ACCEPT
    assert of_scores(feed(one, later)) == []
    if len(routes) == 1:
        assert status(one).state is State.OK


def test_a_fall_that_is_only_closed_opens_again_and_a_close_can_be_taken_back() -> None:
    one, told, later = fallen("answer")
    blob = one.snapshot()
    one.act(said(ActionKind.CLOSE, told, later))
    again = of_scores(feed(one, later))[0]
    assert (again.id, again.state) == (told[-1].id, State.OPEN) and "since ann closed it" in again.reason
    other = Engine.restore(one.config, None, blob)
    other.act(said(ActionKind.CLOSE, told, later))
    (opened,) = other.act(said(ActionKind.REOPEN, told, later))
    assert opened.state is State.OPEN and status(other).state is State.OPEN
    assert Engine.restore(one.config, None, other.snapshot()).snapshot() == other.snapshot()
