"""Confidence sequences: intervals that hold at all looks together, however often somebody looks.

An estimate whose variance shrinks as calls come behaves like Brownian motion in its information (one over its
variance). The normal mixture of Robbins (*Statistical methods related to the law of the iterated logarithm*, 1970), in
the form of Howard, Ramdas, McAuliffe and Sekhon (*Time-uniform, nonparametric, nonasymptotic confidence sequences*,
2021), bounds that motion for ever; with estimated variances it holds in the limit (Waudby-Smith, Arbour, Sinha,
Kennedy and Ramdas, *Time-uniform central limit theory and asymptotic confidence sequences*, 2024).
"""

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import lambertw

_LEAST, _MOST = 1e-3, 1e6


def half_width(information: float, alpha: float, tuned_at: float) -> float:
    """Half the length of the interval at ``information``; the chance ever to miss is at most ``alpha``.

    ``tuned_at``: the information at which the interval is to be narrowest, chosen before looking. Infinite for no
    information.
    """
    if information <= 0:
        return math.inf
    mixing = _mixing(alpha, tuned_at)
    total = information + mixing
    return math.sqrt(total * math.log(total / (mixing * alpha * alpha))) / information


def information_for(width: float, alpha: float) -> float:
    """The information at which a sequence tuned for it is ``width`` wide to either side."""
    unit = half_width(1.0, alpha, 1.0)
    return (unit / width) ** 2


def needed(information: float, room: float, alpha: float, tuned_at: float) -> float | None:
    """By what factor ``information`` must grow for the interval to shrink to ``room``; None: beyond a million times."""
    if information <= 0 or room <= 0:
        return None

    def excess(log_factor: float) -> float:
        return half_width(information * math.exp(log_factor), alpha, tuned_at) - room

    if excess(math.log(_MOST)) > 0:
        return None
    if excess(math.log(_LEAST)) < 0:
        return _LEAST
    return float(np.exp(brentq(excess, math.log(_LEAST), math.log(_MOST), xtol=1e-3)))


def _mixing(alpha: float, tuned_at: float) -> float:
    """Variance of the mixture that makes the boundary lowest at ``tuned_at`` (Howard et al., section 3.2)."""
    return tuned_at / float(-lambertw(-alpha * alpha / math.e, -1).real - 1)
