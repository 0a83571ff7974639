"""The wall that remembers: each write goes to the audit log before its answer goes out."""

import hashlib
import threading
import uuid
from collections import deque

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import Caller
from watchkeeper.clock import Clock
from watchkeeper.errors import WatchkeeperError
from watchkeeper.storage.audit_log import AuditEntry, record_writes
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import logger

_MOST_WAITING = 1_000
_LONGEST_PATH = 500
_DIGEST_CHARACTERS = 16

_log = logger("audit")


class AuditTrail:
    """Writes entries; those the store did not take wait for the next, at most 1,000, and are in the log meanwhile."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[AuditEntry] = deque(maxlen=_MOST_WAITING)
        self._lock = threading.Lock()

    def record(self, entry: AuditEntry) -> None:
        """Keep ``entry``. Never raises for a store that is away: the write itself has been done."""
        with self._lock:
            self._waiting.append(entry)
            try:
                record_writes(self._store, self._waiting)
            except WatchkeeperError as error:
                _log.error("a write is not in the audit log yet", error=str(error), id=entry.id, path=entry.path)
            else:
                self._waiting.clear()


class _Digest:
    """The digest of a body that passes by."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._hash = hashlib.sha256()
        self._is_empty = True

    async def receive(self) -> Message:
        message = await self._receive()
        if chunk := message.get("body", b""):
            self._hash.update(chunk)
            self._is_empty = False
        return message

    def text(self) -> str:
        return "" if self._is_empty else self._hash.hexdigest()[:_DIGEST_CHARACTERS]


class AuditWall:
    """Records each request that :func:`api.access.require` has marked as a write."""

    def __init__(self, app: ASGIApp, trail: AuditTrail, clock: Clock) -> None:
        self._app = app
        self._trail = trail
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        digest = _Digest(receive)

        async def recording(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["state"].get("is_write"):
                await run_in_threadpool(self._trail.record, self._entry(scope, message["status"], digest.text()))
            await send(message)

        await self._app(scope, digest.receive, recording)

    def _entry(self, scope: Scope, status: int, body_digest: str) -> AuditEntry:
        caller: Caller = scope["state"]["caller"]
        return AuditEntry(
            id=uuid.uuid4().hex,
            at=self._clock.now(),
            key_id=caller.key_id,
            key_name=caller.name,
            method=scope["method"],
            path=scope["path"][:_LONGEST_PATH],
            status=status,
            body_digest=body_digest,
        )
