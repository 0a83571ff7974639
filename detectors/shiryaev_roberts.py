"""Mixture Shiryaev-Roberts e-detectors with patience in wall-clock time, many metrics side by side.

For each metric and each alternative k a statistic follows ``R_k <- (R_k + dt / patience) * L_k`` where ``L_k`` is the
likelihood ratio of a block of calls, capped. While nothing has changed ``E[L_k | past] <= 1``, so that
``sum_k w_k R_k - t / patience`` is a supermartingale and the mean time to a false alarm (statistic at 1) is at least
the patience, whatever the traffic (Shin, Ramdas and Rinaldo, *E-detectors*, 2022; Pollak 1985). The bound wants a
correct or pessimistic baseline; a learned one makes it a design figure, which is why it is simulated.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from detectors.columns import Bools, Floats

CAP = 3.0
"""Most evidence of one block, in nats: a burst within a block is one event, however many calls it holds."""
LEAST_CAP = 2.0
HOT = 2.0
MOST_BLOCKS = 32
"""Blocks that :meth:`ShiryaevRoberts.run` takes at once."""
_LEAST = -20.0
FREE_BLOCKS = 2
_DOUBLINGS = 3
ALARM = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """``T`` blocks in the order of time, for ``B`` baselines, ``M`` metrics and ``K`` alternatives."""

    evidence: Floats
    """[B, T, M, K] log likelihood ratios."""
    weight: Floats
    """[B, M, K]"""
    judged: Bools
    """[T, M] has the block calls that count for the metric?"""
    arrival: Floats
    """[T, M] time since the metric's last block, over patience."""
    at: Floats
    """[T, M] when a change that the block is the first of would have begun, seconds."""
    features: Floats
    """[B, T, M, F]"""
    cap: Floats
    """[T, M]"""


