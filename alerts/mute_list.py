"""Mutes that people set, from their table."""

from datetime import datetime

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
    return StoredMute(mute.id, mute.model_dump_json(by_alias=True), mute.end, mute.made_by, at)


def _read(row: StoredMute) -> Mute | None:
    try:
        return Mute.model_validate_json(row.mute)
    except ValidationError:
        return None
