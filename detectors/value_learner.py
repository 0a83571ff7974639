"""One value of one series: what it has learned, and what a batch of calls says against that."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from detectors.alternatives import ALTERNATIVES, value_weights
from detectors.batch import BlockSums, MetricCalls
from detectors.columns import Floats, Ints
from detectors.hours import CELLS, HourSums, hour_cells
from detectors.learning import ACCEPT_AFTER_S, Schedule, guard_for
from detectors.metrics import Direction
from detectors.strata import StrataIndex
from detectors.value_baseline import ValueSums, locations, rebin, value_baseline
from detectors.value_evidence import ValueBaseline, bins_of, block_features, value_evidence

_DISPERSION_KEPT = 0.5
"""Of what earlier blocks were known to differ by, whenever the baseline is extended."""


@dataclass(slots=True)
class ValueHistory:
    """Sums of learned calls and of what the hours did to them."""

    sums: ValueSums = field(default_factory=ValueSums)
    hours: HourSums = field(default_factory=HourSums)

    def merge(self, other: "ValueHistory", keep: float) -> None:
        """Take in ``other``, of what was known only the share ``keep``."""
        self.sums.merge(other.sums, keep)
        self.hours.merge(other.hours, keep)

    def state(self) -> dict[str, Any]:
        """For a snapshot."""
        return {"sums": self.sums.state(), "hours": self.hours.state()}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Self:
        """From :meth:`state`."""
        return cls(ValueSums.restore(state["sums"]), HourSums.restore(state["hours"]))


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A baseline and the offsets of the hours that go with it."""

    baseline: ValueBaseline
    offsets: Floats
    """[48] of the logarithm, by hour."""
    unknown: Floats
    """[48] how much higher still an hour may be that was not seen yet; 0 where a fall is watched as well."""


