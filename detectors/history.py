"""Earlier calls of a model, for baselines that are learnt anew and for attribution."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from watchkeeper.schema import CALLS_SCHEMA

HISTORY_ROWS = 200_000


class CallHistory(Protocol):
    """Stored calls of a model. Answers are bounded: of too many calls, a sample chosen by the end of the span id."""

    def calls(
        self, provider: str, request_model: str, begin: float, end: float, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Calls that began in ``[begin, end)`` Unix seconds, by time; ``columns`` of ``CALLS_SCHEMA``, or all.

        Raises :class:`~watchkeeper.errors.Transient` where they cannot be had now.
        """
        ...


class ArrowHistory:
    """The history that one Arrow table holds (schema :data:`~watchkeeper.schema.CALLS_SCHEMA`)."""

    def __init__(self, calls: pa.Table, max_rows: int = HISTORY_ROWS) -> None:
        self._max_rows = max_rows
        times = calls["ts"].cast(pa.int64()).to_numpy()
        order = np.argsort(times, kind="stable")
        self._calls, self._times = calls, times[order]
        self._rows = _rows_by_model(calls, order)

    def calls(
        self, provider: str, request_model: str, begin: float, end: float, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """See :meth:`CallHistory.calls`."""
        chosen = self._calls.select(list(columns or CALLS_SCHEMA.names))
        places = self._rows.get((provider, request_model))
        if places is None:
            return chosen.slice(0, 0)
        rows, times = places
        first, last = np.searchsorted(times, [round(begin * 1e6), round(end * 1e6)])
        return chosen.take(self._sampled(rows[first:last]))

    def _sampled(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        thinning = -(-len(rows) // self._max_rows)
        if thinning <= 1:
            return rows
        ends = _span_ends(self._calls["span_id"].take(rows))
        # Without ids, every n-th row is as good a sample.
        chosen = ends if ends.any() else np.arange(len(rows), dtype=np.uint32)
        sample: npt.NDArray[np.int64] = rows[chosen % thinning == 0]
        return sample


def _rows_by_model(
    calls: pa.Table, order: npt.NDArray[np.int64]
) -> dict[tuple[str, str], tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Row numbers by time, and their times in microseconds, of each (provider, requested model)."""
    words = [_codes(calls[name]) for name in ("provider", "request_model")]
    (providers, provider), (models, model) = words
    pair = (provider * max(1, len(models)) + model)[order]
    times = calls["ts"].cast(pa.int64()).to_numpy()
    found = {}
    for code in np.unique(pair).tolist():
        rows = order[pair == code]
        found[providers[code // len(models)], models[code % len(models)]] = (rows, times[rows])
    return found


def _codes(column: pa.ChunkedArray) -> tuple[list[str], npt.NDArray[np.int64]]:
    encoded = column.cast(pa.string()).fill_null("").combine_chunks().dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64)


def _span_ends(span_ids: pa.ChunkedArray) -> npt.NDArray[np.uint32]:
    """The last four bytes of each span id, little-endian."""
    chunk = span_ids.fill_null(pa.scalar(bytes(8), pa.binary(8))).combine_chunks()
    data = np.frombuffer(chunk.buffers()[1] or b"", np.uint8)[chunk.offset * 8 : (chunk.offset + len(chunk)) * 8]
    return np.ascontiguousarray(data.reshape(-1, 8)[:, 4:]).view("<u4").ravel()
