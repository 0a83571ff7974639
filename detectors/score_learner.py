"""One score of one series: what it has learned, and what a batch of scores says against that.

The sums since an onset (:mod:`.batch`) are, in shares of the grid: scores, how much more than expected, expected, and
their variance under the baseline.
"""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from detectors.alternatives import ALTERNATIVES, value_weights
from detectors.batch import BlockSums, MetricCalls
from detectors.columns import Floats, Ints
from detectors.learning import ACCEPT_AFTER_S, Schedule, guard_for
from detectors.metrics import Direction
from detectors.score_baseline import Grid, ScoreBaseline, ScoreSums, score_baseline


@dataclass(slots=True)
class ScoreLearner:
    """Baselines in force: ``pinned`` and, once that is accepted, ``trailing``."""

    tolerance: float
    """Standard deviations."""
    direction: Direction
    total: ScoreSums = field(default_factory=ScoreSums)
    fresh: ScoreSums = field(default_factory=ScoreSums)
    fixed: ScoreSums | None = None
    """What the pinned baseline was frozen from, once accepted."""
    schedule: Schedule = field(default_factory=Schedule)
    first: list[tuple[float, float, int, int]] = field(default_factory=list)
    """(ts, score, stratum, block) before there is a baseline."""
    grid: Grid | None = None
    pinned: ScoreBaseline | None = None
    trailing: ScoreBaseline | None = None

    def judge(self, calls: MetricCalls, blocks: int) -> BlockSums:
        """Sums over ``blocks`` blocks of what ``calls`` say; zero evidence while learning."""
        sums = BlockSums.zeros(blocks)
        self.fill(calls, sums)
        return sums

    def fill(self, calls: MetricCalls, sums: BlockSums) -> None:
        """The same into ``sums``, which are zero."""
        for slab, baseline in enumerate((self.pinned, self.trailing)):
            if baseline is not None and self.grid is not None and len(calls.value):
                _against(baseline, self.grid, calls, sums, slab)

    def residuals(self, calls: MetricCalls) -> Floats | None:
        """[n] standard deviations by which scores are worse than the pinned baseline; None while learning."""
        if self.pinned is None:
            return None
        stratum = _inside(self.pinned, calls.stratum)
        residuals: Floats = (calls.value - self.pinned.mean[stratum]) / self.pinned.scale[stratum]
        return -residuals if self.direction is Direction.DOWN else residuals

    def weights(self) -> Floats:
        """[2, K] of the alternatives under either baseline."""
        rows = [
            np.zeros(ALTERNATIVES) if b is None else value_weights(self.direction, b.resolved)
            for b in (self.pinned, self.trailing)
        ]
        return np.vstack(rows) / max(1, sum(bool(row.any()) for row in rows))

    def learn(self, calls: MetricCalls) -> None:
        """Keep ``calls`` for the next extension."""
        if self.grid is None:
            rows = zip(calls.ts, calls.value, calls.stratum, calls.block, strict=True)
            self.first.extend((float(t), float(x), int(s), int(b) + calls.first_block) for t, x, s, b in rows if s)
            return
        calls = calls.where(calls.stratum > 0)
        self.fresh.add(self.grid.bins(calls.value), calls.stratum, calls.strata)

    def learn_blocks(self, s: Floats, v: Floats) -> None:
        """Keep how closed blocks differed."""
        if self.pinned is not None:
            self.fresh.dispersion.add(s, v)

    def due(self, now: float) -> bool:
        """Is it time to take in what was kept?"""
        waiting = float(len(self.first)) if self.grid is None else self.fresh.total
        return self.schedule.due(self.total.total, waiting, now)

    def extend(self, now: float) -> bool:
        """Take in what was kept, if it is time; true where the baselines in force changed."""
        if not self.due(now):
            return False
        if self.grid is None:
            self._begin()
        self.total.merge(self.fresh, self.schedule.keep(now - self.schedule.extended) if self.schedule.accepted else 1)
        self.fresh = ScoreSums()
        self.schedule.extended = now
        if self.fixed is None and self.schedule.covered_s(now) >= ACCEPT_AFTER_S:
            self.fixed = ScoreSums.restore(self.total.state())
            self.schedule.accepted = now
        self.freeze(now)
        return True

    def discard(self) -> None:
        """Forget what was kept: it may belong to a change."""
        self.fresh = ScoreSums()

    def freeze(self, now: float) -> None:
        """Make the tables from the sums."""
        source = self.fixed or self.total
        if self.grid is None or not source.total:
            return
        self.pinned = self._frozen(source, self.grid, now)
        if self.fixed is not None:
            self.trailing = self._frozen(self.total, self.grid, now)

    @property
    def known(self) -> float:
        """Scores the baseline holds, or that were kept for it."""
        return (self.fixed or self.total).total or float(len(self.first))

    def _begin(self) -> None:
        """The first baseline, from the scores themselves and their blocks."""
        ts, scores, stratum, block = (np.array(column) for column in zip(*self.first, strict=True))
        self.first = []
        self.schedule.begun = float(ts[0])
        self.grid = Grid.of(scores)
        self.fresh.add(self.grid.bins(scores), stratum, int(stratum.max()) + 1)
        plain = self._frozen(self.fresh, self.grid, self.schedule.begun)
        numbers = np.unique(block, return_inverse=True)[1]
        residual = (scores - plain.mean[stratum]) / plain.scale[stratum]
        spread, calls = np.zeros(numbers.max() + 1), np.zeros(numbers.max() + 1)
        np.add.at(spread, numbers, residual)
        np.add.at(calls, numbers, 1.0)
        self.fresh.dispersion.add(spread, calls)

    def _frozen(self, source: ScoreSums, grid: Grid, now: float) -> ScoreBaseline:
        covered = self.schedule.covered_s(now)
        return score_baseline(source, grid, guard_for(self.tolerance, source.total, covered, rate=False))

    def state(self) -> dict[str, Any]:
        """For a snapshot; the tables are made again from it."""
        return {
            "total": self.total.state(),
            "fresh": self.fresh.state(),
            "fixed": self.fixed.state() if self.fixed else None,
            "schedule": [self.schedule.begun, self.schedule.extended, self.schedule.accepted],
            "first": self.first,
            "grid": [self.grid.low, self.grid.high] if self.grid else None,
        }

    @classmethod
    def restore(cls, tolerance: float, direction: Direction, state: dict[str, Any]) -> Self:
        """From :meth:`state`."""
        first = [(float(t), float(x), int(s), int(b)) for t, x, s, b in state["first"]]
        fixed = ScoreSums.restore(state["fixed"]) if state["fixed"] else None
        total, fresh = ScoreSums.restore(state["total"]), ScoreSums.restore(state["fresh"])
        grid = Grid(*map(float, state["grid"])) if state["grid"] else None
        schedule = Schedule(*map(float, state["schedule"]))
        learner = cls(tolerance, direction, total, fresh, fixed, schedule, first, grid)
        learner.freeze(schedule.extended)
        return learner


def _against(baseline: ScoreBaseline, grid: Grid, calls: MetricCalls, sums: BlockSums, slab: int) -> None:
    stratum, blocks = _inside(baseline, calls.stratum), len(sums.s)
    known, scale, mean = (array[stratum] for array in (baseline.known, baseline.scale, baseline.mean))
    rows = baseline.evidence[stratum, grid.bins(calls.value)] / baseline.phi
    np.add.at(sums.evidence[slab], calls.block, rows)
    residual = known * (np.clip(calls.value, grid.low, grid.high) - mean)
    span = grid.high - grid.low
    of_scores = (known, residual / span, known * (mean - grid.low) / span, known * (scale / span) ** 2)
    for position, column in enumerate(of_scores):
        sums.features[slab, :, position] = np.bincount(calls.block, column, blocks)
    sums.calls[slab] = sums.features[slab, :, 0]
    if slab == 0:
        sums.s[:], sums.v[:] = np.bincount(calls.block, residual / scale, blocks), sums.calls[0].copy()


def _inside(baseline: ScoreBaseline, stratum: Ints) -> Ints:
    """Strata that turned up after the baseline was frozen are number 0 to it."""
    return np.where(stratum < len(baseline.mean), stratum, 0)
