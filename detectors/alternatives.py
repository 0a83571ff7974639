"""The alternatives a metric is tested against, by position: what may have happened, and how much of it."""

import numpy as np

from detectors.columns import Floats
from detectors.metrics import Direction

ODDS: Floats = np.array([1.5, 2.0, 3.0, 5.0, 10.0, 30.0])
"""Odds ratios of a rate. Capped at 30: beyond it two bad calls in a row of a rare kind would be a change."""
SHIFTS: Floats = np.log(np.array([1.1, 1.2, 1.5, 2.0]))
"""Everything is slower (longer, dearer) by so much: shifts of the logarithm."""
SLOW_SHARE: Floats = np.array([0.01, 0.03, 0.03, 0.1])
SLOW_BY: Floats = np.array([3.5, 2.5, 1.5, 1.5])
"""A few calls become much slower: the share of them, and by how many standard deviations of the baseline."""

UP, DOWN, TAIL = slice(0, 4), slice(4, 8), slice(8, 12)
ALTERNATIVES = 12
"""Alternatives a metric has room for: a value uses all, a rate the first six."""
_TAIL_WEIGHT = 0.3

_LABELS = (
    *(f"everything +{round((np.exp(d) - 1) * 100)} %" for d in SHIFTS),
    *(f"everything -{round((1 - np.exp(-d)) * 100)} %" for d in SHIFTS),
    *(f"tail: {share:.0%} of calls {by:g} sd slower" for share, by in zip(SLOW_SHARE, SLOW_BY, strict=True)),
)


def rate_label(position: int) -> str:
    """In words, e.g. ``odds ×3``."""
    return f"odds ×{ODDS[position]:g}"


def value_label(position: int) -> str:
    """In words, e.g. ``everything +20 %``."""
    return _LABELS[position]


def is_down(position: int) -> bool:
    """Is the value alternative at ``position`` a fall?"""
    return DOWN.start <= position < DOWN.stop


def is_tail(position: int) -> bool:
    """Does the value alternative at ``position`` speak of the slowest calls only?"""
    return position >= TAIL.start


def value_weights(direction: Direction, resolved: Floats) -> Floats:
    """[12] weights that sum to 1 of the alternatives that are of interest and ``resolved`` [12]; all 0 for none."""
    wanted = np.zeros(ALTERNATIVES)
    if direction is not Direction.DOWN:
        wanted[UP], wanted[TAIL] = 1 - _TAIL_WEIGHT, _TAIL_WEIGHT
    if direction is not Direction.UP:
        wanted[DOWN] = 1
    wanted *= resolved
    total = wanted.sum()
    weights: Floats = wanted / total if total else wanted
    return weights
