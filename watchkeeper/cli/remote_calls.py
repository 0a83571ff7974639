"""Stored calls of a process that holds the store, read through its API in columns."""

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from watchkeeper.cli.access import Remote
from watchkeeper.schema import CALLS_SCHEMA
from watchkeeper.storage.call_feed import HISTORY_ROWS

_EXPORT = "/v1/calls/export"
_SCORES = "/v1/scores/export"
_ARROW = "application/vnd.apache.arrow.stream"


@dataclass(frozen=True, slots=True)
class RemoteCalls:
    """The calls that began in ``[begin, end)``; as :class:`~watchkeeper.storage.call_export.CallExport`."""

    remote: Remote
    begin: datetime
    end: datetime

    def count(self) -> int:
        """How many there are."""
        few = self.remote.table(_EXPORT, _ARROW, **self._period(), columns="ts", sample=1)
        return int(json.loads(few.headers["watchkeeper-answer"])["calls"])

    def read(self) -> Iterator[pa.Table]:
        """All of them by time (``CALLS_SCHEMA``), piece by piece as they come."""
        with self.remote.download(_EXPORT, _ARROW, **self._period()) as pieces:
            yield from _tables(pieces)

    def _period(self) -> dict[str, str]:
        return _period(self.begin, self.end)


@dataclass(frozen=True, slots=True)
class RemoteHistory:
    """The history of a model, over the API: a form of ``detectors.history.CallHistory``."""

    remote: Remote
    max_rows: int = HISTORY_ROWS

    def calls(
        self, provider: str, request_model: str, begin: float, end: float, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """See :meth:`~watchkeeper.storage.call_feed.StoredCalls.calls`."""
        chosen = [CALLS_SCHEMA.field(name) for name in columns or CALLS_SCHEMA.names]
        schema = pa.schema(chosen, CALLS_SCHEMA.metadata)
        if begin >= end:
            return schema.empty_table()
        query = {
            "provider": provider,
            "request_model": request_model,
            "start": _moment(begin),
            "end": _moment(end),
            "columns": schema.names,
            "sample": self.max_rows,
        }
        with self.remote.download(_EXPORT, _ARROW, **query) as pieces:
            found = list(_tables(pieces))
        # The API has the columns in the order of the table.
        return pa.concat_tables(found).select(schema.names) if found else schema.empty_table()


def remote_scores(remote: Remote, begin: datetime, end: datetime) -> Iterator[pa.Table]:
    """Scores given in ``[begin, end)``; as :meth:`~watchkeeper.storage.score_feed.ScoreFeed.given`."""
    with remote.download(_SCORES, _ARROW, **_period(begin, end)) as pieces:
        yield from _tables(pieces)


def _period(begin: datetime, end: datetime) -> dict[str, str]:
    return {"start": begin.isoformat(), "end": end.isoformat()}


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _tables(pieces: Iterator[bytes]) -> Iterator[pa.Table]:
    with pa.ipc.open_stream(io.BufferedReader(_Pieces(pieces))) as reader:
        for batch in reader:
            yield pa.Table.from_batches([batch])


class _Pieces(io.RawIOBase):
    """Bytes that come in pieces, as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # io passes it a memoryview
        """The next bytes; none at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)
