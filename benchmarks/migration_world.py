"""Simulated calls of two models on a route, as the triggers of a migration see them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from watchkeeper.storage.route_arms import MOST_LATENCIES, RouteArm

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
WINDOW_S = 300.0
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Route:
    """What calls of a route are like; of both models the same unless said otherwise."""

    per_s: float
    errors: float
    spread: float
    """Of the logarithm of the latency."""
    broken: float = 0.02


@dataclass(frozen=True, slots=True)
class Load:
    """What moves both models alike: the time of the day, and one hour unlike the next."""

    by_hour: Floats
    """Added to the logarithm of the latency."""
    trouble: Floats
    """Times the error rate."""

    @classmethod
    def drawn(cls, rng: np.random.Generator, hours: int) -> "Load":
        """Of ``hours``, slowest in the afternoon."""
        day = 0.15 * np.sin(2 * np.pi * (np.arange(hours) - 9) / 24)
        return cls(day + rng.normal(0, 0.1, hours), np.exp(rng.normal(0, 0.3, hours)))


@dataclass(frozen=True, slots=True, eq=False)
class Calls:
    """Calls [n] of one model, by time."""

    at: Floats
    failed: Bools
    broken: Bools
    latency: Floats
    cost: Floats

    def arm(self, first: int, last: int, rng: np.random.Generator) -> RouteArm:
        """Those from ``first`` up to ``last``, as the store sums them."""
        failed, cost = self.failed[first:last], self.cost[first:last]
        answered = ~failed
        broken = self.broken[first:last] & answered
        useful = answered & ~broken
        latency = self.latency[first:last][answered]
        if len(latency) > MOST_LATENCIES:
            latency = rng.choice(latency, MOST_LATENCIES, replace=False)
        return RouteArm(
            calls=last - first,
            errors=int(failed.sum()),
            by_request=last - first,
            latencies_s=latency if len(latency) else None,
            format_checked=int(answered.sum()),
            format_broken=int(broken.sum()),
            costed=last - first,
            useful=int(useful.sum()),
            cost=float(cost.sum()),
            cost_squared=float((cost * cost).sum()),
            cost_of_useful=float(cost[useful].sum()),
        )


def drawn(route: Route, share: float, load: Load, hours: tuple[int, int], rng: np.random.Generator) -> Calls:
    """The calls of a model with ``share`` of the route from one hour of ``load`` up to another."""
    first, last = hours
    n = rng.poisson(route.per_s * share * (last - first) * 3600)
    at = np.sort(rng.uniform(first * 3600.0, last * 3600.0, n))
    hour = (at // 3600).astype(np.int64)
    return Calls(
        at=at,
        failed=rng.random(n) < route.errors * load.trouble[hour],
        broken=rng.random(n) < route.broken,
        latency=np.exp(load.by_hour[hour] + route.spread * rng.standard_normal(n)),
        cost=np.exp(0.5 * rng.standard_normal(n)) * 1e-3,
    )


def windows(calls: Calls, ends: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """[W] first and one past the last call within the window before each of ``ends`` [W]."""
    return np.searchsorted(calls.at, ends - WINDOW_S), np.searchsorted(calls.at, ends)


def may_fire(baseline: Calls, candidate: Calls, ends: Floats, *, alone: bool) -> Iterator[float]:
    """Those of ``ends`` at which a trigger could fire: the others need no closer look.

    A p95 beyond 1.5 times the other means that one of both lies beyond the square root of that from any level between.
    ``alone``: the baseline's calls are of other days, and only the candidate's move.
    """
    first, last = windows(candidate, ends)
    errors = _within(candidate.failed, first, last)
    level = np.quantile(baseline.latency, 0.95) if len(baseline.at) else 1.0
    root = 1.1 if alone else np.sqrt(1.5)
    odd = _within(candidate.latency > level * root, first, last) >= 0.05 * (last - first) - 1
    odd |= _within(candidate.broken, first, last) > 0.03 * (last - first)
    if not alone:
        old_first, old_last = windows(baseline, ends)
        odd |= _within(baseline.latency > level / root, old_first, old_last) <= 0.05 * (old_last - old_first) + 1
    yield from ends[(errors >= 5) | (last - first >= 20) & odd]


def _within(flags: Bools, first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    total = np.concatenate([[0], np.cumsum(flags)])
    found: npt.NDArray[np.int64] = total[last] - total[first]
    return found
