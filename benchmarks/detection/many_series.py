"""Calls of many series for measuring time and memory: plain traffic, all metrics present, a few failures."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from benchmarks.detection.call_table import Calls, call_table
from benchmarks.detection.seeds import generator

START = 1_788_134_400.0
"""Monday 2026-08-31 00:00 UTC."""
_ROUTES = 10
"""Of each model."""


@dataclass(frozen=True, slots=True)
class ManySeries:
    """``calls`` calls of ``series`` series (ten routes a model), spread evenly over ``days``."""

    calls: int
    series: int
    days: float
    seed: int

    def table(self) -> pa.Table:
        """All of them, in the order of time."""
        random, n = generator(self.seed, "many series"), self.calls
        which = random.integers(0, self.series, n)
        prompt = np.rint(np.exp(6.5 + 0.8 * random.standard_normal(n))) + 1
        output = np.rint(np.exp(5.0 + 0.9 * random.standard_normal(n))) + 1
        load = np.exp(0.4 * random.standard_normal(n))
        first = load * (0.3 + 0.0001 * prompt)
        calls = Calls(
            ts=START + np.sort(random.random(n)) * self.days * 86_400,
            model=np.array([f"model-{one // _ROUTES:03d}" for one in range(self.series)])[which],
            route=np.array([f"route-{one % _ROUTES}" for one in range(self.series)])[which],
            duration_s=first + load * 0.02 * output,
            first_token_s=first,
            input_tokens=prompt,
            output_tokens=output,
            failed=random.random(n) < 0.01,
        )
        return call_table(calls, random)
