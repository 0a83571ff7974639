"""Is it over? The reverse of a regression's test: four fifths of the change still there, against none of it."""

import numpy as np

from detectors.alternatives import TAIL
from detectors.columns import Floats
from detectors.shiryaev_roberts import CAP

_STILL = 0.8
_LEAST_RATIO = 1.5
_MOST_SHARE = 0.98
_MORE_VARIED = 1.5
"""Scores may vary so much more after a change than before …"""
_LEAST_VARIED = 0.05
"""… and not less than this share of what 0 and 1 would, though they were all the same before."""
_LEAST_SHARE = 0.001
"""What a rate is taken to recover to where it was next to nothing: half of what it may always be worse by."""


def recovery_evidence(alternative: int | None, since: tuple[float, ...], block: Floats, phi: float) -> float:
    """Log likelihood ratio of a ``block`` (features, see :mod:`.batch`) for recovery, capped either way.

    ``alternative`` is that of a value's alarm, None for a rate; ``since`` are the same features summed from the onset
    to the alarm: what the change was.
    """
    if alternative is None:
        usual = max(since[2], _LEAST_SHARE * since[0])
        evidence = _share(block[0], block[1], block[2], since[1] / max(1e-9, usual))
    elif alternative >= TAIL.start:
        evidence = _tail(block, since)
    else:
        shift = _STILL * since[1] / max(1e-9, since[2])
        evidence = shift * shift / 2 * float(block[2]) - shift * float(block[1])
    return float(np.clip(evidence / phi, -CAP, CAP))


def score_recovery(since: tuple[float, ...], block: Floats, phi: float) -> float:
    """The same of a score, from the sums of :mod:`.score_learner`.

    The likelihoods are those of 0 and 1: scores between have no larger evidence for recovery while there is none
    (Hoeffding's inequality), but less than they are worth, so that it is weighed by how little they vary.
    """
    usual = _within(since[2] / max(1e-9, since[0]))
    still = _within(usual + _STILL * since[1] / max(1e-9, since[0]))
    calls, found = float(block[0]), float(block[1] + block[2])
    evidence = found * np.log(usual / still) + (calls - found) * np.log((1 - usual) / (1 - still))
    known = since[3] / max(1e-9, since[0]) / (usual * (1 - usual))
    varied = float(np.clip(_MORE_VARIED * known, _LEAST_VARIED, 1.0))
    return float(np.clip(evidence / varied / phi, -CAP, CAP))


def _within(share: float) -> float:
    return float(np.clip(share, 1 - _MOST_SHARE, _MOST_SHARE))


def _tail(block: Floats, since: tuple[float, ...]) -> float:
    """The share beyond the former 99th percentile, or the 95th where that one says more."""
    place = 4 if since[4] / max(1e-9, since[0]) > 0.02 else 3
    usual = 0.01 if place == 4 else 0.05
    calls = float(block[0])
    return _share(calls, float(block[place]), usual * calls, since[place] / max(1e-9, usual * since[0]))


def _share(calls: float, bad: float, expected: float, ratio: float) -> float:
    if calls <= 0:
        return 0.0
    good = min(max(expected / calls, _LEAST_SHARE), _MOST_SHARE / _LEAST_RATIO)
    still = min(_MOST_SHARE, good * max(_LEAST_RATIO, _STILL * ratio))
    return float(bad * np.log(good / still) + (calls - bad) * np.log((1 - good) / (1 - still)))
