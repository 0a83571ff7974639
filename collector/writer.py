"""What a batch holds, into the store: dead letters, scores and content first, calls last.

Every insert carries a token made of the batch's own, so that a batch that comes again adds nothing.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from collector.content import Content
from collector.memory import CallMemory, Remembered, ResponseViews
from collector.scores import Score
from collector.spans import span_keys, trace_keys
from collector.stage import Staged
from watchkeeper.clock import Clock
from watchkeeper.storage.calls import RecentCalls, missing_calls, recent_calls
from watchkeeper.storage.client import Store
from watchkeeper.storage.dead_letters import NewLetter, letters_table
from watchkeeper.streams.source import Batch

_MICROS = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A staged batch with the rows and the token its calls are inserted with; to be retried as it is."""

    staged: Staged
    batch: Batch
    calls: pa.Table
    token: str
    now_us: int


class Writer:
    """Writes staged batches to one store and reads back what the collector must remember."""

    def __init__(self, store: Store, clock: Clock, remember: int) -> None:
        self._store = store
        self._clock = clock
        self._remember = remember

    def warm(self, memory: CallMemory, batch: Batch) -> None:
        """Read back recent calls for the first batch of an assignment, without those of the batch's own range."""
        recent = recent_calls(self._store, batch.source, batch.partition, batch.first_offset, self._remember)
        memory.add(_remembered(recent))

    def prepare(self, staged: Staged, batch: Batch) -> Prepared:
        """Choose rows and token. An earlier process may have stored the first batch of an assignment in part.

        Where it took the engine with it, only what is missing is inserted, with a new token: after a kill the engine
        may know the old token of rows that it does not have. A server outlives its clients and may still be writing
        what the killed one sent; there the old token is what keeps rows from being stored twice.
        """
        now_us = int(self._clock.now().timestamp() * 1e6)
        if not batch.opening or self._store.config.kind != "chdb":
            return Prepared(staged, batch, staged.calls, batch.token, now_us)
        missing = missing_calls(self._store, staged.calls)
        return Prepared(staged, batch, missing, f"{batch.token}:{uuid.uuid4().hex}", now_us)

    def write(self, prepared: Prepared) -> None:
        """Store everything; may be called again for the same ``prepared`` at any time.

        Raises :class:`~watchkeeper.errors.StoreUnavailable` when the outcome is unknown: call again.
        """
        staged, token, insert = prepared.staged, prepared.batch.token, self._store.insert_arrow
        if staged.bad:
            insert("dead_letters", _dead_letters(prepared), f"{token}:dead")
        if staged.scores:
            insert("scores", _scores(staged.scores), f"{token}:scores")
        if staged.content:
            insert("content", _content(staged.content), f"{token}:content")
        insert("calls", prepared.calls, prepared.token)


def _remembered(recent: RecentCalls) -> Remembered:
    traces = trace_keys(recent.trace_id)
    parents = span_keys(traces, recent.parent_span_id)
    parents[~recent.parent_span_id.any(axis=1)] = 0
    known = np.array([i for i, response_id in enumerate(recent.response_id) if response_id], np.int64)
    views = ResponseViews(
        np.array([hash(recent.response_id[i]) for i in known.tolist()], np.int64),
        # Who reported a stored call is not stored: any other span with its response id is another view of it.
        np.zeros(len(known), np.int64),
        recent.start_us[known] * 1000,
        (recent.start_us[known] + recent.duration_us[known]) * 1000,
    )
    return Remembered(span_keys(traces, recent.span_id), parents, views, known)


def _dead_letters(prepared: Prepared) -> pa.Table:
    batch = prepared.batch
    rows = [(batch.messages[position], error) for position, error in sorted(prepared.staged.bad.items())]
    letters = [
        NewLetter(
            source=batch.source,
            partition=batch.partition,
            offset=message.offset,
            signal=message.signal,
            encoding=message.encoding,
            reason=error.reason,
            detail=error.detail,
            body=message.body,
            received_at_us=message.received_at_us,
        )
        for message, error in rows
    ]
    return letters_table(letters, prepared.now_us)


def _scores(scores: Sequence[Score]) -> pa.Table:
    return pa.table(
        {
            "ts": pa.array([score.ts_us for score in scores], _MICROS),
            "name": pa.array([score.name for score in scores], pa.string()),
            "value": pa.array([score.value for score in scores], pa.float64()),
            "label": pa.array([score.label for score in scores], pa.string()),
            "source": pa.array([score.source for score in scores], pa.string()),
            "response_id": pa.array([score.response_id for score in scores], pa.string()),
            "trace_id": pa.array([score.trace_id for score in scores], pa.binary(16)),
            "span_id": pa.array([score.span_id for score in scores], pa.binary(8)),
            "service": pa.array([score.service for score in scores], pa.string()),
            "explanation_present": pa.array([score.explained for score in scores], pa.bool_()),
            "attributes": pa.array(
                [list(score.attributes.items()) for score in scores], pa.map_(pa.string(), pa.string())
            ),
        }
    )


def _content(content: Sequence[Content]) -> pa.Table:
    return pa.table(
        {
            "ts": pa.array([part.ts_us for part in content], _MICROS),
            "trace_id": pa.array([part.trace_id for part in content], pa.binary(16)),
            "span_id": pa.array([part.span_id for part in content], pa.binary(8)),
            "kind": pa.array([part.kind for part in content], pa.string()),
            "attribute": pa.array([part.attribute for part in content], pa.string()),
            "text": pa.array([part.text for part in content], pa.string()),
        }
    )
