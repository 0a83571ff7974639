"""What a batch of calls costs, in columns.

The prices of a batch's few distinct (provider, models, tier, period) combinations are looked up once; then
the columns are multiplied as integers. docs/pricing.md states every rule that decides a price.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from collector.nano_dollars import Flags, Ints, divided_half_even, from_decimals, to_decimals
from collector.price_book import PriceBook
from watchkeeper.price_quote import UNKNOWN, PriceKey, Quote, UnitPrices
from watchkeeper.schema import CostStatus

_DAY_US = 86_400_000_000
_LAST_US = 253_402_214_400_000_000
"""9999-12-31, the last day that a datetime can name."""
_MOST_TOKENS = 2**32 - 1
_PICO_PER_NANO = 1_000
_DENSE = 1 << 18
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATUS = pa.array([str(status) for status in CostStatus])
_CODE = {status: code for code, status in enumerate(CostStatus)}

_NO_QUOTE = UnitPrices(request=UNKNOWN)


@dataclass(frozen=True, slots=True, eq=False)
class PriceInput:
    """Columns of equal length. Words are Arrow string or dictionary arrays (null is empty); numbers are
    Arrow arrays with nulls, or numpy arrays (NaN is unknown). ``cost_reported`` is decimal or float dollars.
    """

    provider: Any
    request_model: Any
    model: Any
    service_tier: Any
    ts: Any
    """Start of the call: Unix microseconds, or an Arrow timestamp."""
    input_tokens: Any
    output_tokens: Any
    cache_read_tokens: Any
    cache_write_tokens: Any
    reasoning_tokens: Any
    cost_reported: Any
    gateway_cache_hit: Any


@dataclass(frozen=True, slots=True, eq=False)
class PriceOutput:
    """The cost columns of :data:`watchkeeper.schema.CALLS`; parts add up to ``cost_usd`` where we priced."""

    cost_usd: pa.Array
    cost_input_usd: pa.Array
    cost_cache_read_usd: pa.Array
    cost_cache_write_usd: pa.Array
    cost_output_usd: pa.Array
    cost_reported_usd: pa.Array
    cost_status: pa.DictionaryArray
    price_version: pa.DictionaryArray
    unpriced: Mapping[tuple[str, str], int]
    """Calls with usage but without a price, by (provider, model)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Usage:
    """Tokens by the price they are billed at, and what is known of them."""

    parts: tuple[Ints, Ints, Ints, Ints, Ints]
    """Uncached input, cache read, cache write, plain output, reasoning: the order of :class:`UnitPrices`."""
    input: Ints
    input_known: Flags


@dataclass(frozen=True, slots=True, eq=False)
class _Combinations:
    """The distinct things to price: their names, quotes, and which one each row is."""

    keys: Sequence[PriceKey]
    quotes: Sequence[Quote | None]
    of_row: Ints


def price(columns: PriceInput, book: PriceBook) -> PriceOutput:
    """Price ``columns`` with ``book``. Pure but for the book's memory."""
    usage = _usage(columns)
    combinations = _combinations(columns, book)
    unit = _unit_prices(combinations, usage.input)
    parts = _parts(usage, unit)
    reported, was_reported = from_decimals(columns.cost_reported)
    cached = _flags(columns.gateway_cache_hit)

    priced = cached | (usage.input_known & _complete(usage, unit))
    status = _status(priced, was_reported & (reported > 0), usage.input_known)
    fresh, read, write, output = (np.where(cached, 0, part) for part in parts) if cached.any() else parts
    cost = np.where(priced, fresh + read + write + output, reported)
    return PriceOutput(
        cost_usd=to_decimals(cost, priced | (status == _CODE[CostStatus.REPORTED])),
        cost_input_usd=to_decimals(fresh, priced),
        cost_cache_read_usd=to_decimals(read, priced),
        cost_cache_write_usd=to_decimals(write, priced),
        cost_output_usd=to_decimals(output, priced),
        cost_reported_usd=to_decimals(reported, was_reported),
        cost_status=pa.DictionaryArray.from_arrays(pa.array(status, pa.int32()), _STATUS),
        price_version=_versions(combinations, priced),
        unpriced=_unpriced(combinations, status == _CODE[CostStatus.UNPRICED]),
    )


def _usage(columns: PriceInput) -> _Usage:
    total, known = _counts(columns.input_tokens)
    output, _ = _counts(columns.output_tokens)
    read, _ = _counts(columns.cache_read_tokens)
    write, _ = _counts(columns.cache_write_tokens)
    reasoning = np.minimum(_counts(columns.reasoning_tokens)[0], output)
    uncached = np.maximum(total - read - write, 0)
    return _Usage((uncached, read, write, output - reasoning, reasoning), total, known)


