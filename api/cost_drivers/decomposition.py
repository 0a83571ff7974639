"""Why cost moved between two periods: an exact decomposition of the difference into drivers, slice by slice.

Each driver's share is its Shapley value (:mod:`api.cost_drivers.shapley`) over the factors of
:mod:`api.cost_drivers.factors`: the average, over all orders in which the factors could have changed, of what the
change of this one adds. So no driver is favoured by the order, a factor that did not change has no share, and nothing
is left over. LMDI, the other method without a rest, divides by logarithms, which cells that appear or vanish do not
have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

import numpy as np

from api.cost_drivers.factors import Factors, Floats, Key, cell_key, factors_of
from api.cost_drivers.shapley import shapley
from watchkeeper.storage.cost_cells import CostCell

_NANO = Decimal("1e-9")


class Driver(StrEnum):
    """What can move cost, in the order in which a bill comes about."""

    PERIOD_LENGTH = "period_length"
    VOLUME = "volume"
    ROUTE_MIX = "route_mix"
    MODEL_MIX = "model_mix"
    INPUT_LENGTH = "input_length"
    OUTPUT_LENGTH = "output_length"
    CACHE = "cache"
    UNIT_PRICE = "unit_price"
    WASTE = "waste"
    COVERAGE = "coverage"


_OF_A_CALL: Mapping[Driver, tuple[str, ...]] = {
    Driver.INPUT_LENGTH: ("input",),
    Driver.OUTPUT_LENGTH: ("output",),
    Driver.CACHE: ("cache_read", "cache_write", "gateway"),
    Driver.UNIT_PRICE: ("prices", "rest"),
}
_OF_CALLS: Mapping[Driver, tuple[str, ...]] = {
    Driver.PERIOD_LENGTH: ("days",),
    Driver.VOLUME: ("daily",),
    Driver.ROUTE_MIX: ("route_share",),
    Driver.MODEL_MIX: ("model_share",),
    Driver.WASTE: ("waste", "lone_waste"),
    Driver.COVERAGE: ("known", "known_waste"),
}

_FIELDS = {**_OF_A_CALL, **_OF_CALLS}

Parts = dict[Driver, Decimal]


@dataclass(frozen=True, slots=True)
class SliceChange:
    """What one slice cost in both periods, and why that differs; ``parts`` add up to ``after - before``."""

    key: Key
    before: Decimal
    after: Decimal
    parts: Parts

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """The whole difference. Row ``n`` of both periods' factors belongs to ``slices[n]``."""

    slices: Sequence[SliceChange]
    factors: tuple[Factors, Factors]

    @property
    def parts(self) -> Parts:
        """Of all slices together; they add up to the difference, exactly."""
        return {driver: sum((one.parts[driver] for one in self.slices), Decimal(0)) for driver in Driver}


def explain(before: Sequence[CostCell], after: Sequence[CostCell], days: tuple[float, float]) -> Explanation:
    """Decompose the cost of ``after`` less that of ``before``; the periods are ``days`` long."""
    keys = sorted({cell_key(cell) for cell in (*before, *after)})
    costs = [_costs(cells) for cells in (before, after)]
    factors = factors_of(keys, (before, after), days)
    shares = driver_shares(*factors)
    slices = [
        _change(key, costs[0].get(key, Decimal(0)), costs[1].get(key, Decimal(0)), shares[:, row])
        for row, key in enumerate(keys)
    ]
    return Explanation(slices, factors)


def _costs(cells: Sequence[CostCell]) -> dict[Key, Decimal]:
    found: dict[Key, Decimal] = {}
    for cell in cells:
        found[cell_key(cell)] = found.get(cell_key(cell), Decimal(0)) + cell.cost_usd
    return found


def driver_shares(before: Factors, after: Factors) -> Floats:
    """Dollars by driver (rows, in the order of :class:`Driver`) and slice (columns)."""
    of_a_call = [driver for driver in _OF_A_CALL if _differs(driver, before, after)]
    of_calls = [driver for driver in _OF_CALLS if _differs(driver, before, after)]
    moved = [*of_a_call, *of_calls]
    # What a call costs depends on few of the factors and takes longest: once for each of their sets.
    each = [_blend(before, after, _chosen(of_a_call, made)).cost_per_call() for made in range(2 ** len(of_a_call))]

    def worth(made: int) -> Floats:
        return _blend(before, after, _chosen(moved, made)).spend(each[made % len(each)])

    shares = dict(zip(moved, shapley(worth, len(moved)), strict=True))
    nothing = np.zeros(len(before.waste))
    return np.array([shares.get(driver, nothing) for driver in Driver])


def _differs(driver: Driver, before: Factors, after: Factors) -> bool:
    return any(not np.array_equal(getattr(before, name), getattr(after, name)) for name in _FIELDS[driver])


def _chosen(drivers: Sequence[Driver], made: int) -> list[Driver]:
    return [driver for place, driver in enumerate(drivers) if made >> place & 1]


def _blend(before: Factors, after: Factors, drivers: Sequence[Driver]) -> Factors:
    """``before`` with the factors of ``drivers`` as they are in ``after``."""
    return replace(before, **{name: getattr(after, name) for driver in drivers for name in _FIELDS[driver]})


def _change(key: Key, before: Decimal, after: Decimal, shares: Floats) -> SliceChange:
    """With shares in nano-dollars; what rounding leaves goes to the largest."""
    parts = {driver: Decimal(share).quantize(_NANO) for driver, share in zip(Driver, shares.tolist(), strict=True)}
    largest = max(parts, key=lambda driver: abs(parts[driver]))
    parts[largest] += (after - before) - sum(parts.values(), Decimal(0))
    return SliceChange(key, before, after, parts)
