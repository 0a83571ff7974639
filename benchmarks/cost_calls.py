"""Calls of every kind that a bill can hold: cached, tiered, long, batch, reported, unpriced, without usage, retried.

Priced by :func:`collector.pricing.price` with the installed price list, as the collector prices them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from collector.price_book import PriceBook
from collector.pricing import PriceInput, price
from watchkeeper.schema import CALLS_SCHEMA, Outcome

FIRST_TS_US = 1_793_491_200_000_000
"""2026-11-01 00:00 UTC: the prices of every tier below are known by then."""
_DAY_US = 86_400_000_000
_MODELS = (
    ("openai", "gpt-4o", "gpt-4o-2024-08-06"),
    ("openai", "gpt-5", "gpt-5-2025-08-07"),
    ("anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
    ("gcp.gemini", "gemini-2.5-pro", "gemini-2.5-pro"),
    ("openai", "text-embedding-3-small", "text-embedding-3-small"),
    ("ollama", "house-model", "house-model"),
)
_TIERS = ("", "default", "batch", "flex", "priority")
_WORDS: dict[str, Sequence[str]] = {
    "service": ("checkout", "search", "support"),
    "environment": ("production", "staging"),
    "route": ("summarise", "chat", "extract", "=formula"),
    "tenant": ("acme", "globex", ""),
    "prompt_name": ("greeting", "summary"),
    "prompt_version": ("1", "2", "3"),
    "region": ("eu", "us"),
    "variant": ("primary", "canary"),
    "operation": ("chat", "embeddings"),
}
Rng = np.random.Generator
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Which rows are special."""

    hit: Array
    reported: Array
    no_usage: Array
    completed: Array
    """The call's own row: its tokens come in a second row."""


def bill_calls(rows: int, seed: int = 0, days: int = 40) -> pa.Table:
    """Some more than ``rows`` rows (a call whose tokens come later has two), from :data:`FIRST_TS_US` on."""
    rng = np.random.default_rng(seed)
    columns = _columns(rows, rng, days)
    kinds = _kinds(rows, rng)
    whole = _priced(columns, kinds, rng)
    unknown = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
    costs = tuple(name for name in whole.schema.names if name.startswith("cost_") and name.endswith("_usd"))
    late = whole.filter(pa.array(kinds.completed))
    for name in (*unknown, *costs):
        whole = _without(whole, name, kinds.completed)
    status = np.where(kinds.completed, "no_usage", np.array(whole["cost_status"].to_pylist(), object))
    whole = _replaced(whole, "cost_status", pa.array(status, pa.string()).dictionary_encode())
    late = _replaced(late, "calls", pa.array(np.zeros(len(late), np.uint8)))
    return pa.concat_tables([whole, late], promote_options="permissive").combine_chunks()


def _columns(rows: int, rng: Rng, days: int) -> dict[str, Any]:
    which = rng.integers(0, len(_MODELS), rows)
    names = ("provider", "request_model", "model")
    words = {name: np.array([model[place] for model in _MODELS], object)[which] for place, name in enumerate(names)}
    words |= {name: np.array(values, object)[rng.integers(0, len(values), rows)] for name, values in _WORDS.items()}
    words["service_tier"] = np.array(_TIERS, object)[rng.choice(len(_TIERS), rows, p=(0.5, 0.2, 0.15, 0.1, 0.05))]
    share = (0.8, *([0.2 / (len(Outcome) - 1)] * (len(Outcome) - 1)))
    words["outcome"] = np.array([str(outcome) for outcome in Outcome], object)[rng.choice(len(Outcome), rows, p=share)]
    attempt = rng.choice(np.array([1, 2], np.uint8), rows, p=(0.95, 0.05))
    trace = rng.integers(0, 256, (rows, 16), np.uint8)
    # A second attempt belongs to the call before it, whose answer it replaces.
    second = np.flatnonzero(attempt == 2)
    trace[second] = trace[np.maximum(second - 1, 0)]
    for name in ("service", "route"):
        words[name][second] = words[name][np.maximum(second - 1, 0)]
    return {
        **words,
        "attempt": attempt,
        "trace_id": trace,
        "span_id": rng.integers(0, 256, (rows, 8), np.uint8),
        "ts": np.sort(rng.integers(FIRST_TS_US, FIRST_TS_US + days * _DAY_US, rows)),
        "user_hash": np.array([f"u{number}" for number in range(50)], object)[rng.integers(0, 50, rows)],
        "team": np.array(["red", "blue"], object)[rng.integers(0, 2, rows)],
    }