@dataclass(slots=True)
class ShiryaevRoberts:
    """``[..., metrics, alternatives]`` statistics and, for each metric, when the change they speak of began.

    The onset is the posterior over the starting points that the statistic sums up: its mean and variance, and the
    mean of whatever was summed since (``sums``), follow the same recursion as the statistic itself.
    """

    statistic: Floats
    """[B, M, K], one slab a baseline."""
    onset: Floats
    """[B, M] seconds, mean of the posterior."""
    spread: Floats
    """[B, M] seconds squared, its variance."""
    sums: Floats
    """[B, M, F] features of the calls since the onset."""

    @classmethod
    def start(cls, baselines: int, metrics: int, alternatives: int, features: int) -> Self:
        """Nothing seen yet."""
        shape = (baselines, metrics)
        return cls(np.zeros((*shape, alternatives)), np.zeros(shape), np.zeros(shape), np.zeros((*shape, features)))

    def step(
        self,
        evidence: Floats,
        weight: Floats,
        arrival: Floats,
        at: float | Floats,
        features: Floats,
        cap: float | Floats = CAP,
    ) -> Floats:
        """One block: the level [B, M] of each metric after it, an alarm at 1.

        ``evidence`` [B, M, K] log likelihood ratios; ``weight`` [B, M, K] of the alternatives, summing to 1 over K,
        all zero where a metric rests (its statistics do not move then); ``arrival`` [M] elapsed time over patience;
        ``at`` when a change that this block is the first of would have begun, seconds, one for all or [M];
        ``features`` [B, M, F] what the block adds to the sums; ``cap`` one for all or [B, M, K].
        """
        active = weight > 0
        grown = self.statistic + arrival[:, None]
        ratio = np.exp(np.minimum(evidence, cap))
        np.copyto(self.statistic, grown * ratio, where=active)
        mass = weight * ratio
        fresh = (mass * arrival[:, None]).sum(axis=2)
        level: Floats = (weight * self.statistic).sum(axis=2)
        moved = level > 0
        share = np.divide(fresh, level, out=np.zeros_like(level), where=moved)
        ahead = at - self.onset
        self.spread = np.where(moved, (1 - share) * (self.spread + share * ahead * ahead), self.spread)
        self.onset = np.where(moved, self.onset + share * ahead, self.onset)
        kept = self.sums * (1 - share)[:, :, None]
        self.sums = np.where(moved[:, :, None], kept + features, self.sums)
        return level

    def run(self, blocks: Run) -> Floats | None:
        """As :meth:`step` for ``T`` blocks at once: the levels [B, T, M], 0 where not judged.

        None, and nothing has changed, where an alarm would be raised on the way: then it takes single steps. At most
        32 blocks: evidence is taken as at least -20 nats a block, so that its sums stay within the range of floats.
        """
        wanted: Bools = np.greater(blocks.weight, 0)
        active = np.expand_dims(wanted, 1) & blocks.judged[None, :, :, None]
        capped = np.minimum(np.maximum(blocks.evidence, _LEAST), blocks.cap[None, :, :, None])
        evidence = np.where(active, capped, 0.0)
        arrival = np.where(active, blocks.arrival[None, :, :, None], 0.0)
        total = np.cumsum(evidence, axis=1)
        grown = np.cumsum(arrival * np.exp(evidence - total), axis=1)
        statistic = np.exp(total) * (self.statistic[:, None] + grown)
        weight = blocks.weight[:, None] * active
        level: Floats = (weight * statistic).sum(axis=3)
        if level.sum(axis=0).max(initial=0.0) >= ALARM:
            return None
        fresh = (weight * np.exp(evidence) * arrival).sum(axis=3)
        moved = np.asarray(level > 0)
        share = np.divide(fresh, level, out=np.zeros_like(level), where=moved)
        self._remember(share, moved, blocks)
        self.statistic = statistic[:, -1].copy()
        return level

    def _remember(self, share: Floats, moved: Bools, blocks: Run) -> None:
        """Onset, spread and sums after blocks that each took the ``share`` [B, T, M] of the posterior."""
        kept = np.cumprod((1 - share)[:, ::-1], axis=1)[:, ::-1]
        later = np.ones_like(kept)
        later[:, :-1] = kept[:, 1:]
        touched: Bools = np.asarray(moved.any(axis=1))
        # A statistic at 0 has no past, whatever the rounding says.
        before = np.where(self.statistic.any(axis=2), kept[:, 0], np.where(touched, 0.0, 1.0))
        now = float(blocks.at[-1].max())
        onset, at = self.onset - now, blocks.at[None] - now
        drawn = later * share * at
        mean = before * onset + drawn.sum(axis=1)
        square = before * (self.spread + onset * onset) + (drawn * at).sum(axis=1)
        self.onset = np.where(touched, now + mean, self.onset)
        self.spread = np.where(touched, np.maximum(0.0, square - mean * mean), self.spread)
        sums = before[:, :, None] * self.sums + ((later * moved)[..., None] * blocks.features).sum(axis=1)
        self.sums = np.where(np.expand_dims(touched, 2), sums, self.sums)

    def reset(self, metric: int, at: float, baselines: Bools | slice = slice(None)) -> None:
        """Forget what was seen of a metric, e.g. because its regression is over."""
        for array in (self.statistic, self.spread, self.sums):
            array[baselines, metric] = 0.0
        self.onset[baselines, metric] = at

    def state(self) -> dict[str, Any]:
        """For a snapshot."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Self:
        """From :meth:`state`, bit for bit."""
        return cls(**{name: np.array(state[name], np.float64) for name in cls.__slots__})


def caps(streak: Floats, phi: Floats) -> Floats:
    """The cap of the next block after ``streak`` blocks in a row with at least :data:`HOT` nats, dispersion ``phi``.

    A burst rarely fills three blocks; what does is taken for more. Where bursts were learned, a block may say less.
    The cap follows from the past alone, so that the capped ratio's expectation stays at most 1.
    """
    raised: Floats = np.clip(CAP / phi, LEAST_CAP, CAP) * 2.0 ** np.clip(streak - FREE_BLOCKS + 1, 0, _DOUBLINGS)
    return raised


def streaks_of(streak: Floats, hot: Bools, judged: Bools) -> Floats:
    """[T + 1, M] streaks before each of ``T`` blocks, and after the last."""
    streaks = np.tile(streak, (len(hot) + 1, 1))
    if not hot.any():
        ended = np.logical_or.accumulate(judged, axis=0)
        streaks[1:][ended] = 0.0
        return streaks
    for t in range(len(hot)):
        streaks[t + 1] = np.where(judged[t], np.where(hot[t], streaks[t] + 1, 0.0), streaks[t])
    return streaks
