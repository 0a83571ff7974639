"""One batch of raw messages to everything that is stored of it. Pure but for the duplicate memory it asks.

decode ► recognise dialect ► normalise ► classify outcome ► price
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from collector.content import Content, content_of
from collector.memory import CallMemory, Remembered
from collector.normalise import Calls, Normaliser
from collector.otlp_json import to_protobuf
from collector.price_book import PriceBook
from collector.pricing import PriceInput, PriceOutput, price
from collector.scores import Score, scores_of_logs, scores_of_spans
from collector.spans import Spans, decode
from watchkeeper.errors import BadMessage
from watchkeeper.schema import CALLS_SCHEMA, COST_SCALE, TOKEN_COLUMNS
from watchkeeper.streams.source import Batch, Encoding, RawMessage, Signal

_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US
_COSTS = (
    "cost_usd",
    "cost_input_usd",
    "cost_cache_read_usd",
    "cost_cache_write_usd",
    "cost_output_usd",
    "cost_reported_usd",
    "cost_status",
    "price_version",
)


@dataclass(frozen=True, slots=True)
class StageOptions:
    """What an operator may choose about reading spans."""

    calls_ttl_days: int = 30
    capture_content: bool = False
    user_salt: bytes = b""


@dataclass(frozen=True, slots=True)
class Staged:
    """All that a batch holds, ready to be stored."""

    calls: pa.Table
    call_message: npt.NDArray[np.int32]
    """For each call the position of its message."""
    spans: Spans
    skipped: Mapping[str, npt.NDArray[np.intp]]
    bad: Mapping[int, BadMessage]
    """Why a message (by position) could not be read."""
    scores: Sequence[Score]
    content: Sequence[Content]
    unpriced: Mapping[tuple[str, str], int]
    remembered: Remembered


@dataclass(slots=True)
class _Bodies:
    """Protobuf bodies of the readable messages and where they came from."""

    traces: list[bytes] = field(default_factory=list)
    position: list[int] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    bad: dict[int, BadMessage] = field(default_factory=dict)


class Stage:
    """Reads batches; the same messages and the same memory give the same rows."""

    def __init__(self, memory: CallMemory, book: PriceBook, options: StageOptions) -> None:
        self.memory = memory
        self._book = book
        self._options = options
        self._normaliser = Normaliser(memory, options.user_salt)

    def read(self, batch: Batch) -> Staged:
        """Everything in ``batch``. Unreadable messages are listed with their reason; nothing raises for input."""
        bodies = self._bodies(batch.messages)
        decoded = decode(bodies.traces)
        position = np.array(bodies.position, np.int32)
        bad = bodies.bad | {bodies.position[i]: error for i, error in decoded.bad.items()}
        calls = self._normaliser.normalise(decoded.spans)
        prices = price(_price_input(calls), self._book)
        message = decoded.spans.message[calls.span_row]
        message = position[message] if len(position) else message
        return Staged(
            calls=self._table(batch, calls, prices, message),
            call_message=message,
            spans=decoded.spans,
            skipped=calls.skipped,
            bad=bad,
            scores=[*bodies.scores, *scores_of_spans(decoded.spans, calls.span_service)],
            content=content_of(decoded.spans, calls) if self._options.capture_content else (),
            unpriced=prices.unpriced,
            remembered=calls.remembered,
        )

    def stored(self, staged: Staged) -> None:
        """``staged`` is in the store: remember its calls."""
        self.memory.add(staged.remembered)

    def _bodies(self, messages: Sequence[RawMessage]) -> _Bodies:
        bodies = _Bodies()
        for position, message in enumerate(messages):
            try:
                body = message.body
                if message.encoding is Encoding.JSON:
                    body = to_protobuf(body, message.signal)
                if message.signal is Signal.LOGS:
                    bodies.scores.extend(scores_of_logs(body))
                    continue
            except BadMessage as error:
                bodies.bad[position] = error
                continue
            bodies.traces.append(body)
            bodies.position.append(position)
        return bodies

    def _table(self, batch: Batch, calls: Calls, prices: PriceOutput, message: npt.NDArray[np.int32]) -> pa.Table:
        columns = dict(calls.columns)
        columns |= {name: getattr(prices, name) for name in _COSTS}
        columns["ts"] = self._clamped(columns["ts"], batch, message)
        columns |= _coordinates(batch, message)
        return pa.table([columns[name] for name in CALLS_SCHEMA.names], schema=CALLS_SCHEMA)

    def _clamped(self, ts: pa.Array, batch: Batch, message: npt.NDArray[np.int32]) -> pa.Array:
        """Times inside [received − retention, received + 1 h]: from the message, so that a replay clamps alike."""
        received = np.array([m.received_at_us for m in batch.messages], np.int64)[message]
        times = ts.cast(pa.int64()).to_numpy()
        known = received > 0
        late = known & (times > received + _HOUR_US)
        early = known & (times < received - self._options.calls_ttl_days * _DAY_US)
        if not (late.any() or early.any()):
            return ts
        times = np.where(late | early, received, times)
        return pa.array(times, pa.timestamp("us", tz="UTC"))


def _coordinates(batch: Batch, message: npt.NDArray[np.int32]) -> dict[str, pa.Array]:
    offsets = np.array([m.offset for m in batch.messages], np.uint64)
    count = len(message)
    return {
        "source": pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([batch.source])),
        "source_partition": pa.array(np.full(count, batch.partition, np.uint16)),
        "source_offset": pa.array(offsets[message]),
    }


def _price_input(calls: Calls) -> PriceInput:
    columns = calls.columns
    words = {name: columns[name] for name in ("provider", "request_model", "model", "service_tier", "ts")}
    tokens = {name: columns[name] for name in TOKEN_COLUMNS}
    return PriceInput(
        **words,
        **tokens,
        cost_reported=np.round(calls.reported_usd, COST_SCALE),
        gateway_cache_hit=columns["gateway_cache_hit"],
    )
