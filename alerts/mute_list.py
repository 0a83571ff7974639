"""Mutes that people set, from their table."""

from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from alerts.mutes import Mute
from watchkeeper.storage.alert_mutes import StoredMute, standing_mutes
from watchkeeper.storage.client import Store


def stored_mutes(store: Store, now: datetime) -> tuple[Mute, ...]:
    """Those that stand. One that this version cannot read mutes nothing."""
    found = (_read(row) for row in standing_mutes(store, now))
    return tuple(mute for mute in found if mute is not None)


def stored_mute(mute: Mute, at: datetime) -> StoredMute:
    """``mute`` as it is stored."""
    return StoredMute(mute.id, orjson.dumps(mute_document(mute)).decode(), mute.end, mute.made_by, at)


def mute_document(mute: Mute) -> dict[str, Any]:
    """``mute`` as a rules file has it, with its id and who made it."""
    return mute.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _read(row: StoredMute) -> Mute | None:
    try:
        return Mute.model_validate_json(row.mute)
    except ValidationError:
        return None
