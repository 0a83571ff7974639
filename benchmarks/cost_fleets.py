"""Random fleets of routes and models, and single causes that change what they cost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from api.cost_drivers.decomposition import Driver, Explanation
from watchkeeper.storage.cost_cells import CostCell

_NANO = Decimal("1e-9")
_PRICES = np.array([2.5e-6, 1.25e-6, 3.125e-6, 10e-6])
"""Dollars a token: uncached input, cache read, cache write, output."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """One route on one model in a period: rates and shares, from which its cells follow."""

    key: tuple[str, str, str, str, str, str]
    answers: float
    waste: float
    """Wasted calls for each answer."""
    input: float
    output: float
    cache_read: float
    prices: tuple[float, ...]

    def cells(self) -> list[CostCell]:
        """Of the useful and of the wasted calls."""
        return [
            self._cell(True, self.answers, self.output),
            self._cell(False, self.answers * self.waste, 2 * self.output),
        ]

    def _cell(self, useful: bool, calls: float, output: float) -> CostCell:
        calls = round(calls)
        write = 0.1 * (1 - self.cache_read)
        shares = np.array([1 - self.cache_read - write, self.cache_read, write])
        tokens = np.array([*(calls * self.input * shares), calls * output])
        parts = [Decimal(float(part)).quantize(_NANO) for part in tokens * np.array(self.prices)]
        cached = float(tokens[1]), float(tokens[2])
        sums = float(tokens[:3].sum()), float(tokens[3])
        return CostCell(*self.key, useful, calls, 0, calls, 0, *sums, *cached, sum(parts, Decimal(0)), *parts)


Fleet = list[Traffic]
Cause = Callable[[Fleet, float, np.random.Generator], Fleet]
"""Changes a fleet by one cause alone, as strongly as the factor says."""


def random_fleet(rng: np.random.Generator, slices: int) -> Fleet:
    """Slices whose size, lengths and prices lie orders of magnitude apart, on a few routes with several models each."""
    return [_random_traffic(rng, number, slices) for number in range(slices)]


def _random_traffic(rng: np.random.Generator, number: int, slices: int) -> Traffic:
    route = f"route-{number % max(1, slices // 3)}"
    return Traffic(
        key=("shop", "production", route, "chat", "openai", f"model-{number}"),
        answers=float(rng.lognormal(9, 1.5)) + 1_000,
        waste=float(rng.uniform(0, 0.15)),
        input=float(rng.lognormal(7, 0.8)),
        output=float(rng.lognormal(5, 0.7)),
        cache_read=float(rng.uniform(0, 0.5)),
        prices=tuple((_PRICES * rng.lognormal(0, 1)).tolist()),
    )


def cells_of(fleet: Fleet) -> list[CostCell]:
    """All cells."""
    return [cell for traffic in fleet for cell in traffic.cells()]


def _scaled(name: str) -> Cause:
    def cause(fleet: Fleet, factor: float, _: np.random.Generator) -> Fleet:
        return [replace(one, **{name: getattr(one, name) * factor}) for one in fleet]

    return cause


def _price(fleet: Fleet, factor: float, _: np.random.Generator) -> Fleet:
    return [replace(one, prices=tuple(price * factor for price in one.prices)) for one in fleet]


def _cache(fleet: Fleet, factor: float, _: np.random.Generator) -> Fleet:
    return [replace(one, cache_read=min(0.9, one.cache_read * factor)) for one in fleet]


def _mix(fleet: Fleet, factor: float, rng: np.random.Generator) -> Fleet:
    """The same answers altogether, dealt out anew: dear slices gain, cheap ones lose; one vanishes and one is new."""
    dear = np.array([one.input * one.prices[0] + one.output * one.prices[3] for one in fleet])
    weights = np.array([one.answers for one in fleet]) * (dear / np.median(dear)) ** (factor - 1)
    weights *= rng.uniform(0.8, 1.2, len(fleet))
    weights[int(np.argmin(dear))] = 0
    answers = _whole(weights / weights.sum() * sum(round(one.answers) for one in fleet))
    # The newcomer works as the slice it takes half of the work from, under another model's name.
    donor = int(np.argmax(answers))
    moved = answers[donor] // 2
    answers[donor] -= moved
    changed = [replace(one, answers=float(count)) for one, count in zip(fleet, answers, strict=True)]
    new = replace(fleet[donor], key=(*fleet[donor].key[:5], "model-new"), answers=float(moved))
    return [*changed, new]


def _whole(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    whole = np.floor(shares).astype(np.int64)
    whole[int(np.argmax(whole))] += round(float(shares.sum())) - int(whole.sum())
    return whole


@dataclass(frozen=True, slots=True)
class Planted:
    """A change of one cause, and the drivers that must carry it."""

    change: Cause
    drivers: tuple[Driver, ...]
    local: bool = True
    """It is the same cause when only some slices change: for volume that would be a change of mix."""

    def plant(self, fleet: Fleet, factor: float, rng: np.random.Generator) -> Fleet:
        """The changed fleet: all of it, or every second time a random part of it."""
        if not self.local or rng.random() < 0.5:
            return self.change(fleet, factor, rng)
        part = rng.random(len(fleet)) < 0.3
        part[int(rng.integers(len(fleet)))] = True
        changed = self.change(fleet, factor, rng)
        return [new if moved else old for old, new, moved in zip(fleet, changed, part, strict=True)]


CAUSES: Mapping[str, Planted] = {
    "volume only": Planted(_scaled("answers"), (Driver.VOLUME,), local=False),
    "mix only": Planted(_mix, (Driver.ROUTE_MIX, Driver.MODEL_MIX), local=False),
    "input length only": Planted(_scaled("input"), (Driver.INPUT_LENGTH,)),
    "output length only": Planted(_scaled("output"), (Driver.OUTPUT_LENGTH,)),
    "cache only": Planted(_cache, (Driver.CACHE,)),
    "price only": Planted(_price, (Driver.UNIT_PRICE,)),
    "waste only": Planted(_scaled("waste"), (Driver.WASTE,)),
}


def attributed(explanation: Explanation, drivers: tuple[Driver, ...]) -> float:
    """What ``drivers`` moved, as a share of all that was moved, in either direction."""
    parts = explanation.parts
    moved = sum((abs(amount) for driver, amount in parts.items() if driver not in drivers), Decimal(0))
    own = abs(sum((parts[driver] for driver in drivers), Decimal(0)))
    return float(own / (own + moved)) if own + moved else 0.0
