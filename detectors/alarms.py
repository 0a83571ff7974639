"""What monitors take and give: closed blocks of a series in, alarms and changes of state out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.columns import Bools, Floats
from detectors.metrics import RATES
from detectors.records import State


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """``B`` closed blocks of one series, all metrics side by side."""

    ends: list[float]
    evidence: Floats
    """[2, B, M, K]"""
    features: Floats
    """[2, B, M, FEATURES]"""
    calls: Floats
    """[2, B, M]"""
    s: Floats
    """[B, M]"""
    v: Floats
    """[B, M]"""
    phi: Floats
    """[B, M] dispersion that the evidence was divided by."""


def joined(parts: Sequence[Blocks]) -> Blocks:
    """The blocks of ``parts``, one after the other."""
    if len(parts) == 1:
        return parts[0]
    ends = [end for part in parts for end in part.ends]
    side = [np.concatenate([getattr(p, name) for p in parts], axis=1) for name in ("evidence", "features", "calls")]
    flat = [np.concatenate([getattr(p, name) for p in parts], axis=0) for name in ("s", "v", "phi")]
    return Blocks(ends, *side, *flat)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A metric's statistic reached 1."""

    metric: int
    at: float
    slab: int
    """0: against the pinned baseline, 1: against the trailing one."""
    alternative: int
    level: float
    onset: float
    spread: float
    """Standard deviation of the onset, seconds."""
    features: tuple[float, ...]
    exact: bool = False
    """Do the scores among ``features`` say how far calls went? Else how they rank among usual ones, and no further."""


@dataclass(frozen=True, slots=True)
class Change:
    """A metric went to another state."""

    metric: int
    at: float
    state: State
    alarm: Alarm
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """Where a river detector decides: in which blocks it fired for which metric."""

    fired: Bools
    """[B, M]"""
    wanted: Floats
    """[M] 1: a rise is watched, -1: a fall, 0: both."""
    rates: int = len(RATES)
    """How many of the metrics, the first ones, are rates."""

    def alarmed(self, since: Floats, b: int) -> Bools:
        """[M] fired in block ``b``, and the calls ``since`` the onset [B, M, F] went the way that is watched."""
        sums = since.sum(axis=0)
        rise = sums[:, 1] - sums[:, 2]
        rise[self.rates :] = sums[self.rates :, 1]
        seen: Bools = self.fired[b] & (sums[:, 0] > 0) & (rise * self.wanted >= 0) & (rise != 0)
        return seen


@dataclass(slots=True)
class OpenMetric:
    """An alarm that is not over, and the evidence gathered that it is."""

    alarm: Alarm
    recovered: float = 0.0
    """Shiryaev-Roberts statistic of the reverse test: over at 1."""
    recovering: bool = False


def alarm_state(alarm: Alarm) -> list[Any]:
    """For a snapshot."""
    return [getattr(alarm, name) for name in Alarm.__slots__]


def restore_alarm(state: list[Any]) -> Alarm:
    """From :func:`alarm_state`."""
    # States of before there was ``exact`` end with the features.
    metric, at, slab, alternative, level, onset, spread, features, *exact = state
    return Alarm(
        int(metric), float(at), int(slab), int(alternative), float(level), float(onset), float(spread),
        tuple(map(float, features)), bool(exact and exact[0]),
    )  # fmt: skip
