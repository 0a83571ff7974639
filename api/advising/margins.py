"""How much worse is not worse yet, on a route."""

from collections.abc import Mapping

from api.comparing.compare import MARGINS, RATES, Margin
from api.requirements.models import Requirements

_LEAST_RATE = 0.001
"""A margin of a rate that is 0 today would be nothing, and no number of calls would do."""


def margins(needed: Requirements) -> Mapping[str, Margin]:
    """The margins of the comparison, with those that are stated in their place."""
    stated: dict[str, Margin] = {
        metric: Margin(share, _LEAST_RATE if metric in RATES else 0.0)
        for metric, share in (needed.margins or {}).items()
    }
    return {**MARGINS, **stated}
