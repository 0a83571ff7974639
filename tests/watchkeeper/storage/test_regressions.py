"""Transitions of regressions: each once, as first reported; listed as they stand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import (
    RegressionFilter,
    TransitionRow,
    insert_transitions,
    known_transitions,
    latest_regressions,
    regression_history,
)

pytestmark = pytest.mark.clickhouse

NOON = datetime(2026, 11, 20, 12, 0, 0, 123_456, tzinfo=UTC)


def row(regression_id: str, seq: int, **overrides: Any) -> TransitionRow:
    at = NOON + timedelta(minutes=seq)
    values: dict[str, Any] = {
        "kind": "regression", "severity": "page", "state": "open", "at": at, "reason": "errors rose ×4",
        "series_id": "0123456789ab", "service": "shop", "route": "chat", "provider": "openai",
        "request_model": "gpt-4o", "model": "gpt-4o-2024-08-06", "metric": "error", "direction": "up",
        "onset": NOON, "detected_at": NOON + timedelta(minutes=1), "closed_at": None, "transient": False,
        "confidence": 0.99, "record": '{"x":1}', "stored_at": at,
    }  # fmt: skip
    return TransitionRow(regression_id, seq, **{**values, **overrides})


def test_a_transition_comes_back_as_it_was_written(shared_store: Store) -> None:
    written = [row("a", 1), row("a", 2, state="closed", closed_at=NOON + timedelta(minutes=2), transient=True)]
    assert insert_transitions(shared_store, written) == 2
    assert regression_history(shared_store, "a") == written
    assert regression_history(shared_store, "b") == []


def test_what_is_stored_is_not_stored_again(shared_store: Store) -> None:
    insert_transitions(shared_store, [row("a", 1), row("b", 1)])
    assert insert_transitions(shared_store, [row("a", 1), row("a", 2), row("b", 1)]) == 1
    assert known_transitions(shared_store, {"a", "nobody"}) == {("a", 1), ("a", 2)}
    assert known_transitions(shared_store, ()) == set()
    (count,) = shared_store.query_rows("SELECT count() AS rows FROM regressions")
    assert count["rows"] == 3


def test_of_two_writers_at_the_same_time_the_first_stays(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    late = row("a", 1, reason="second", stored_at=NOON + timedelta(hours=1))
    insert_transitions(shared_store, [row("a", 1, reason="first")])
    monkeypatch.setattr("watchkeeper.storage.regressions.known_transitions", lambda *_: set())
    assert insert_transitions(shared_store, [late]) == 1
    assert [found.reason for found in regression_history(shared_store, "a")] == ["first"]
    shared_store.command("OPTIMIZE TABLE regressions FINAL")
    assert [found.reason for found in regression_history(shared_store, "a")] == ["first"]


def test_regressions_are_listed_as_they_stand_and_can_be_narrowed(shared_store: Store) -> None:
    insert_transitions(
        shared_store,
        [
            row("a", 1),
            row("a", 2, state="closed"),
            row("b", 1, provider="anthropic", at=NOON - timedelta(days=1)),
            row("c", 1, kind="outage", at=NOON + timedelta(days=1), severity="notice"),
        ],
    )

    def listed(limit: int = 100, **chosen: Any) -> list[tuple[str, int]]:
        return [found.key for found in latest_regressions(shared_store, RegressionFilter(**chosen), limit)]

    assert listed() == [("c", 1), ("a", 2), ("b", 1)]
    assert listed(1) == [("c", 1)]
    assert listed(state="open") == [("c", 1), ("b", 1)]
    assert listed(provider="anthropic") == [("b", 1)]
    assert listed(kind="outage") == listed(severity="notice") == [("c", 1)]
    assert listed(since_us=int(NOON.timestamp() * 1e6)) == [("c", 1), ("a", 2)]
    assert listed(request_model="gpt-5") == []
