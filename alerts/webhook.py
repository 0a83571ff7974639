"""The signed webhook: JSON, and headers that let the receiver know it is ours, recent and not a repetition."""

import hashlib
import hmac
from collections.abc import Mapping

from alerts.message import Message

REPLAY_WINDOW_S = 300
"""Receivers refuse what was signed longer ago than this."""
SIGNATURE, TIMESTAMP, KEY = "Watchkeeper-Signature", "Watchkeeper-Timestamp", "Idempotency-Key"


def webhook_body(message: Message) -> bytes:
    """The message as JSON (``version`` 1)."""
    fields = message.model_dump_json(exclude={"channel"})
    return b'{"version":1,' + fields[1:].encode()


def signed_headers(body: bytes, key: str, signing_key: str, at_s: int) -> dict[str, str]:
    """Headers of ``body``, signed at ``at_s`` (Unix seconds). Each attempt is signed anew; ``key`` stays."""
    return {
        "Content-Type": "application/json",
        TIMESTAMP: str(at_s),
        SIGNATURE: f"v1={signature(body, signing_key, at_s)}",
        KEY: key,
    }


def signature(body: bytes, signing_key: str, at_s: int) -> str:
    """HMAC-SHA256, in hex, of the timestamp, a full stop and the body."""
    return hmac.new(signing_key.encode(), str(at_s).encode() + b"." + body, hashlib.sha256).hexdigest()


def is_genuine(body: bytes, headers: Mapping[str, str], signing_key: str, now_s: float) -> bool:
    """What a receiver checks: signed with ``signing_key``, at most :data:`REPLAY_WINDOW_S` ago."""
    told = {name.lower(): value for name, value in headers.items()}
    at, signed = told.get(TIMESTAMP.lower(), ""), told.get(SIGNATURE.lower(), "")
    if not at.isdecimal() or abs(now_s - int(at)) > REPLAY_WINDOW_S:
        return False
    return hmac.compare_digest(f"v1={signature(body, signing_key, int(at))}", signed)
