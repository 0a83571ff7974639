"""Calls of two cohorts that follow a known law, summed into cells as the store does."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

_HALF_OCTAVE = np.log(2) / 2
_PER_BLOCK = 100


@dataclass(frozen=True, slots=True)
class Law:
    """How one cohort behaves; routes and prompt lengths are its traffic, the rest its model."""

    routes: tuple[float, float, float] = (0.5, 0.3, 0.2)
    longer: float = 0.0
    """Added to the logarithm of every prompt's tokens."""
    slower: float = 0.0
    """Added to the logarithm of every latency."""
    errors: float = 1.0
    """Times the error rate."""
    dearer: float = 0.0
    """Added to the logarithm of every cost."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls [n] of one cohort."""

    route: np.ndarray = field(repr=False)
    size: np.ndarray = field(repr=False)
    failed: np.ndarray = field(repr=False)
    broken: np.ndarray = field(repr=False)
    latency: np.ndarray = field(repr=False)
    cost: np.ndarray = field(repr=False)

    def first(self, n: int) -> pa.Table:
        """The cells of the first ``n`` calls."""
        bucket = np.floor(self.size[:n] / _HALF_OCTAVE).astype(np.int64)
        block = np.arange(n) // _PER_BLOCK
        words, place = np.unique(np.column_stack([self.route[:n], bucket, block]), axis=0, return_inverse=True)

        def sums(values: np.ndarray) -> np.ndarray:
            return np.bincount(place.ravel(), values[:n].astype(np.float64), len(words))

        one, useful = np.ones(len(self.route)), ~self.failed & ~self.broken
        x, y = self.size, self.latency
        return pa.table(
            {
                "route": [f"route-{number}" for number in words[:, 0]],
                "bucket": words[:, 1],
                "output_type": ["text"] * len(words),
                "block": words[:, 2],
                "n_error": sums(one),
                "bad_error": sums(self.failed),
                "n_format_failure": sums(~self.failed),
                "bad_format_failure": sums(self.broken),
                "n_latency": sums(one),
                "y_latency": sums(y),
                "yy_latency": sums(y * y),
                "x_latency": sums(x),
                "xx_latency": sums(x * x),
                "xy_latency": sums(x * y),
                "n_cost": sums(one),
                "cost": sums(self.cost),
                "cost_squared": sums(self.cost * self.cost),
                "useful": sums(useful),
                "cost_of_useful": sums(self.cost * useful),
            }
        )


METRICS = ("error", "format_failure", "latency", "cost_per_useful_call")


def drawn(law: Law, n: int, random: np.random.Generator) -> Calls:
    """``n`` calls: prompts and latencies lognormal, longer prompts slower and dearer, rates by route."""
    route = random.choice(3, n, p=law.routes)
    size = np.array([5.0, 6.5, 7.5])[route] + law.longer + 0.9 * random.standard_normal(n)
    failed = random.random(n) < np.array([0.01, 0.03, 0.005])[route] * law.errors
    broken = ~failed & (random.random(n) < 0.03 * (1 + route))
    latency = law.slower + 0.25 * size + 0.3 * route + 0.7 * random.standard_normal(n)
    cost = np.exp(law.dearer) * (np.exp(size) * 1e-6 + np.exp(5 + 0.8 * random.standard_normal(n)) * 4e-6)
    return Calls(route, size, failed, broken, latency, cost)
