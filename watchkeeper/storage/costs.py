"""What calls cost, by any of their dimensions and by interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from watchkeeper.errors import ConfigError
from watchkeeper.schema import Outcome
from watchkeeper.storage.call_filter import expression
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_plan import DAYS, CostPlan, CostQuery, Interval, Segment
from watchkeeper.storage.cost_sums import Ints, Sums, fold, joined, whole

TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
COSTS = ("cost_usd", "cost_input_usd", "cost_cache_read_usd", "cost_cache_write_usd", "cost_output_usd")
FAILURES = tuple(outcome for outcome in Outcome if outcome is not Outcome.OK)
SUPERSEDED = "superseded"
"""Not an outcome: calls that went well, but whose answer a later attempt replaced."""
_COUNTS = ("calls", "calls_with_usage", "calls_unpriced", *TOKENS)
_SUMMED = (*_COUNTS, *COSTS)
MOST_CELLS = 500_000
_HOUR_US = 3_600_000_000
_ROWS_A_GROUP = 2 * len(Outcome)


Days = Callable[[CostQuery, Segment, Sequence[str]], Sums | None]
"""Reads a segment of whole days as :func:`read_cells` does, from elsewhere than the store; None where it cannot."""


def read_costs(store: Store, query: CostQuery, plan: CostPlan, most_groups: int, days: Days | None = None) -> Sums:
    """Groups of ``query``, in no order, keys ``interval`` (Unix seconds; 0 without intervals), ``d0``, ``d1`` ….

    Counts: ``calls``, ``calls_with_usage``, ``calls_unpriced`` (tokens, but no price), ``successful_calls`` (outcome
    ok), ``known_calls`` (their cost is known), ``known_successful_calls``, and :data:`TOKENS`. Money: :data:`COSTS`
    and ``wasted_NAME`` for each of :data:`FAILURES` and for :data:`SUPERSEDED`, 0 unless retries are asked for.

    A call whose tokens came later in a row of its own is counted once. In a rollup, calls whose cost is known are those
    with tokens and a price, and the hits of a gateway's cache.

    Raises :class:`~watchkeeper.errors.ConfigError` for more than ``most_groups`` groups.
    """
    cells = read_cells(CellSource(store, query, days), plan, ("outcome",), most_groups * _ROWS_A_GROUP)
    sums = fold({name: cells.keys[name] for name in group_keys(query)}, _values(cells))
    if len(sums) > most_groups:
        raise _too_many(most_groups)
    return sums


def read_folded(source: "CellSource", plan: CostPlan, keys: Sequence[str]) -> Sums:
    """Groups of the query, kept apart by the columns ``keys`` too (see :func:`read_cells`), with the sums alone.

    Raises :class:`~watchkeeper.errors.ConfigError` for more than :data:`MOST_CELLS` of them.
    """
    cells = read_cells(source, plan, keys, MOST_CELLS)
    return fold(cells.keys, {name: cells[name] for name in _SUMMED})


def group_keys(query: CostQuery) -> tuple[str, ...]:
    """Names of the columns that keep the groups of ``query`` apart."""
    return ("interval", *(f"d{place}" for place in range(len(query.dimensions))))


@dataclass(frozen=True, slots=True)
class CellSource:
    """The question, and what its answer is read from."""

    store: Store
    query: CostQuery
    days: Days | None = None


def read_cells(source: CellSource, plan: CostPlan, keys: Sequence[str], most_rows: int) -> Sums:
    """A row for each group, each combination of the columns ``keys`` and each part of the plan, not added up further.

    Keys: those of :func:`group_keys` and ``keys``, among which may be ``day``, the UTC day in Unix seconds. Values: the
    sums, ``known`` and ``superseded_usd``. Raises :class:`~watchkeeper.errors.ConfigError` for more than ``most_rows``.
    """
    parts = [_part(source, segment, keys, most_rows) for segment in plan.segments]
    if sum(len(part) for part in parts) > most_rows:
        raise _too_many(most_rows)
    return joined(parts)


def _part(source: CellSource, segment: Segment, keys: Sequence[str], most_rows: int) -> Sums:
    if source.days is not None and segment.source is DAYS:
        found = source.days(source.query, segment, keys)
        if found is not None:
            return found
    statement, parameters = _statement(source.query, segment, keys)
    table = source.store.query_arrow(statement, {**parameters, "most_rows": most_rows + 1})
    names = (*group_keys(source.query), *keys)
    values = {name: whole(table[name]) for name in table.column_names if name not in names}
    return Sums({name: _key(table[name]) for name in names}, _with_known(values))


def _key(column: Any) -> Any:
    return column.combine_chunks() if pa.types.is_string(column.type) else pa.array(whole(column))


def _too_many(most: int) -> ConfigError:
    return ConfigError(
        f"more than {most:,} groups: choose a shorter period, a longer interval, fewer dimensions or a filter"
    )


def _values(cells: Sums) -> dict[str, Ints]:
    outcome = cells.keys["outcome"].dictionary_encode()
    names, codes = outcome.dictionary.to_pylist(), outcome.indices.to_numpy()

    def only(name: str, outcome_name: str) -> Ints:
        values = cells[name]
        return np.where(codes == names.index(outcome_name), values, 0) if outcome_name in names else values * 0

    return {
        **{name: cells[name] for name in _SUMMED},
        "successful_calls": only("calls", Outcome.OK),
        "known_calls": cells["known"],
        "known_successful_calls": only("known", Outcome.OK),
        **{f"wasted_{failure}": only("cost_usd", failure) for failure in FAILURES},
        f"wasted_{SUPERSEDED}": cells["superseded_usd"],
    }


def _with_known(values: dict[str, Ints]) -> dict[str, Ints]:
    """Rows of a rollup lack two numbers that single calls have."""
    if "known" in values:
        return values
    told = values["calls_with_usage"] - values["calls_unpriced"]
    known = np.where(values.pop("hit"), values["calls"], told)
    return {**values, "known": known, "superseded_usd": np.zeros_like(known)}


def _statement(query: CostQuery, segment: Segment, keys: Sequence[str]) -> tuple[str, dict[str, Any]]:
    moment = f"t.{segment.source.time_column}"
    named = {
        "interval": query.interval.start(moment),
        **{f"d{place}": expression(name, "t") for place, name in enumerate(query.dimensions)},
        **{key: Interval.DAY.start(moment) if key == "day" else f"toString(t.{key})" for key in keys},
        **({"hit": "t.gateway_cache_hit"} if segment.source.bucket_s else {}),
    }
    where, parameters = segment.chosen.where("t", segment.source.time_column)
    columns = [f"{value} AS {name}" for name, value in named.items()]
    table = _ATTEMPTS if query.retries else f"{segment.source.table} AS t"
    sums = (
        _ROLLUP_SUMS if segment.source.bucket_s else (*_CALL_SUMS, _SUPERSEDED if query.retries else _NONE_SUPERSEDED)
    )
    # One thread: several statements at a time share the cores better than each of them using all.
    return (
        f"SELECT {', '.join([*columns, *sums])} FROM {table} "
        f"WHERE {where} GROUP BY {', '.join(named)} LIMIT {{most_rows:UInt64}} SETTINGS max_threads = 1"
    ), parameters


_ROLLUP_SUMS = tuple(f"sum(t.{name}) AS {name}" for name in _SUMMED)
_CALL_SUMS = (
    "sum(t.calls) AS calls",
    "countIf(t.input_tokens IS NOT NULL OR t.output_tokens IS NOT NULL) AS calls_with_usage",
    "countIf(t.cost_status = 'unpriced') AS calls_unpriced",
    *(f"sum(ifNull(t.{name}, 0)) AS {name}" for name in (*TOKENS, *COSTS)),
    "countIf(t.cost_usd IS NOT NULL) AS known",
)
_SUPERSEDED = "sumIf(ifNull(t.cost_usd, 0), t.outcome = 'ok' AND l.last > t.attempt) AS superseded_usd"
_NONE_SUPERSEDED = "sum(toDecimal64(0, 9)) AS superseded_usd"
_ATTEMPT = "trace_id, parent_span_id, service, route"
"""What the attempts of one call have in common."""
_ATTEMPTS = (
    f"calls AS t LEFT ANY JOIN (SELECT {_ATTEMPT}, max(attempt) AS last FROM calls WHERE attempt > 1 "
    "AND ts >= fromUnixTimestamp64Micro({f_begin:Int64}, 'UTC') "
    f"AND ts < fromUnixTimestamp64Micro({{f_end:Int64}} + {_HOUR_US}, 'UTC') GROUP BY {_ATTEMPT}"
    f") AS l USING ({_ATTEMPT})"
)
"""Single calls, each with the number of the last attempt at it, which may begin up to an hour after the period."""
