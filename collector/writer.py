"""What a batch holds, into the store: dead letters, scores and content first, calls last.

Every insert carries a token made of the batch's own, so that a batch that comes again adds nothing.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from collector.content import Content
from collector.memory import CallMemory, Remembered, ResponseViews
from collector.scores import Score
from collector.spans import span_keys, trace_keys_of
from collector.stage import Staged
from watchkeeper.clock import Clock
from watchkeeper.storage.calls import Calls, Position
from watchkeeper.storage.client import Store
from watchkeeper.storage.content import CONTENT_SCHEMA, Contents
from watchkeeper.storage.dead_letters import DeadLetter, DeadLetters
from watchkeeper.storage.scores import SCORES_SCHEMA, Scores
from watchkeeper.streams.source import Batch

_LOOK_BACK = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A staged batch with the rows and the token its calls are inserted with; to be retried as it is."""

    staged: Staged
    batch: Batch
    calls: pa.Table
    token: str


class Writer:
    """Writes staged batches to one store and reads back what the collector must remember."""

    def __init__(self, store: Store, clock: Clock, remember: int) -> None:
        self._calls = Calls(store)
        self._scores = Scores(store)
        self._contents = Contents(store)
        self._dead_letters = DeadLetters(store)
        self._clock = clock
        self._remember = remember

    def warm(self, memory: CallMemory, batch: Batch) -> None:
        """Read back recent calls for the first batch of an assignment, without those of the batch's own range."""
        position = Position(batch.source, batch.partition, batch.first_offset)
        recent = self._calls.recent_keys(position, self._clock.now() - _LOOK_BACK, self._remember)
        memory.add(_remembered(recent))

    def prepare(self, staged: Staged, batch: Batch) -> Prepared:
        """Choose rows and token. An earlier process may have stored the first batch of an assignment in part.

        Then only what is missing is inserted, with a new token: after a kill the engine may know the old token of
        rows that it does not have.
        """
        if not batch.opening:
            return Prepared(staged, batch, staged.calls, batch.token)
        missing = self._calls.missing(staged.calls)
        return Prepared(staged, batch, missing, f"{batch.token}:{uuid.uuid4().hex}")

    def write(self, prepared: Prepared) -> None:
        """Store everything; may be called again for the same ``prepared`` at any time.

        Raises :class:`~watchkeeper.errors.StoreUnavailable` when the outcome is unknown: call again.
        """
        staged, token = prepared.staged, prepared.batch.token
        if staged.bad:
            self._dead_letters.insert(_letters(prepared, self._clock.now()), f"{token}:dead")
        if staged.scores:
            self._scores.insert(_scores(staged.scores), f"{token}:scores")
        if staged.content:
            self._contents.insert(_content(staged.content), f"{token}:content")
        self._calls.insert(prepared.calls, prepared.token)


def _ids(recent: pa.Table, name: str, size: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.frombuffer(b"".join(recent[name].to_pylist()), np.uint8).reshape(-1, size)


def _remembered(recent: pa.Table) -> Remembered:
    traces = trace_keys_of(_ids(recent, "trace_id", 16))
    parent_ids = _ids(recent, "parent_span_id", 8)
    parents = span_keys(traces, parent_ids)
    parents[~parent_ids.any(axis=1)] = 0
    response_ids = recent["response_id"].cast(pa.string()).to_pylist()
    known = [i for i, response_id in enumerate(response_ids) if response_id]
    start_ns = recent["ts"].cast(pa.int64()).to_numpy() * 1000
    end_ns = start_ns + recent["duration_us"].to_numpy().astype(np.int64) * 1000
    views = ResponseViews(
        [hash(response_ids[i]) for i in known],
        # Who reported a stored call is not stored: any other span with its response id is another view of it.
        [0] * len(known),
        start_ns[known],
        end_ns[known],
    )
    return Remembered(span_keys(traces, _ids(recent, "span_id", 8)), parents, views)


def _letters(prepared: Prepared, now: datetime) -> list[DeadLetter]:
    batch = prepared.batch
    letters = []
    for position, error in sorted(prepared.staged.bad.items()):
        message = batch.messages[position]
        received = datetime.fromtimestamp(message.received_at_us / 1e6, UTC) if message.received_at_us else now
        letters.append(
            DeadLetter(
                source=batch.source,
                partition=batch.partition,
                offset=message.offset,
                signal=message.signal,
                encoding=message.encoding,
                reason=error.reason,
                detail=error.detail,
                received_at=received,
                stored_at=now,
                body=message.body,
            )
        )
    return letters


def _scores(scores: Sequence[Score]) -> pa.Table:
    rows = [
        {
            "ts": score.ts_us,
            "name": score.name,
            "value": score.value,
            "label": score.label,
            "source": score.source,
            "response_id": score.response_id,
            "trace_id": score.trace_id,
            "span_id": score.span_id,
            "service": score.service,
            "explanation_present": score.explained,
            "attributes": list(score.attributes.items()),
        }
        for score in scores
    ]
    return pa.Table.from_pylist(rows, SCORES_SCHEMA)


def _content(content: Sequence[Content]) -> pa.Table:
    rows = [
        {
            "ts": part.ts_us,
            "trace_id": part.trace_id,
            "span_id": part.span_id,
            "kind": part.kind,
            "attribute": part.attribute,
            "text": part.text,
        }
        for part in content
    ]
    return pa.Table.from_pylist(rows, CONTENT_SCHEMA)
