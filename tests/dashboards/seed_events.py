"""Regressions, what people said of them, messages, dead letters, saved detectors."""

import json
from datetime import datetime, timedelta
from typing import Any

from watchkeeper.storage.alert_deliveries import Delivery, Outcome, log_deliveries
from watchkeeper.storage.client import Store
from watchkeeper.storage.dead_letters import NewLetter, letters_table
from watchkeeper.storage.detector_state import DetectorState, StatePlace, save_state
from watchkeeper.storage.regression_actions import ActionKind, NewAction, insert_action
from watchkeeper.storage.regressions import TransitionRow, insert_transitions

_HOUR = timedelta(hours=1)


def seed_events(store: Store, begin: datetime, end: datetime) -> None:
    """One regression is open, one closed; a model was re-pointed."""
    opened, closed = end - 6 * _HOUR, begin + 20 * _HOUR
    rows = [
        _transition("aaaa", 1, opened),
        _transition("bbbb", 1, begin + 10 * _HOUR, metric="latency", severity="notice", route="*", service="*"),
        _transition(
            "bbbb", 2, begin + 10 * _HOUR, metric="latency", severity="notice", route="*", service="*", state="closed",
            at=closed, closed_at=closed,
        ),
        _transition("cccc", 1, end - 24 * _HOUR, kind="served_model_change", metric="", severity="notice"),
    ]  # fmt: skip
    insert_transitions(store, rows)
    for number, action in enumerate((ActionKind.ACKNOWLEDGE, ActionKind.FALSE_ALARM)):
        regression = ("aaaa", "bbbb")[number]
        at = opened + _HOUR
        insert_action(store, NewAction(str(number), regression, action, "ops", at, "looking", "openai", "gpt-4o", ()))
    letter = NewLetter("otlp_spans", 0, 7, "traces", "protobuf", "not_otlp", "wire type 7", b"x", _micros(opened))
    store.insert_arrow("dead_letters", letters_table([letter], _micros(opened)), "letters")
    save_state(store, StatePlace("detectors", "llm_calls", 0, "1"), DetectorState(1, 9, b"learnt"), end - _HOUR / 60)
    log_deliveries(store, [_delivery(outcome, opened) for outcome in Outcome])


def _transition(regression_id: str, seq: int, onset: datetime, **overrides: Any) -> TransitionRow:
    detected = onset + timedelta(minutes=12)
    size = {
        "before": 0.01,
        "after": 0.04,
        "low": 0.03,
        "high": 0.05,
        "ratio": 4.0,
        "unit": "share",
        "text": "1 % to 4 %",
    }
    evidence = {"detector": "sr", "statistic": 1.3, "hypothesis": "more errors", "baseline": "3 days", "calls": 240}
    values: dict[str, Any] = {
        "kind": "regression", "severity": "page", "state": "open", "at": detected, "reason": "errors rose ×4",
        "series_id": "0123456789ab", "service": "shop", "route": "chat", "provider": "openai",
        "request_model": "gpt-4o", "model": "gpt-4o-2024-11-20", "metric": "error", "direction": "up",
        "onset": onset, "detected_at": detected, "closed_at": None, "transient": False, "confidence": 0.99,
        "record": json.dumps({"size": size, "evidence": evidence, "acknowledged_by": "ops"}), "stored_at": detected,
    }  # fmt: skip
    return TransitionRow(regression_id, seq, **{**values, **overrides})


def _delivery(outcome: Outcome, at: datetime) -> Delivery:
    error = "" if outcome is Outcome.SENT else "503"
    return Delivery(
        outcome.value, at, outcome, 1, error, "chat", "case", "rule", "open", "critical", "errors", "new", ("e",), at
    )


def _micros(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)
