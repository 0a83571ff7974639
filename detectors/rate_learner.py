"""One rate of one series: what it has learned, and what a batch of calls says against that."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from detectors.alternatives import ALTERNATIVES, ODDS
from detectors.batch import BlockSums, MetricCalls
from detectors.columns import Floats
from detectors.config import DAY_S
from detectors.learning import ACCEPT_AFTER_S, Schedule, guard_for
from detectors.rate_baseline import RateSums
from detectors.rate_evidence import RateBaseline, rate_evidence

_WEIGHTS = np.append(np.full(len(ODDS), 1 / len(ODDS)), np.zeros(ALTERNATIVES - len(ODDS)))


@dataclass(slots=True)
class RateLearner:
    """Baselines in force: ``pinned`` and, once that is accepted, ``trailing``."""

    tolerance: float
    total: RateSums = field(default_factory=RateSums)
    fresh: RateSums = field(default_factory=RateSums)
    fixed: RateSums | None = None
    """What the pinned baseline was frozen from, once accepted."""
    schedule: Schedule = field(default_factory=Schedule)
    pinned: RateBaseline | None = None
    trailing: RateBaseline | None = None

    def judge(self, calls: MetricCalls, blocks: int) -> BlockSums:
        """Sums over ``blocks`` blocks of what ``calls`` say; zero evidence while learning."""
        sums = BlockSums.zeros(blocks)
        self.fill(calls, sums)
        return sums

    def fill(self, calls: MetricCalls, sums: BlockSums) -> None:
        """The same into ``sums``, which are zero."""
        if not len(calls.stratum):
            return
        strata, blocks = calls.strata, len(sums.s)
        cell = calls.block * strata + calls.stratum
        shape = (blocks, strata)
        counted = np.bincount(cell, minlength=blocks * strata).astype(np.float64).reshape(shape)
        bad = np.bincount(cell, calls.value, blocks * strata).astype(np.float64).reshape(shape)
        for slab, baseline in enumerate((self.pinned, self.trailing)):
            if baseline is not None:
                self._against(baseline, counted, bad, sums, slab)
        self._spread(counted, bad, sums)

    def residuals(self, calls: MetricCalls) -> Floats | None:
        """[n] what the pinned baseline leaves unexplained, in standard deviations; None while learning."""
        if self.pinned is None:
            return None
        share = self.pinned.share[np.minimum(calls.stratum, len(self.pinned.share) - 1)]
        residuals: Floats = (calls.value - share) / np.sqrt(share * (1 - share))
        return residuals

    def weights(self) -> Floats:
        """[2, K] of the alternatives under either baseline."""
        able = [b is not None and b.testable for b in (self.pinned, self.trailing)]
        return np.outer(np.array(able) / max(1, sum(able)), _WEIGHTS)

    @property
    def young(self) -> bool:
        """Has the baseline in force not seen a whole day yet?"""
        return self.pinned is not None and self.schedule.covered_s(self.schedule.extended) < DAY_S

    def learn(self, calls: MetricCalls) -> None:
        """Keep ``calls`` for the next extension."""
        if not self.schedule.begun and len(calls.ts):
            self.schedule.begun = float(calls.ts[0])
        known = calls.where(calls.stratum > 0)
        self.fresh.add(known.value, np.ones_like(known.value), known.stratum, known.strata)

    def learn_blocks(self, s: Floats, v: Floats) -> None:
        """Keep how closed blocks differed."""
        self.fresh.dispersion.add(s, v)

    def due(self, now: float) -> bool:
        """Is it time to take in what was kept?"""
        return self.schedule.due(self.total.total, self.fresh.total, now)

    def extend(self, now: float) -> bool:
        """Take in what was kept, if it is time; true where the baselines in force changed."""
        if not self.due(now):
            return False
        keep = self.schedule.keep(now - self.schedule.extended) if self.schedule.accepted else 1.0
        before = self.total.share
        self.total.merge(self.fresh, keep)
        if self.pinned is not None and not self.schedule.accepted:
            self.total.rebase(before)
        self.fresh = RateSums()
        self.schedule.extended = now
        self._accept(now)
        self.freeze(now)
        return True

    def discard(self) -> None:
        """Forget what was kept: it may belong to a change."""
        self.fresh = RateSums()

    def freeze(self, now: float) -> None:
        """Make the tables from the sums."""
        source = self.fixed or self.total
        if not source.total:
            return
        covered = self.schedule.covered_s(now)
        self.pinned = source.freeze(guard_for(self.tolerance, source.total, covered, rate=True))
        if self.fixed is not None:
            self.trailing = self.total.freeze(guard_for(self.tolerance, self.total.total, covered, rate=True))

    @property
    def known(self) -> float:
        """Calls the baseline holds."""
        return (self.fixed or self.total).total

    def _accept(self, now: float) -> None:
        if self.fixed is None and self.schedule.covered_s(now) >= ACCEPT_AFTER_S:
            self.fixed = RateSums.restore(self.total.state())
            self.schedule.accepted = now

    def _against(self, baseline: RateBaseline, counted: Floats, bad: Floats, sums: BlockSums, slab: int) -> None:
        size = len(baseline.share)
        counted, bad = counted[:, :size], bad[:, :size]
        sums.evidence[slab, :, : len(ODDS)] = rate_evidence(baseline, counted, bad)
        judged, found = counted @ baseline.known, bad @ baseline.known
        sums.features[slab, :, 0] = judged
        sums.features[slab, :, 1] = found
        sums.features[slab, :, 2] = counted @ baseline.expected
        sums.calls[slab] = judged

    def _spread(self, counted: Floats, bad: Floats, sums: BlockSums) -> None:
        """Residuals against the plain shares; against the running share while there is no baseline."""
        calls = counted.sum(axis=1)
        if self.pinned is None:
            share = (self.fresh.bad.sum() + bad.sum() + 0.5) / (self.fresh.total + calls.sum() + 1.0)
            sums.s[:], sums.v[:] = bad.sum(axis=1) - calls * share, calls * share * (1 - share)
            return
        share = self.pinned.share
        inside = counted[:, : len(share)]
        sums.s[:] = bad[:, : len(share)].sum(axis=1) - inside @ share
        sums.v[:] = inside @ self.pinned.variance

    def state(self) -> dict[str, Any]:
        """For a snapshot; the tables are made again from it."""
        return {
            "total": self.total.state(),
            "fresh": self.fresh.state(),
            "fixed": self.fixed.state() if self.fixed else None,
            "schedule": [self.schedule.begun, self.schedule.extended, self.schedule.accepted],
        }

    @classmethod
    def restore(cls, tolerance: float, state: dict[str, Any]) -> Self:
        """From :meth:`state`."""
        fixed = RateSums.restore(state["fixed"]) if state["fixed"] else None
        total, fresh = RateSums.restore(state["total"]), RateSums.restore(state["fresh"])
        learner = cls(tolerance, total, fresh, fixed, Schedule(*map(float, state["schedule"])))
        learner.freeze(learner.schedule.extended)
        return learner
