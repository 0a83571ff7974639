"""What the candidate is held against once it is alone: the baseline in the worse hours of its last days.

Without the baseline's calls of the same minutes, an hour with more load or a stumbling provider would be held against
the candidate. No two hours are alike, so that an hour like the worse ones of the baseline is no reason to go back.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from watchkeeper.storage.route_arms import RouteArm

_PLACE = 0.975
"""Of the hours that is taken, from the best to the worst: of errors, latencies, formats and costs each its own."""
_CALLS = 50
"""Of an hour, below which its numbers are mostly chance."""
_HOURS = 12
"""Below which all calls of the baseline are taken together."""


def worse_hours(hours: Sequence[RouteArm], whole: RouteArm) -> RouteArm:
    """The baseline as it is in its worse hours; ``whole``, all of its calls, where too few hours have enough calls."""
    busy = [hour for hour in hours if hour.calls >= _CALLS]
    if len(busy) < _HOURS:
        return whole
    errors = _worse(busy, lambda hour: hour.error_rate)
    slow = _worse(busy, lambda hour: hour.p95_s)
    broken = _worse(busy, lambda hour: hour.format_failures)
    dear = _worse(busy, lambda hour: hour.cost_per_useful_call)
    return replace(
        errors or whole,
        latencies_s=(slow or whole).latencies_s,
        format_checked=(broken or whole).format_checked,
        format_broken=(broken or whole).format_broken,
        costed=(dear or whole).costed,
        useful=(dear or whole).useful,
        cost=(dear or whole).cost,
        cost_squared=(dear or whole).cost_squared,
        cost_of_useful=(dear or whole).cost_of_useful,
    )


def _worse(hours: Sequence[RouteArm], number: Callable[[RouteArm], float | None]) -> RouteArm | None:
    """The hour at :data:`_PLACE` by ``number``; None: it is unknown in all of them."""
    known = sorted(((value, place) for place, hour in enumerate(hours) if (value := number(hour)) is not None))
    return hours[known[math.ceil(_PLACE * len(known)) - 1][1]] if known else None
