"""Calls in columns: what the engine reads of a batch, once for all series."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from detectors.metrics import RATES, VALUES
from detectors.series import SeriesKey
from watchkeeper.schema import Outcome, Variant

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_NO_ANSWER = (Outcome.ERROR, Outcome.TIMEOUT, Outcome.RATE_LIMITED, Outcome.CANCELLED)
_GOOD_ANSWER = (Outcome.OK, Outcome.TRUNCATED, Outcome.FORMAT_INVALID, Outcome.TOOL_INVALID)
_KEY = ("service", "route", "provider", "request_model", "model")
_SMALLEST = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class CallColumns:
    """``n`` calls of one batch, sorted by time; columns of rates and values as in :mod:`.metrics`."""

    ts: Floats
    """[n] start of the call, Unix seconds, ascending."""
    keys: Sequence[SeriesKey]
    """The series that occur; ``series`` are positions in it."""
    series: Ints
    """[n]"""
    counted: Bools
    """[n, rates] does the call count for the rate at all?"""
    bad: Bools
    """[n, rates] counted and bad."""
    values: Floats
    """[n, values] natural unit of the metric, positive; NaN: the call has no such value."""
    prompt_bucket: Ints
    """[n] floor(log2(input tokens)), 0 where unknown."""
    output_bucket: Ints
    """[n] floor(log2(output tokens)), 0 where unknown."""
    table: pa.Table
    """The same rows, for whoever needs another column."""

    def __len__(self) -> int:
        return len(self.ts)

    def where(self, kept: Bools) -> "CallColumns":
        """The calls where ``kept`` [n]."""
        return CallColumns(
            self.ts[kept],
            self.keys,
            self.series[kept],
            self.counted[kept],
            self.bad[kept],
            self.values[kept],
            self.prompt_bucket[kept],
            self.output_bucket[kept],
            self.table.filter(pa.array(kept)),
        )


def call_columns(calls: pa.Table) -> CallColumns:
    """The calls of ``calls`` (schema :data:`~watchkeeper.schema.CALLS_SCHEMA`) that say something of the model.

    Left out: completions of calls stored before, answers from a gateway's cache, shadow traffic.
    """
    mask = _bools(_of_the_model(calls))
    kept = calls if mask.all() else calls.filter(pa.array(mask))
    times = _ints(kept["ts"].cast(pa.int64()))
    if (np.diff(times) < 0).any():
        order = np.argsort(times, kind="stable")
        kept, times = kept.take(pa.array(order)), times[order]
    keys, series = _series(kept)
    outcomes = _Outcomes.of(kept)
    counted, bad = _rates(kept, outcomes)
    return CallColumns(
        ts=times.astype(np.float64) / 1e6,
        keys=keys,
        series=series,
        counted=counted,
        bad=bad,
        values=_values(kept, outcomes),
        prompt_bucket=_bucket(_floats(kept["input_tokens"])),
        output_bucket=_bucket(_floats(kept["output_tokens"])),
        table=kept,
    )


def _of_the_model(calls: pa.Table) -> pa.ChunkedArray:
    own = pc.equal(calls["calls"], 1)
    shadow = pc.equal(calls["variant"].cast(pa.string()), Variant.SHADOW.value)
    aside = pc.or_(calls["gateway_cache_hit"].fill_null(False), shadow.fill_null(False))
    return pc.and_(own.fill_null(True), pc.invert(aside))


def _series(calls: pa.Table) -> tuple[list[SeriesKey], Ints]:
    codes = np.zeros(calls.num_rows, np.int64)
    words: list[list[str]] = []
    for name in _KEY:
        encoded = calls[name].cast(pa.string()).fill_null("").combine_chunks().dictionary_encode()
        words.append(encoded.dictionary.to_pylist())
        codes = codes * max(1, len(words[-1])) + encoded.indices.to_numpy()
    found, series = np.unique(codes, return_inverse=True)
    keys = []
    for code in found.tolist():
        parts = []
        for choices in reversed(words):
            code, position = divmod(code, max(1, len(choices)))
            parts.append(choices[position])
        keys.append(SeriesKey(*reversed(parts)))
    return keys, series.astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Outcomes:
    """How calls ended, by the position of the word; -1 where it is unknown."""

    words: list[str]
    codes: Ints

    @classmethod
    def of(cls, calls: pa.Table) -> Self:
        encoded = calls["outcome"].cast(pa.string()).combine_chunks().dictionary_encode()
        return cls(encoded.dictionary.to_pylist(), encoded.indices.fill_null(-1).to_numpy().astype(np.int64))

    def are(self, *words: str) -> Bools:
        """[n] one of ``words``."""
        wanted = [position for position, word in enumerate(self.words) if word in words]
        return np.isin(self.codes, wanted) if len(wanted) != 1 else self.codes == wanted[0]


def _rates(calls: pa.Table, outcomes: _Outcomes) -> tuple[Bools, Bools]:
    is_ = {o: outcomes.are(o.value) for o in Outcome}
    told = (outcomes.codes >= 0) & ~outcomes.are("")
    tried = told & ~is_[Outcome.CANCELLED]
    answered = told & ~np.logical_or.reduce([is_[o] for o in _NO_ANSWER])
    valid = calls["format_valid"]
    broken = (_bools(pc.invert(valid)) | is_[Outcome.FORMAT_INVALID] | is_[Outcome.TOOL_INVALID]) & answered
    cached = _floats(calls["cache_read_tokens"])
    of_rate: dict[str, tuple[Bools, Bools]] = {
        "error": (tried, is_[Outcome.ERROR]),
        "timeout": (tried, is_[Outcome.TIMEOUT]),
        "rate_limit": (tried, is_[Outcome.RATE_LIMITED]),
        "refusal": (answered, is_[Outcome.REFUSED] | is_[Outcome.FILTERED]),
        "truncation": (answered, is_[Outcome.TRUNCATED]),
        "format_failure": (answered & (_bools(pc.is_valid(valid)) | broken), broken),
        "empty": (answered, is_[Outcome.EMPTY]),
        "cache_miss": (answered & ~np.isnan(cached), cached == 0),
    }
    counted = np.column_stack([of_rate[metric.name][0] for metric in RATES])
    bad = np.column_stack([of_rate[metric.name][1] for metric in RATES])
    return counted, bad & counted


def _values(calls: pa.Table, outcomes: _Outcomes) -> Floats:
    # A call whose outcome nobody told is taken as good for its time and tokens, and counts for no rate.
    good = outcomes.are("", *_GOOD_ANSWER)
    complete = _bools(calls["duration_complete"].fill_null(True))
    seconds = np.where(good & complete, _floats(calls["duration_us"]) / 1e6, np.nan)
    first = np.where(good, _floats(calls["ttft_us"]) / 1e6, np.nan)
    output = np.where(good, _floats(calls["output_tokens"]), np.nan)
    generating = np.where(np.isnan(first), seconds, seconds - first)
    of_value = {
        "latency": seconds,
        "time_to_first_token": first,
        "time_per_output_token": np.where(output >= 1, generating / np.maximum(output, 1), np.nan),
        "input_tokens": _floats(calls["input_tokens"]),
        "output_tokens": output,
        "cost": np.where(good, _floats(calls["cost_usd"].cast(pa.float64())), np.nan),
    }
    stacked = np.column_stack([of_value[metric.name] for metric in VALUES])
    return np.where(stacked > _SMALLEST, stacked, np.nan)


def _bucket(tokens: Floats) -> Ints:
    bucket: Ints = np.floor(np.log2(np.nan_to_num(np.maximum(tokens, 1.0), nan=1.0))).astype(np.int64)
    return bucket


def _floats(column: pa.ChunkedArray) -> Floats:
    plain: Floats = column.cast(pa.float64()).to_numpy()
    return plain


def _ints(column: pa.ChunkedArray) -> Ints:
    plain: Ints = column.to_numpy()
    return plain


def _bools(column: pa.ChunkedArray) -> Bools:
    plain: Bools = column.fill_null(False).to_numpy()
    return plain
