"""Actions on regressions, made up."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from watchkeeper.storage.client import Store
from watchkeeper.storage.regression_actions import (
    REGRESSION_ACTIONS_SCHEMA,
    ActionKind,
    MetricOf,
    NewAction,
    StoredAction,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def new_action(action_id: str, **overrides: Any) -> NewAction:
    """``members`` as pairs of a series and a metric."""
    values: dict[str, Any] = {
        "regression_id": "r", "action": ActionKind.CLOSE, "made_by": "ann", "at": NOON, "comment": "",
        "provider": "openai", "request_model": "gpt-x", "members": (), **overrides,
    }  # fmt: skip
    values["members"] = tuple(MetricOf(*member) for member in values["members"])
    return NewAction(action_id, **values)


def stored_action(action_id: str, stored_at: int, **overrides: Any) -> StoredAction:
    """The same as it is read back."""
    made = new_action(action_id, **overrides)
    values = {name: getattr(made, name) for name in NewAction.__slots__}
    return StoredAction(**values, stored_at=stored_at)


def put_actions(store: Store, first: int, *seconds: int) -> None:
    """One action on ``gpt-4o`` stored in each of ``seconds`` after ``first`` (Unix seconds)."""
    for number, second in enumerate(seconds):
        made = new_action(f"{second}-{number}", request_model="gpt-4o")
        rows = [{name: getattr(made, name) for name in REGRESSION_ACTIONS_SCHEMA.names} | {"members": []}]
        when = pa.array([first + second], pa.timestamp("s", tz="UTC"))
        table = pa.Table.from_pylist(rows, REGRESSION_ACTIONS_SCHEMA).append_column("stored_at", when)
        store.insert_arrow("regression_actions", table, f"{first}-{second}-{number}")
