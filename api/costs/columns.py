"""Sums of costs put as the columns that ``GET /v1/costs`` answers with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from api.costs.caching import Caching
from api.measures import Known, Measure, Money, json_columns, objects, rounded, share, unit_cost, usd
from watchkeeper.storage.cost_sums import Ints, Sums
from watchkeeper.storage.costs import FAILURES, SUPERSEDED, TOKENS

_PARTS = {
    "uncached_input_usd": "cost_input_usd",
    "cache_read_usd": "cost_cache_read_usd",
    "cache_write_usd": "cost_cache_write_usd",
    "output_usd": "cost_output_usd",
}
WASTED = (*(str(failure) for failure in FAILURES), SUPERSEDED)


@dataclass(frozen=True, slots=True, eq=False)
class CostColumns:
    """Rows in columns: what they are about, and their numbers in the order of the answer."""

    dimensions: Mapping[str, Any]
    """Arrow arrays by the dimension's name."""
    intervals: Any
    """Timestamps; null without intervals."""
    measures: Mapping[str, Measure]
    wasted: Mapping[str, Ints]

    def __len__(self) -> int:
        return len(self.intervals)

    def page(self, offset: int, count: int) -> "CostColumns":
        """Rows ``offset`` up to ``offset + count``."""
        part = slice(offset, offset + count)
        return CostColumns(
            {name: column.slice(offset, count) for name, column in self.dimensions.items()},
            self.intervals.slice(offset, count),
            {name: type(one)(one.values[part], one.known[part]) for name, one in self.measures.items()},
            {reason: values[part] for reason, values in self.wasted.items()},
        )

    def rows(self) -> list[dict[str, Any]]:
        """As :class:`~api.costs.models.CostItem` in JSON."""
        groups = objects({name: column.to_pylist() for name, column in self.dimensions.items()})
        written = json_columns(self.measures)
        intervals, count = _iso(self.intervals), len(self)
        return objects(
            {
                "group": groups or [{} for _ in range(count)],
                "interval": intervals,
                **written,
                "wasted": self._wasted(count),
            }
        )

    def _wasted(self, count: int) -> list[dict[str, str]]:
        found: list[dict[str, str]] = [{} for _ in range(count)]
        reasons, amounts = list(self.wasted), np.stack(list(self.wasted.values()))
        which, places = np.nonzero(amounts)
        told = zip(which.tolist(), places.tolist(), usd(amounts[which, places]), strict=True)
        for reason, place, amount in told:
            found[place][reasons[reason]] = amount
        return found

    def table(self) -> pa.Table:
        """One column for each dimension, the interval, each number and each kind of waste."""
        whole = {name: measure.arrow() for name, measure in self.measures.items()}
        known = self.measures["cost_usd"].known
        wasted = {f"wasted_{reason}_usd": Money(values, known).arrow() for reason, values in self.wasted.items()}
        return pa.table({**self.dimensions, "interval": self.intervals, **whole, **wasted})


def cost_measures(sums: Mapping[str, Ints], caching: Caching | None) -> dict[str, Measure]:
    """The numbers of each group, in the order of :class:`~api.costs.models.CostItem`."""
    calls, known_calls, cost = sums["calls"], sums["known_calls"], sums["cost_usd"]
    every = np.ones(len(calls), np.bool_)
    # No calls cost nothing; calls of which none has a known cost cost nobody knows what.
    known = (known_calls > 0) | (calls == 0) | (cost != 0)
    used = (sums["calls_with_usage"] > 0) | (calls == 0)
    wasted = wasted_sum(sums)
    tokens = sums["input_tokens"] + sums["output_tokens"]
    return {
        "calls": Measure(calls, every),
        "successful_calls": Measure(sums["successful_calls"], every),
        "known_calls": Measure(known_calls, every),
        "unpriced_calls": Measure(sums["calls_unpriced"], every),
        "calls_without_usage": Measure(np.maximum(calls - sums["calls_with_usage"], 0), every),
        "cost_usd": Money(cost, known),
        **{name: Money(sums[part], known) for name, part in _PARTS.items()},
        "reported_usd": Money(cost - sum(sums[part] for part in _PARTS.values()), known),
        **{name: Measure(sums[name], used) for name in TOKENS},
        "reasoning_share": share(sums["reasoning_tokens"], sums["output_tokens"], used),
        "cache_hit_share": share(sums["cache_read_tokens"], sums["input_tokens"], used),
        "cost_per_call_usd": unit_cost(cost, known_calls, known),
        "cost_per_successful_call_usd": unit_cost(cost, sums["known_successful_calls"], known),
        "cost_per_1000_tokens_usd": unit_cost(cost, tokens, known & (sums["calls_unpriced"] == 0), 1_000),
        "wasted_usd": Money(wasted, known),
        "wasted_share": share(wasted, cost, known),
        **_cache_measures(caching, every),
    }


def _cache_measures(caching: Caching | None, every: Known) -> dict[str, Measure]:
    unknown = np.full(len(every), np.nan)
    return {
        "cache_savings_usd": rounded(caching.saved if caching else unknown),
        "cache_could_save_usd": rounded(caching.could_save if caching else unknown),
    }


def wasted_sum(sums: Mapping[str, Ints]) -> Ints:
    """Spent on calls without a useful answer; each call counts under one reason."""
    found: Ints = np.stack([sums[f"wasted_{reason}"] for reason in WASTED]).sum(axis=0)
    return found


def cost_columns(sums: Sums, dimensions: tuple[str, ...], caching: Caching | None) -> CostColumns:
    """``sums`` as columns, by interval and then the most expensive first."""
    order = _order(sums, len(dimensions))
    rows = pa.array(order)
    values = {name: column[order] for name, column in sums.values.items()}
    chosen = Caching(caching.saved[order], caching.could_save[order]) if caching else None
    return CostColumns(
        {name: sums.keys[f"d{place}"].take(rows) for place, name in enumerate(dimensions)},
        _moments(sums.keys["interval"].take(rows)),
        cost_measures(values, chosen),
        {reason: values[f"wasted_{reason}"] for reason in WASTED},
    )


def _order(sums: Sums, dimensions: int) -> Ints:
    names = [f"d{place}" for place in range(dimensions)]
    table = pa.table({**sums.keys, "cost": sums["cost_usd"], "calls": sums["calls"]})
    keys = [("interval", "ascending"), ("cost", "descending"), ("calls", "descending")]
    order = pc.sort_indices(table, [*keys, *((name, "ascending") for name in names)])
    return np.asarray(order.to_numpy()).astype(np.int64)


def _iso(moments: Any) -> list[str | None]:
    if moments.null_count:
        return [None] * len(moments)
    return [f"{text}Z" for text in np.datetime_as_string(moments.to_numpy(zero_copy_only=False), unit="s").tolist()]


def _moments(seconds: Any) -> Any:
    """Unix seconds as timestamps; 0 says that there are no intervals."""
    moments = seconds.cast(pa.int64()).cast(pa.timestamp("s", tz="UTC")).cast(pa.timestamp("us", tz="UTC"))
    return pc.if_else(pc.equal(seconds, 0), pa.scalar(None, moments.type), moments)


def total_columns(sums: Sums, caching: Caching | None) -> CostColumns:
    """One row of everything; the same numbers as those of the groups it is the sum of."""
    whole = {name: np.array([total], np.int64) for name, total in sums.totals().items()}
    return CostColumns(
        {},
        pa.nulls(1, pa.timestamp("us", tz="UTC")),
        cost_measures(whole, caching),
        {reason: whole[f"wasted_{reason}"] for reason in WASTED},
    )
