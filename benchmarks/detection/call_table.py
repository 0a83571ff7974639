"""Simulated calls as the collector would publish them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from detectors.columns import Bools, Floats
from watchkeeper.schema import CALLS_SCHEMA, Outcome, Variant

_SERVICE, _PROVIDER = "assistant", "openai"
_USD_PER_INPUT_TOKEN, _USD_PER_OUTPUT_TOKEN = 2.5e-6, 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Calls:
    """``n`` calls in columns [n]."""

    ts: Floats
    """Unix seconds."""
    model: npt.NDArray[np.str_]
    route: npt.NDArray[np.str_]
    duration_s: Floats
    first_token_s: Floats
    input_tokens: Floats
    output_tokens: Floats
    failed: Bools

    @classmethod
    def together(cls, parts: Sequence["Calls"]) -> Self:
        """All of them, in the order of time."""
        order = np.argsort(np.concatenate([part.ts for part in parts]), kind="stable")
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts])[order] for field in fields(cls)))


def call_table(calls: Calls, random: np.random.Generator) -> pa.Table:
    """In :data:`~watchkeeper.schema.CALLS_SCHEMA`; columns that no detector reads are empty."""
    n, ok = len(calls.ts), ~calls.failed
    known: dict[str, Any] = {
        "ts": (calls.ts * 1e6).astype(np.int64),
        "calls": np.ones(n, np.uint8),
        "trace_id": _ids(random, n, 16),
        "span_id": _ids(random, n, 8),
        "parent_span_id": _ids(random, n, 8),
        "service": _word(_SERVICE, n),
        "route": _words(calls.route),
        "provider": _word(_PROVIDER, n),
        "request_model": _words(calls.model),
        "model": _words(calls.model),
        "variant": _word(Variant.PRIMARY.value, n),
        "outcome": _outcomes(calls.failed),
        "is_stream": np.ones(n, np.bool_),
        "duration_us": np.rint(calls.duration_s * 1e6).astype(np.uint64),
        "duration_complete": np.ones(n, np.bool_),
        "ttft_us": pa.array(np.rint(calls.first_token_s * 1e6).astype(np.uint64), mask=~ok),
        "input_tokens": calls.input_tokens.astype(np.uint32),
        "output_tokens": pa.array(calls.output_tokens.astype(np.uint32), mask=~ok),
        "cost_usd": _usd(calls),
        "attempt": np.ones(n, np.uint8),
        "gateway_cache_hit": np.zeros(n, np.bool_),
    }
    return pa.table([_column(field, known, n) for field in CALLS_SCHEMA], schema=CALLS_SCHEMA)


def _column(field: pa.Field, known: dict[str, Any], n: int) -> pa.Array:
    if field.name not in known:
        return _word("", n) if pa.types.is_dictionary(field.type) else pa.nulls(n, field.type)
    values = known[field.name]
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return array if array.type == field.type else array.cast(field.type)


def _ids(random: np.random.Generator, n: int, size: int) -> pa.Array:
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(size), n, [None, pa.py_buffer(random.bytes(n * size))])


def _word(word: str, n: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([word]))


def _words(words: npt.NDArray[np.str_]) -> pa.Array:
    kinds, codes = np.unique(words, return_inverse=True)
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(kinds.tolist(), pa.string()))


def _outcomes(failed: Bools) -> pa.Array:
    words = pa.array([Outcome.OK.value, Outcome.ERROR.value])
    return pa.DictionaryArray.from_arrays(pa.array(failed.astype(np.int32)), words)


def _usd(calls: Calls) -> pa.Array:
    usd = calls.input_tokens * _USD_PER_INPUT_TOKEN + calls.output_tokens * _USD_PER_OUTPUT_TOKEN
    exact = [None if bad else Decimal(f"{each:.9f}") for each, bad in zip(usd.tolist(), calls.failed, strict=True)]
    return pa.array(exact, pa.decimal128(18, 9))
