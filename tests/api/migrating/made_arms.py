"""Arms with given numbers."""

from dataclasses import replace
from typing import Any

import numpy as np

from watchkeeper.storage.route_arms import RouteArm

LATENCIES = np.exp(0.4 * np.random.default_rng(5).standard_normal(400))


def arm(calls: int = 400, errors: int = 4, latency: float = 1.0, cost: float = 0.01, **more: Any) -> RouteArm:
    """``calls`` that each cost ``cost``, with a median of ``latency`` seconds."""
    useful = calls - errors
    made = RouteArm(
        calls=calls,
        errors=errors,
        by_request=calls,
        latencies_s=latency * LATENCIES[:useful] if useful else None,
        format_checked=useful,
        format_broken=useful // 50,
        costed=calls,
        useful=useful,
        cost=calls * cost,
        cost_squared=calls * cost * cost,
        cost_of_useful=useful * cost,
    )
    return replace(made, **more)
