"""What stored calls would have cost at other prices: one scan of ``calls``, exact to the nano-dollar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from watchkeeper.errors import ConfigError
from watchkeeper.price_quote import UnitPrices
from watchkeeper.storage import what_if_sql as sql
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store

MILLION = 1_000_000
MOST_COMBINATIONS = 500
MOST_GROUPS = 1_000
_NANO = Decimal("1e-9")
_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Combination:
    """Names as calls carry them, which decide a price together, and the times of the first and the last such call."""

    provider: str
    request_model: str
    model: str
    service_tier: str
    first_at: datetime
    last_at: datetime

    @property
    def key(self) -> str:
        """The names in one word."""
        return _SEPARATOR.join((self.provider, self.request_model, self.model, self.service_tier))


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices of every combination (by ``row_of``), in every era, at every input size.

    ``eras`` are the microseconds at which a price changes, ascending; the first is before every call. ``above`` are
    bounds of input tokens as in :class:`~watchkeeper.price_quote.Quote`. ``cells`` hold rows × eras × sizes, the sizes
    next to each other; ``most_context`` and ``most_output`` hold limits in tokens by row, 0 where none is known.
    """

    row_of: Mapping[str, int]
    eras: tuple[int, ...]
    above: tuple[int, ...]
    cells: tuple[UnitPrices, ...]
    most_context: tuple[int, ...]
    most_output: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CacheShare:
    """Parts (in millionths) of each call's input that would be read from and written to a cache.

    Calls below ``from_tokens`` input tokens would not be cached: providers have a smallest prefix.
    """

    read: int
    write: int
    from_tokens: int


NO_CACHE = CacheShare(0, 0, 0)


@dataclass(frozen=True, slots=True)
class TokenRule:
    """How the counts to be priced follow from the stored ones. Factors are in millionths."""

    input_factor: int = MILLION
    output_factor: int = MILLION
    cache: CacheShare | None = None
    """None: each call as it was."""


@dataclass(frozen=True, slots=True)
class StoredPriced:
    """A group of calls, as they were and as they would be.

    Every call is one of: priced, ``gateway_hits`` (cost nothing either way), ``calls_too_large`` for the model,
    ``calls_unpriced``, or without usage (the rest of ``calls``). ``same_*`` compares what is known on both sides.
    """

    group: tuple[str, ...]
    calls: int
    gateway_hits: int
    calls_priced: int
    calls_too_large: int
    calls_unpriced: int
    calls_unpriced_now: int
    """Calls that have no price today, whatever the scenario."""
    calls_observed: int
    observed_usd: Decimal
    too_large_observed_usd: Decimal
    same_calls: int
    same_observed_usd: Decimal
    same_usd: Decimal
    cost_usd: Decimal
    input_usd: Decimal
    cache_read_usd: Decimal
    cache_write_usd: Decimal
    output_usd: Decimal
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    calls_used: int
    """Calls that a provider answered and that told their tokens."""
    stored_tokens: int
    """Their input and output, as stored."""
    largest_call_tokens: int
    too_large_traces: tuple[str, ...]
    """Some of the calls that would not fit: trace ids in hex."""


def combinations(store: Store, chosen: CallFilter) -> list[Combination]:
    """What is called in ``chosen``. Raises :class:`ConfigError` for more than :data:`MOST_COMBINATIONS`."""
    where, parameters = chosen.where("c")
    rows = store.query_rows(sql.combinations(where), {**parameters, "limit": MOST_COMBINATIONS + 1})
    if len(rows) > MOST_COMBINATIONS:
        raise ConfigError(
            f"more than {MOST_COMBINATIONS} combinations of provider, model and tier were called: "
            "choose some with a filter on provider, model or route"
        )
    return [Combination(**row) for row in rows]


def price_stored(
    store: Store, chosen: CallFilter, table: PriceTable, rule: TokenRule, group_by: Sequence[str] = ()
) -> list[StoredPriced]:
    """The calls of ``chosen`` with ``table``'s prices, dearest group first; one group in all without ``group_by``.

    Raises :class:`ConfigError` for more than :data:`MOST_GROUPS` groups.
    """
    where, parameters = chosen.where("c")
    statement = sql.statement(where, _tokens(rule), group_by)
    rows = store.query_rows(statement, {**parameters, **_table(table), **_factors(rule), "limit": MOST_GROUPS + 1})
    if len(rows) > MOST_GROUPS:
        raise ConfigError(f"more than {MOST_GROUPS:,} groups: group by less, or choose some with a filter")
    return [_stored(row, len(group_by)) for row in rows]


def _tokens(rule: TokenRule) -> Mapping[str, str]:
    cached = {
        "read": sql.scaled("cache_read_tokens", "input_factor"),
        "write": sql.scaled("cache_write_tokens", "input_factor"),
    }
    if rule.cache is not None:
        cached = {name: f"if(input >= {{cache_from:Int64}}, {_part(name)}, 0)" for name in ("read", "write")}
    return {
        "input": sql.scaled("input_tokens", "input_factor"),
        "output": sql.scaled("output_tokens", "output_factor"),
        "reasoning": sql.scaled("reasoning_tokens", "output_factor"),
        **cached,
    }


def _part(name: str) -> str:
    return f"intDiv(input * {{cache_{name}:Int64}}, {MILLION})"


def _factors(rule: TokenRule) -> Mapping[str, int]:
    cache = rule.cache or NO_CACHE
    return {
        "input_factor": rule.input_factor,
        "output_factor": rule.output_factor,
        "cache_read": cache.read,
        "cache_write": cache.write,
        "cache_from": cache.from_tokens,
    }


def _table(table: PriceTable) -> Mapping[str, Any]:
    prices = {
        name: list(column) for name, column in zip(sql.PRICE_PARAMETERS, zip(*table.cells, strict=True), strict=True)
    }
    return {
        **prices,
        "keys": list(table.row_of),
        "rows": list(table.row_of.values()),
        "eras": list(table.eras),
        "above": list(table.above),
        "most_context": list(table.most_context),
        "most_output": list(table.most_output),
    }


def _stored(row: Mapping[str, Any], groups: int) -> StoredPriced:
    values = {
        name: value for name, value in row.items() if not name.endswith("_nano") and name not in _group_names(groups)
    }
    values |= {
        f"{name.removesuffix('_nano')}_usd": value * _NANO for name, value in row.items() if name.endswith("_nano")
    }
    values["group"] = tuple(row[name] for name in _group_names(groups))
    values["too_large_traces"] = tuple(row["too_large_traces"])
    return StoredPriced(**values)


def _group_names(groups: int) -> tuple[str, ...]:
    return tuple(f"g{number}" for number in range(groups))
