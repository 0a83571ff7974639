"""The outbox of this process, for those who have a record to send and know nothing of how it is sent."""

from __future__ import annotations

from collections.abc import Callable

from watchkeeper_sdk.records import CallRecord

_put: Callable[[CallRecord], None] | None = None


def send_with(put: Callable[[CallRecord], None] | None) -> None:
    """Records go to ``put``; null: nowhere."""
    global _put
    _put = put


def is_sending() -> bool:
    """Is there anywhere to send calls?"""
    return _put is not None


def send(record: CallRecord) -> None:
    """Send ``record``, if there is anywhere to send it."""
    if _put is not None:
        _put(record)