@dataclass(slots=True)
class ValueLearner:
    """References in force: ``pinned`` and, once that is accepted, ``trailing``."""

    tolerance: float
    direction: Direction
    strata: StrataIndex
    hourly: bool = True
    """Does the hour of the day or week matter to it? To times it does, not to counts of tokens."""
    total: ValueHistory = field(default_factory=ValueHistory)
    fresh: ValueHistory = field(default_factory=ValueHistory)
    fixed: ValueHistory | None = None
    schedule: Schedule = field(default_factory=Schedule)
    first: list[tuple[float, float, int, int]] = field(default_factory=list)
    """(ts, logarithm, stratum, block) of the calls before there is a baseline."""
    pinned: Reference | None = None
    trailing: Reference | None = None

    def judge(self, calls: MetricCalls, blocks: int) -> BlockSums:
        """Sums over ``blocks`` blocks of what ``calls`` say; zero evidence while learning."""
        sums = BlockSums.zeros(blocks)
        self.fill(calls, sums)
        return sums

    def fill(self, calls: MetricCalls, sums: BlockSums) -> None:
        """The same into ``sums``, which are zero."""
        for slab, reference in enumerate((self.pinned, self.trailing)):
            if reference is not None and len(calls.value):
                self._against(reference, calls, sums, slab)

    def residuals(self, calls: MetricCalls) -> Floats | None:
        """[n] what the pinned baseline leaves unexplained, in standard deviations; None while learning."""
        if self.pinned is None:
            return None
        baseline = self.pinned.baseline
        stratum = _inside(baseline, calls.stratum)
        logs = calls.value - self.pinned.offsets[calls.hours]
        residuals: Floats = (logs - baseline.location[stratum]) / baseline.scale[stratum] * baseline.known[stratum]
        return residuals

    def weights(self) -> Floats:
        """[2, K] of the alternatives under either baseline."""
        rows = [
            np.zeros(0) if r is None else value_weights(self.direction, r.baseline.resolved)
            for r in (self.pinned, self.trailing)
        ]
        able = [bool(row.any()) for row in rows]
        share = 1 / max(1, sum(able))
        return np.vstack([row * share if ok else np.zeros(ALTERNATIVES) for row, ok in zip(rows, able, strict=True)])

    def learn(self, calls: MetricCalls) -> None:
        """Keep ``calls`` for the next extension."""
        if self.pinned is None:
            block = calls.block + calls.first_block
            rows = zip(calls.ts.tolist(), calls.value.tolist(), calls.stratum.tolist(), block.tolist(), strict=True)
            self.first.extend(row for row in rows if row[2])
            return
        calls = calls.where(calls.stratum > 0)
        newest = self.trailing or self.pinned
        cells, baseline = calls.hours, newest.baseline
        logs = calls.value - newest.offsets[cells]
        inside = _inside(baseline, calls.stratum)
        self.fresh.sums.add(logs, calls.stratum, calls.strata)
        residual = logs - baseline.location[inside]
        known = calls.stratum == inside
        bins = bins_of(residual / baseline.scale[inside], calls.numbers)
        self.fresh.sums.bins += np.bincount(bins, known, len(self.fresh.sums.bins))
        self.fresh.hours.add(cells[known], (residual + newest.offsets[cells])[known])

    def learn_blocks(self, s: Floats, v: Floats) -> None:
        """Keep how closed blocks differed."""
        if self.pinned is not None:
            self.fresh.sums.dispersion.add(s, v)

    def due(self, now: float) -> bool:
        """Is it time to take in what was kept?"""
        waiting = float(len(self.first)) if self.pinned is None else self.fresh.sums.total
        return self.schedule.due(self.total.sums.total, waiting, now)

    def extend(self, now: float) -> bool:
        """Take in what was kept, if it is time; true where the references in force changed."""
        if not self.due(now):
            return False
        if self.pinned is None:
            self._begin(now)
        elapsed = now - self.schedule.extended
        keep = self.schedule.keep(elapsed) if self.schedule.accepted else 1.0
        # Earlier blocks were judged by a rougher baseline, with fewer hours known, than those of late.
        self.total.sums.dispersion.decay(_DISPERSION_KEPT)
        self.total.merge(self.fresh, keep)
        self.total.sums.grow(self.strata.size)
        self.fresh = ValueHistory()
        self.schedule.extended = now
        self._accept(now)
        self.freeze(now)
        return True

    def discard(self) -> None:
        """Forget what was kept: it may belong to a change."""
        self.fresh = ValueHistory()

    def freeze(self, now: float) -> None:
        """Make the tables from the sums."""
        source = self.fixed or self.total
        if source.sums.total:
            self.pinned = self._reference(source, now)
        if self.fixed is not None:
            self.trailing = self._reference(self.total, now)

    @property
    def known(self) -> float:
        """Calls the baseline holds, or that were kept for it."""
        return (self.fixed or self.total).sums.total or float(len(self.first))

    def _begin(self, now: float) -> None:
        """The first baseline, from the calls themselves: their own residuals and blocks."""
        ts, logs, stratum, block = (np.array(column) for column in zip(*self.first, strict=True))
        self.first = []
        self.schedule.begun = float(ts[0])
        sums = self.fresh.sums
        sums.add(logs, stratum, self.strata.size)
        coordinates = self.strata.coordinates
        location, scale = locations(sums, coordinates)
        sums.bins = rebin(logs, stratum, location, scale)
        plain = value_baseline(sums, coordinates, guard_for(self.tolerance, sums.total, 0.0, rate=False))
        numbers = np.unique(block, return_inverse=True)[1]
        features, scores = block_features(plain, logs, stratum, numbers, int(numbers.max()) + 1)
        sums.dispersion.add(scores, features[:, 0])
        self.fresh.hours.add(hour_cells(ts), logs - location[stratum])

    def _reference(self, history: ValueHistory, now: float) -> Reference:
        covered = self.schedule.covered_s(now)
        guard = guard_for(self.tolerance, history.sums.total, covered, rate=False)
        baseline = value_baseline(history.sums, self.strata.coordinates, guard)
        offsets, unknown = history.hours.offsets(covered) if self.hourly else (np.zeros(CELLS), np.zeros(CELLS))
        return Reference(baseline, offsets, unknown if self.direction is Direction.UP else np.zeros(CELLS))

    def _accept(self, now: float) -> None:
        if self.fixed is None and self.schedule.covered_s(now) >= ACCEPT_AFTER_S:
            self.fixed = ValueHistory.restore(self.total.state())
            self.schedule.accepted = now

    def _against(self, reference: Reference, calls: MetricCalls, sums: BlockSums, slab: int) -> None:
        baseline, blocks = reference.baseline, len(sums.s)
        stratum = _inside(baseline, calls.stratum)
        cells = calls.hours
        logs = calls.value - reference.offsets[cells] - reference.unknown[cells]
        features, scores = block_features(baseline, logs, stratum, calls.block, blocks, calls.numbers)
        sums.evidence[slab] = value_evidence(baseline, features)
        usual = (baseline.location[stratum] + reference.offsets[cells]) * baseline.known[stratum]
        expected = np.bincount(calls.block, usual, blocks)
        sums.features[slab, :, :-1] = features[:, [0, 1, 3, 4, 5]]
        sums.features[slab, :, -1] = expected
        sums.calls[slab] = features[:, 0]
        if slab == 0:
            # How blocks differ is learned from what calls took, not from what the unknown hours are allowed.
            allowed = reference.unknown[cells] * (baseline.known / baseline.scale)[stratum]
            sums.s[:] = scores + np.bincount(calls.block, allowed, blocks)
            sums.v[:] = features[:, 0]

    def state(self) -> dict[str, Any]:
        """For a snapshot; the tables are made again from it."""
        return {
            "total": self.total.state(),
            "fresh": self.fresh.state(),
            "fixed": self.fixed.state() if self.fixed else None,
            "schedule": [self.schedule.begun, self.schedule.extended, self.schedule.accepted],
            "first": self.first,
        }

    @classmethod
    def restore(
        cls, tolerance: float, direction: Direction, strata: StrataIndex, hourly: bool, state: dict[str, Any]
    ) -> Self:
        """From :meth:`state`."""
        first = [(float(t), float(x), int(s), int(b)) for t, x, s, b in state["first"]]
        fixed = ValueHistory.restore(state["fixed"]) if state["fixed"] else None
        total, fresh = ValueHistory.restore(state["total"]), ValueHistory.restore(state["fresh"])
        schedule = Schedule(*map(float, state["schedule"]))
        learner = cls(tolerance, direction, strata, hourly, total, fresh, fixed, schedule, first)
        learner.freeze(schedule.extended)
        return learner


def _inside(baseline: ValueBaseline, stratum: Ints) -> Ints:
    """Strata that turned up after the baseline was frozen are number 0 to it, which it does not know."""
    return np.where(stratum < len(baseline.location), stratum, 0)
