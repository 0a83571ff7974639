"""What a provider's cache saved, and a careful estimate of what it could still save.

Saved: tokens read from and written to a cache, at the price that uncached input of the same provider, model and UTC day
really had among the calls in question, less what they cost (a premium for writing thus counts against it).

Could still save: had every route and model, on each day, read the share of its input from the cache that it read on
its best day of the period with at least :data:`FEWEST_CALLS` calls, each further token read would have saved what one
saved on average for that provider and model in the period. A route that never read from a cache is unknown, not zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.storage.cost_sums import Ints, Sums, grouped

CELL = ("service", "route", "provider", "model", "day")
"""What cells are kept apart by, besides the groups that are asked for."""
FEWEST_CALLS = 100
MOST_OTHER = 0.01
"""A day of a route and model with a larger share of calls, or cost, that we could not price is left out."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Caching:
    """By group, in nano-dollars; NaN where not known."""

    saved: Floats
    could_save: Floats


def caching(cells: Sums, of_group: Ints, groups: int) -> Caching:
    """Of ``groups`` groups; ``of_group`` is the number of the group that each cell belongs to."""
    saved, price_known = _saved(cells)
    could_save, known = _could_save(cells, np.where(price_known, saved, 0.0), price_known)
    cached = cells["cache_read_tokens"] + cells["cache_write_tokens"]
    # Nothing cached is nothing saved; cached tokens without a price to compare with are unknown.
    return Caching(
        _by_group(saved, price_known | (cached == 0), of_group, groups),
        _by_group(could_save, known, of_group, groups),
    )


def _saved(cells: Sums) -> tuple[Floats, npt.NDArray[np.bool_]]:
    uncached = cells["input_tokens"] - cells["cache_read_tokens"] - cells["cache_write_tokens"]
    parts = sum(cells[f"cost_{part}_usd"] for part in ("input", "cache_read", "cache_write", "output"))
    # Calls without a price of ours have tokens, but no cost of them to compare.
    clean = (cells["calls_unpriced"] <= MOST_OTHER * cells["calls_with_usage"]) & (
        cells["cost_usd"] - parts <= MOST_OTHER * cells["cost_usd"]
    )
    counted = clean & (uncached > 0)
    model = _places(cells, ("provider", "model", "day"))
    price = _ratio(_summed(cells["cost_input_usd"], counted, model), _summed(uncached, counted, model))[model]
    cached = cells["cache_read_tokens"] + cells["cache_write_tokens"]
    paid = cells["cost_cache_read_usd"] + cells["cost_cache_write_usd"]
    known = clean & (price > 0)
    return np.where(known & (cached > 0), price * cached - paid, 0.0), known


def _could_save(cells: Sums, saved: Floats, price_known: npt.NDArray[np.bool_]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    read, total = cells["cache_read_tokens"], cells["input_tokens"]
    everything = np.ones(len(read), np.bool_)
    model = _places(cells, ("provider", "model"))
    per_token = _ratio(_summed(saved, price_known, model), _summed(read, price_known, model))[model]

    day = _places(cells, CELL)
    share = _ratio(_summed(read, everything, day), _summed(total, everything, day))[day]
    enough = (_summed(cells["calls_with_usage"], everything, day) >= FEWEST_CALLS)[day]
    route = _places(cells, ("service", "route", "provider", "model"))
    best = np.zeros(route.max(initial=-1) + 1)
    np.maximum.at(best, route, np.where(enough, np.nan_to_num(share), 0.0))
    known = (best[route] > 0) & np.isfinite(per_token)
    further = np.maximum(best[route] - np.nan_to_num(share), 0.0) * total
    return np.where(known, further * np.maximum(np.nan_to_num(per_token), 0.0), 0.0), known


def _places(cells: Sums, names: Sequence[str]) -> Ints:
    columns: list[Any] = [cells.keys[name] for name in names]
    return grouped(columns)[0]


def _summed(values: Any, counted: npt.NDArray[np.bool_], place: Ints) -> Floats:
    groups = int(place.max(initial=-1)) + 1
    return np.bincount(place[counted], weights=values[counted], minlength=groups).astype(np.float64)


def _ratio(amount: Floats, of: Floats) -> Floats:
    """NaN where there is nothing to divide by."""
    found: Floats = np.divide(amount, of, out=np.full(len(of), np.nan), where=of > 0)
    return found


def _by_group(values: Floats, known: npt.NDArray[np.bool_], of_group: Ints, groups: int) -> Floats:
    """Sums of what is known; NaN for a group of which nothing is."""
    sums = np.bincount(of_group[known], weights=values[known], minlength=groups)
    return np.where(np.bincount(of_group[known], minlength=groups) > 0, sums, np.nan)