def _kinds(rows: int, rng: Rng) -> _Kinds:
    draw = rng.random(rows)
    return _Kinds(
        draw < 0.03, (draw >= 0.03) & (draw < 0.1), (draw >= 0.1) & (draw < 0.14), (draw >= 0.14) & (draw < 0.17)
    )


def _priced(columns: dict[str, Any], kinds: _Kinds, rng: Rng) -> pa.Table:
    rows = len(columns["ts"])
    total = np.where(rng.random(rows) < 0.05, rng.integers(200_001, 400_000, rows), rng.integers(1, 9_000, rows))
    read = np.where(rng.random(rows) < 0.4, (total * rng.random(rows) * 0.8).astype(np.int64), 0)
    write = np.where(rng.random(rows) < 0.2, ((total - read) * rng.random(rows)).astype(np.int64), 0)
    output = rng.integers(0, 3_000, rows)
    counts = {
        "input_tokens": total,
        "output_tokens": np.where(columns["model"] == "text-embedding-3-small", 0, output),
        "cache_read_tokens": read,
        "cache_write_tokens": write,
        "reasoning_tokens": (output * (rng.random(rows) < 0.2) * 0.5).astype(np.int64),
    }
    known = {name: pa.array(values, pa.uint32(), mask=kinds.no_usage) for name, values in counts.items()}
    reported = pa.array(np.where(kinds.reported, rng.integers(1, 9_999_999, rows) / 1e9, np.nan), from_pandas=True)
    names = ("provider", "request_model", "model", "service_tier")
    priced = price(
        PriceInput(
            **{name: pa.array(columns[name], pa.string()) for name in names},
            ts=columns["ts"],
            **known,
            cost_reported=reported,
            gateway_cache_hit=kinds.hit,
        ),
        PriceBook.load(),
    )
    costs = {name: getattr(priced, name) for name in priced.__slots__ if name != "unpriced"}
    return _table(rows, {**columns, **known, **costs, "gateway_cache_hit": kinds.hit}, rng)


def _table(rows: int, given: dict[str, Any], rng: Rng) -> pa.Table:
    tags = pa.array(["watchkeeper.tag.team"] * rows), pa.array(given.pop("team"), pa.string())
    given["attributes"] = pa.MapArray.from_arrays(pa.array(np.arange(rows + 1, dtype=np.int32)), *tags)
    given["duration_us"] = rng.integers(1, 9_000_000, rows)
    given |= {"calls": np.ones(rows, np.uint8), "duration_complete": np.ones(rows, np.bool_)}
    return pa.table([_array(field, given.get(field.name), rows) for field in CALLS_SCHEMA], schema=CALLS_SCHEMA)


def _array(field: pa.Field, value: Any, rows: int) -> Any:
    kind = field.type
    if pa.types.is_fixed_size_binary(kind) and not pa.types.is_decimal(kind):
        raw = np.zeros((rows, kind.byte_width), np.uint8) if value is None else value
        return pa.FixedSizeBinaryArray.from_buffers(kind, rows, [None, pa.py_buffer(raw.tobytes())])
    if value is None and (pa.types.is_dictionary(kind) or pa.types.is_string(kind)):
        value = np.full(rows, "", object)
    if value is None:
        return pa.nulls(rows, kind) if field.nullable else pa.nulls(rows, kind).fill_null(0)
    if isinstance(value, np.ndarray):
        value = pa.array(value, pa.string() if value.dtype == object else None)
    if pa.types.is_dictionary(kind) and not pa.types.is_dictionary(value.type):
        value = value.dictionary_encode()
    return value.cast(kind)


def _without(table: pa.Table, name: str, rows: Array) -> pa.Table:
    column = table[name].combine_chunks()
    return _replaced(table, name, pa.compute.if_else(pa.array(rows), pa.scalar(None, column.type), column))


def _replaced(table: pa.Table, name: str, column: Any) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(place), column.cast(table.schema.field(place).type))
