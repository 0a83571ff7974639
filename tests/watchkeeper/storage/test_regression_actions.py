"""Actions on regressions: stored once, read by whole seconds, listed per regression; counts of false alarms."""

from datetime import timedelta

import pytest

from tests.watchkeeper.storage.actions import NOON, new_action, put_actions
from tests.watchkeeper.storage.test_regressions import row
from watchkeeper.storage.client import Store
from watchkeeper.storage.false_alarms import FalseAlarmCount, false_alarm_counts
from watchkeeper.storage.regression_actions import ActionKind, actions_between, actions_of, insert_action
from watchkeeper.storage.regression_stream import StreamPlace, micros, transitions_after
from watchkeeper.storage.regressions import insert_transitions

pytestmark = pytest.mark.clickhouse

FIRST = 1_790_000_000


def test_an_action_comes_back_as_it_was_made_and_once(shared_store: Store) -> None:
    made = new_action("a", comment="it's \\ 'ours'\n“ünïcode” | \t", members=(("s|r|p|q|m", "error"),))
    insert_action(shared_store, made)
    insert_action(shared_store, made)
    (found,) = actions_of(shared_store, ["r", "other"])["r"]
    assert {name: getattr(found, name) for name in made.__slots__} == {
        name: getattr(made, name) for name in made.__slots__
    }
    assert actions_between(shared_store, found.stored_at, found.stored_at + 1) == [found]
    assert actions_between(shared_store, found.stored_at + 1, found.stored_at + 9) == []
    assert actions_of(shared_store, []) == {}


def test_pages_hold_whole_seconds(shared_store: Store) -> None:
    put_actions(shared_store, FIRST, 1, 2, 2, 2, 3)

    def seconds(begin: int, limit: int) -> list[int]:
        return [one.stored_at - FIRST for one in actions_between(shared_store, FIRST + begin, FIRST + 9, limit)]

    assert seconds(0, 2) == [1, 2, 2, 2]
    assert seconds(3, 2) == [3]


def test_actions_of_a_regression_come_in_the_order_they_were_made(shared_store: Store) -> None:
    for minute, name in ((3, "c"), (1, "a"), (2, "b")):
        insert_action(shared_store, new_action(name, at=NOON + timedelta(minutes=minute)))
    assert [one.id for one in actions_of(shared_store, ["r"])["r"]] == ["a", "b", "c"]


def test_false_alarms_are_counted_per_kind_and_metric_each_regression_once(shared_store: Store) -> None:
    insert_transitions(shared_store, [row("r1", 1), row("r1", 2), row("r2", 1), row("r3", 1, metric="latency")])
    said = [("r1", ActionKind.FALSE_ALARM), ("r1", ActionKind.CLOSE), ("r2", ActionKind.ACCEPT)]
    for number, (regression, kind) in enumerate([*said, ("r3", ActionKind.COMMENT)]):
        insert_action(shared_store, new_action(f"{number}", regression_id=regression, action=kind))
    assert false_alarm_counts(shared_store) == [
        FalseAlarmCount("regression", "error", told=2, judged=2, false_alarms=1),
        FalseAlarmCount("regression", "latency", told=1, judged=0, false_alarms=0),
    ]
    assert false_alarm_counts(shared_store, micros(NOON + timedelta(days=1))) == []


def test_the_stream_of_transitions_goes_on_after_any_of_them(shared_store: Store) -> None:
    rows = [row("a", 1), row("b", 1), row("a", 2), row("b", 2), row("a", 3)]
    insert_transitions(shared_store, rows)
    until = micros(NOON + timedelta(minutes=3))
    found = transitions_after(shared_store, StreamPlace(0), until, 10)
    assert [one.key for one in found] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    for number, one in enumerate(found):
        assert transitions_after(shared_store, StreamPlace.of(one), until, 10) == found[number + 1 :]
    assert transitions_after(shared_store, StreamPlace(0), until, 2) == found[:2]
