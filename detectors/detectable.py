"""The smallest change of a metric that would be seen within an hour, a day or a week, on average.

The evidence after a change is a random walk, and the statistic alarms once that has climbed high enough. How long this
takes on average is what Siegmund's corrected diffusion approximation gives for a CUSUM (*Sequential Analysis*, 1985),
with the height at which a Shiryaev-Roberts mixture of the same patience alarms. Growth and variance are those of the
statistic itself: against the baseline made worse by tolerance and guard, divided by the learned dispersion, and at most
the cap of one block for each block.
"""

from dataclasses import dataclass

import numpy as np

from detectors.alternatives import ODDS, SHIFTS
from detectors.blocks import CALLS, LONGEST_S, SHORTEST_S
from detectors.columns import Bools, Floats
from detectors.rate_evidence import RateBaseline
from detectors.shiryaev_roberts import CAP
from detectors.value_evidence import ValueBaseline

WITHIN = {"hour": 3_600.0, "day": 86_400.0, "week": 604_800.0}
_ODDS_TRIED: Floats = np.geomspace(1.02, 1e5, 700)
_OVERSHOOT = 1.166
"""By how many standard deviations of a step a walk leaps over where it was to arrive (Siegmund 1985)."""
_SHIFTS_TRIED: Floats = np.geomspace(0.01, np.log(10.0), 400)


@dataclass(frozen=True, slots=True)
class Visible:
    """The smallest change visible in a time: ``after`` is a share (rates) or a ratio to what is usual (values)."""

    within: str
    """``hour``, ``day`` or ``week``."""
    after: float | None
    """None: no change that can be told from the usual would be seen in this time."""
    short: str
    """The change in a word: ``→ 3.1%``, ``+20%``, or a dash."""
    text: str


def visible_rate(
    name: str, baseline: RateBaseline, calls: Floats, weights: Floats, per_second: float, patience_s: float
) -> list[Visible]:
    """For a rate learned from ``calls`` [S] by stratum, tested with ``weights`` [K], with so many calls a second."""
    known = calls * baseline.known
    if not known.sum() or not weights.any():
        return [nothing_visible(name, within) for within in WITHIN]
    share, part = baseline.share, known / known.sum()
    odds = _ODDS_TRIED[:, None] * share / (1 - share)
    after = odds / (1 + odds)
    growth = part @ np.log1p(np.outer(baseline.null, ODDS - 1))
    seen = (after @ part)[:, None] * np.log(ODDS) - growth
    judged = per_second * float(known.sum() / calls.sum())
    variance = ((after * (1 - after)) @ part)[:, None] * np.log(ODDS) ** 2 / baseline.phi
    walk = Walk(seen / baseline.phi, variance, weights[: len(ODDS)], judged, patience_s)
    before = float(share @ part)
    return [_rate(name, within, before, after @ part, walk.arrives(time_s)) for within, time_s in WITHIN.items()]


def visible_value(
    name: str,
    baseline: ValueBaseline,
    calls: Floats,
    weights: Floats,
    per_second: float,
    patience_s: float,
) -> list[Visible]:
    """For a value learned from ``calls`` [S] by stratum, tested with ``weights`` [K] of the shifts one way."""
    known = calls * baseline.known
    if not known.sum() or not weights.any():
        return [nothing_visible(name, within) for within in WITHIN]
    part, spread = known / known.sum(), baseline.scale * baseline.core
    precision, guard = float(part @ (1 / spread**2)), float(part @ (baseline.guard / spread))
    step = SHIFTS - baseline.tolerance
    gained = np.subtract.outer(_SHIFTS_TRIED, baseline.tolerance + step / 2) * precision - guard
    judged = per_second * float(known.sum() / calls.sum())
    variance = np.broadcast_to(step * step * precision / baseline.phi, gained.shape)
    walk = Walk(gained * step / baseline.phi, variance, weights, judged, patience_s)
    return [_value(name, within, np.exp(_SHIFTS_TRIED), walk.arrives(time_s)) for within, time_s in WITHIN.items()]


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """The evidence after a change, for ``n`` sizes of it and ``K`` alternatives."""

    drift: Floats
    """[n, K] nats a call."""
    variance: Floats
    """[n, K] a call."""
    weights: Floats
    """[K] of the alternatives."""
    per_second: float
    patience_s: float

    def arrives(self, time_s: float) -> Bools:
        """[n] is there an alarm within ``time_s``, on average?"""
        block = self._block()
        drift = np.minimum(self.drift, CAP / block)
        growth = np.maximum(drift, self.variance / 2)
        usable = (self.weights > 0) & (self.variance > 0)
        weights = np.where(self.weights > 0, self.weights, 1.0)
        height = np.log(np.maximum(np.e, self.patience_s * self.per_second * growth / weights))
        calls = _calls(drift, np.maximum(self.variance, 1e-12), height)
        found: Bools = np.any(usable & (np.ceil(calls / block) * block <= self.per_second * time_s), axis=1)
        return found

    def _block(self) -> float:
        """Calls of a block at this traffic."""
        longest = max(1.0, self.per_second * LONGEST_S)
        return min(max(float(CALLS), self.per_second * SHORTEST_S), longest)


def _calls(drift: Floats, variance: Floats, height: Floats) -> Floats:
    """Calls until a walk that is never let below zero has climbed to ``height``, on average."""
    spread = np.sqrt(variance)
    slope, far = drift / spread, height / spread + _OVERSHOOT
    way = 2 * slope * far
    flat = np.abs(way) < 1e-3
    steep = np.where(flat, 1.0, slope)
    found: Floats = np.where(flat, far * far, (np.exp(np.minimum(-way, 600.0)) + way - 1) / (2 * steep * steep))
    return found


def _rate(name: str, within: str, before: float, after: Floats, seen: Bools) -> Visible:
    if not seen.any():
        return nothing_visible(name, within)
    found = float(after[int(np.argmax(seen))])
    return Visible(within, found, f"→ {found:.1%}", f"{name} {before:.2%} → {found:.2%} within {within_words(within)}")


def _value(name: str, within: str, ratio: Floats, seen: Bools) -> Visible:
    if not seen.any():
        return nothing_visible(name, within)
    found = float(ratio[int(np.argmax(seen))])
    return Visible(within, found, f"{found - 1:+.0%}", f"{name} {found - 1:+.0%} within {within_words(within)}")


def nothing_visible(name: str, within: str) -> Visible:
    """No change that can be told from the usual would be seen."""
    return Visible(within, None, "–", f"{name}: no change within {within_words(within)}")


def within_words(within: str) -> str:
    """``an hour``, ``a day``, ``a week``."""
    return "an hour" if within == "hour" else f"a {within}"
