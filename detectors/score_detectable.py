"""The smallest change of a score that would be seen within an hour, a day or a week, on average.

As :mod:`.detectable` has it for rates and values, with the law of the scores tilted to where its mean has moved.
"""

import numpy as np

from detectors.alternatives import DOWN, UP
from detectors.columns import Bools, Floats
from detectors.detectable import WITHIN, Visible, Walk, nothing_visible, within_words
from detectors.metrics import Direction
from detectors.score_baseline import score_laws, tilted
from detectors.score_learner import ScoreLearner

_MOVES: Floats = np.geomspace(0.05, 4.0, 60)
"""Standard deviations that are tried."""


def visible_score(
    name: str, learner: ScoreLearner, weights: Floats, per_second: float, patience_s: float
) -> list[Visible]:
    """For a score tested with ``weights`` [K], with so many scores a second; of two ways the fall."""
    baseline, grid = learner.pinned, learner.grid
    if baseline is None or grid is None or not weights.any():
        return [nothing_visible(name, within) for within in WITHIN]
    counts = (learner.fixed or learner.total).counts[: len(baseline.mean)]
    known = counts.sum(axis=1) * baseline.known
    part, laws = known / known.sum(), score_laws(counts)
    way, slots = (1.0, UP) if learner.direction is Direction.UP else (-1.0, DOWN)
    moved = [_moved(laws, baseline.mean, baseline.scale, way * by, grid.places) for by in _MOVES]
    after = np.array([part @ (law @ grid.places) for law in moved])
    drift = np.array([part @ np.einsum("sb,sbk->sk", law, baseline.evidence[:, :, slots]) for law in moved])
    square = np.array([part @ np.einsum("sb,sbk->sk", law, baseline.evidence[:, :, slots] ** 2) for law in moved])
    variance = np.maximum(square - drift * drift, 0.0) / baseline.phi
    judged = per_second * float(known.sum() / counts.sum())
    walk = Walk(drift / baseline.phi, variance, weights[slots], judged, patience_s)
    before = float(part @ baseline.mean)
    return [_visible(name, within, before, after, walk.arrives(time_s)) for within, time_s in WITHIN.items()]


def _moved(laws: Floats, mean: Floats, scale: Floats, by: float, places: Floats) -> Floats:
    """[S, BINS] the laws with means that lie ``by`` standard deviations elsewhere, as far as there is room."""
    sign = np.sign(by)
    return np.array(
        [tilted(law, sign * (places - m) / s, abs(by)) for law, m, s in zip(laws, mean, scale, strict=True)]
    )


def _visible(name: str, within: str, before: float, after: Floats, seen: Bools) -> Visible:
    if not seen.any():
        return nothing_visible(name, within)
    found = float(after[int(np.argmax(seen))])
    return Visible(within, found, f"→ {found:.3g}", f"{name} {before:.3g} → {found:.3g} within {within_words(within)}")