def _counts(column: Any) -> tuple[Ints, Flags]:
    """Whole numbers and which rows have one; anything that is no token count is unknown, and 0."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.Array):
        known = np.asarray(column.is_valid().to_numpy(zero_copy_only=False), np.bool_)
        if pa.types.is_integer(column.type):
            column = column.fill_null(0) if column.null_count else column
        values = column.to_numpy(zero_copy_only=False)
    else:
        values = np.asarray(column)
        known = np.ones(len(values), np.bool_)
    with np.errstate(invalid="ignore"):
        known &= (values >= 0) & (values <= _MOST_TOKENS)
    return np.where(known, values, 0).astype(np.int64), known


def _flags(column: Any) -> Flags:
    if isinstance(column, pa.Array | pa.ChunkedArray):
        column = column.fill_null(False).to_numpy(zero_copy_only=False)
    return np.asarray(column, np.bool_)


def _combinations(columns: PriceInput, book: PriceBook) -> _Combinations:
    names = (columns.provider, columns.request_model, columns.model, columns.service_tier)
    words = [_dictionary(column) for column in names]
    ts = np.clip(_microseconds(columns.ts), 0, _LAST_US)
    cuts = np.array((0, *book.day_cuts), np.int64) * 1_000_000
    day = ts // _DAY_US
    period = day * len(cuts) + np.searchsorted(cuts, ts - day * _DAY_US, side="right") - 1
    first, of_row = _grouped([period, *(word.indices.to_numpy().astype(np.int64) for word in words)])
    rows = pa.array(first)
    distinct = zip(*(word.take(rows).cast(pa.string()).to_pylist() for word in words), strict=True)
    keys = [PriceKey(*row) for row in distinct]
    days, parts = np.divmod(period[first], len(cuts))
    begins = (days * _DAY_US + cuts[parts]).tolist()
    moments = [_EPOCH + timedelta(microseconds=begin) for begin in begins]
    quotes = [book.quote(key, moment) for key, moment in zip(keys, moments, strict=True)]
    return _Combinations(keys, quotes, of_row)


def _dictionary(column: Any) -> Any:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if column.null_count or (isinstance(column, pa.DictionaryArray) and column.dictionary.null_count):
        column = column.cast(pa.string()).fill_null("")
    return column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()


def _microseconds(column: Any) -> Ints:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.Array):
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us", tz=column.type.tz))
        column = column.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return np.asarray(column, np.int64)


def _grouped(codes: Sequence[Ints]) -> tuple[Ints, Ints]:
    """For the distinct rows of ``codes``: a row of each, and which of them every row equals."""
    combined, size = np.zeros(len(codes[0]), np.int64), 1
    for code in codes:
        low, high = (int(code.min()), int(code.max())) if len(code) else (0, 0)
        width = high - low + 1
        if size * width > 2**62:
            _, combined = np.unique(combined, return_inverse=True)
            size = len(combined)
        combined, size = combined * width + (code - low), size * width
    if size > _DENSE:
        _, first, of_row = np.unique(combined, return_index=True, return_inverse=True)
        return first, of_row
    # A table of all possible combinations is several times faster than sorting while it fits a cache.
    row_of = np.full(size, -1, np.int64)
    row_of[combined] = np.arange(len(combined))
    present = np.flatnonzero(row_of >= 0)
    place = np.empty(size, np.int64)
    place[present] = np.arange(len(present))
    return row_of[present], place[combined]


def _unit_prices(combinations: _Combinations, input_tokens: Ints) -> Ints:
    """Six rows (the fields of :class:`UnitPrices`), one column a call."""
    bounds = sorted({bound for quote in combinations.quotes if quote for bound in quote.above})
    table = np.array(
        [
            quote.at(size) if quote else _NO_QUOTE
            for quote in combinations.quotes
            for size in (0, *(bound + 1 for bound in bounds))
        ],
        np.int64,
    ).reshape(-1, 6)
    cell = combinations.of_row
    if bounds:
        cell = cell * (len(bounds) + 1) + np.searchsorted(np.array(bounds), input_tokens, side="left")
    return np.ascontiguousarray(table.T)[:, cell]


def _parts(usage: _Usage, unit: Ints) -> tuple[Ints, ...]:
    """Nano-dollars: uncached input (a fee per request included), cache read, cache write, output."""
    uncached, read, write, plain, reasoning = usage.parts
    output = plain * unit[3]
    if reasoning.any():
        output += reasoning * unit[4]
    fresh = divided_half_even(uncached * unit[0], _PICO_PER_NANO) + unit[5]
    return fresh, _nano(read, unit[1]), _nano(write, unit[2]), divided_half_even(output, _PICO_PER_NANO)


def _nano(tokens: Ints, pico: Ints) -> Ints:
    # Most batches write no cache at all, and multiplying zeros costs as much as multiplying anything else.
    return divided_half_even(tokens * pico, _PICO_PER_NANO) if tokens.any() else tokens


def _complete(usage: _Usage, unit: Ints) -> Flags:
    """Is there a quote, and a price in it for every kind of token the call used?"""
    complete: Flags = unit[5] != UNKNOWN
    for tokens, price_of in zip(usage.parts, unit, strict=False):
        complete &= (tokens == 0) | (price_of != UNKNOWN)
    return complete


def _status(priced: Flags, reported: Flags, used: Flags) -> Ints:
    words = (CostStatus.PRICED, CostStatus.REPORTED, CostStatus.UNPRICED)
    return np.select([priced, reported, used], [_CODE[word] for word in words], _CODE[CostStatus.NO_USAGE])


def _versions(combinations: _Combinations, priced: Flags) -> pa.DictionaryArray:
    words = dict.fromkeys(["", *(quote.version for quote in combinations.quotes if quote)])
    code = {word: place for place, word in enumerate(words)}
    of_combination = np.array([code[q.version] if q else 0 for q in combinations.quotes], np.int32)
    of_row = np.where(priced, of_combination[combinations.of_row], 0)
    return pa.DictionaryArray.from_arrays(pa.array(of_row, pa.int32()), pa.array(list(words)))


def _unpriced(combinations: _Combinations, rows: Flags) -> Mapping[tuple[str, str], int]:
    calls = np.bincount(combinations.of_row[rows], minlength=len(combinations.keys))
    found: dict[tuple[str, str], int] = {}
    for place in np.flatnonzero(calls).tolist():
        key = combinations.keys[place]
        name = (key.provider, key.model or key.request_model)
        found[name] = found.get(name, 0) + int(calls[place])
    return found
