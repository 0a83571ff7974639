"""The states of one series' metrics, driven by blocks: quiet, suspect, open, recovering, and quiet again."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from detectors.alternatives import ALTERNATIVES
from detectors.batch import BASELINES, FEATURES
from detectors.columns import Bools, Floats
from detectors.config import DAY_S
from detectors.metrics import METRICS, RATES
from detectors.records import State
from detectors.recovery import recovery_evidence
from detectors.shiryaev_roberts import ALARM, HOT, MOST_BLOCKS, Run, ShiryaevRoberts, caps, streaks_of

METRIC_COUNT = len(METRICS)
_RECOVERY_PATIENCE_S = 30 * DAY_S
"""A regression that lasts is taken for over at most once in so long (on average), however many calls there are."""
_RECOVERING = 0.2
"""Share of the evidence for an end, as odds, from which a regression is called recovering; half way in nats."""
_STILL_OPEN = 0.02
_SUSPECT_S = 60.0
_QUIET = 20.0
_SUSPECT = 100.0
"""Likelihood ratios up to which a metric is quiet, and from which it may be suspect."""


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


@dataclass(frozen=True, slots=True)
class Change:
    """A metric went to another state."""

    metric: int
    at: float
    state: State
    alarm: Alarm
    reason: str


@dataclass(slots=True)
class OpenMetric:
    """An alarm that is not over, and the evidence gathered that it is."""

    alarm: Alarm
    recovered: float = 0.0
    """Shiryaev-Roberts statistic of the reverse test: over at 1."""
    recovering: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """Where a river detector decides: in which blocks it fired for which metric."""

    fired: Bools
    """[B, M]"""
    wanted: Floats
    """[M] 1: a rise is watched, -1: a fall, 0: both."""

    def alarmed(self, monitor: "Monitor", b: int) -> Bools:
        """[M] fired in block ``b``, and the calls since the onset went the way that is watched."""
        sums = monitor.statistics.sums.sum(axis=0)
        rise = sums[:, 1] - sums[:, 2]
        rise[len(RATES) :] = sums[len(RATES) :, 1]
        seen: Bools = self.fired[b] & (sums[:, 0] > 0) & (rise * self.wanted >= 0) & (rise != 0)
        return seen


@dataclass(slots=True)
class Monitor:
    """Statistics and states of all metrics of a series or a parent."""

    patience_s: float
    statistics: ShiryaevRoberts = field(
        default_factory=lambda: ShiryaevRoberts.start(BASELINES, METRIC_COUNT, ALTERNATIVES, FEATURES)
    )
    last: Floats = field(default_factory=lambda: np.zeros(METRIC_COUNT))
    """[M] end of the last block that was judged; 0: none yet."""
    level: Floats = field(default_factory=lambda: np.zeros(METRIC_COUNT))
    """[M] an alarm at 1."""
    streak: Floats = field(default_factory=lambda: np.zeros(METRIC_COUNT))
    """[M] blocks in a row that spoke clearly for a change."""
    open: dict[int, OpenMetric] = field(default_factory=dict)

    def feed(self, blocks: Blocks, weights: Floats, decided: Decided | None = None) -> list[Change]:
        """Take blocks in order against alternatives with ``weights`` [2, M, K]; what changed its state.

        Where another detector has ``decided``, an alarm is what that one fired on, if our own sums since the onset
        went the way that is watched; onset, size and recovery are ours all the same.
        """
        changes: list[Change] = []
        judged = blocks.calls.sum(axis=0) > 0
        for begin in range(0, len(blocks.ends), MOST_BLOCKS):
            end = min(begin + MOST_BLOCKS, len(blocks.ends))
            calm = decided is None and not self.open and self._run(blocks, judged, weights, slice(begin, end))
            for b in range(begin, begin if calm else end):
                self._step(blocks, b, judged[b], weights, decided, changes)
        return changes

    def _run(self, blocks: Blocks, judged: Bools, weights: Floats, part: slice) -> bool:
        """Take blocks at once; false, and nothing has changed, where they must be taken one by one."""
        hot = np.where((weights > 0)[:, None], blocks.evidence[:, part], 0.0).max(axis=(0, 3)) >= HOT
        streaks = streaks_of(self.streak, hot, judged[part])
        ends = np.array(blocks.ends[part])[:, None]
        passed = np.maximum.accumulate(np.vstack([self.last[None], np.where(judged[part], ends, 0.0)]))
        last = passed[:-1]
        elapsed = np.where(last > 0, np.maximum(0.0, ends - last), 0.0)
        between = np.where(last > 0, (last + ends) / 2, ends)
        features = blocks.features[:, part]
        cap = caps(streaks[:-1], blocks.phi[part])
        run = Run(blocks.evidence[:, part], weights, judged[part], elapsed / self.patience_s, between, features, cap)
        levels = self.statistics.run(run)
        if levels is None:
            return False
        seen = judged[part]
        newest = len(seen) - 1 - np.argmax(seen[::-1], axis=0)
        level = levels.sum(axis=0)[newest, np.arange(METRIC_COUNT)]
        self.level = np.where(seen.any(axis=0), level, self.level)
        self.last, self.streak = passed[-1], streaks[-1]
        return True

    def _step(
        self, blocks: Blocks, b: int, judged: Bools, weights: Floats, decided: Decided | None, changes: list[Change]
    ) -> None:
        """Take block ``b``, with whatever is open, hot or decided elsewhere."""
        active, end = judged.copy(), blocks.ends[b]
        self._recover(blocks, b, active, changes)
        active[list(self.open)] = False
        elapsed = np.where(self.last > 0, np.maximum(0.0, end - self.last), 0.0)
        between = np.where(self.last > 0, (self.last + end) / 2, end)
        self.last = np.where(judged, np.maximum(self.last, end), self.last)
        slabs = self.statistics.step(
            blocks.evidence[:, b],
            weights * active[:, None],
            elapsed / self.patience_s,
            between,
            blocks.features[:, b],
            caps(self.streak, blocks.phi[b])[None, :, None],
        )
        hot = np.where(weights > 0, blocks.evidence[:, b], 0.0).max(axis=(0, 2)) >= HOT
        self.streak = np.where(judged, np.where(hot, self.streak + 1, 0.0), self.streak)
        self.level = np.where(active, slabs.sum(axis=0), self.level)
        alarmed = active & (self.level >= ALARM if decided is None else decided.alarmed(self, b))
        if alarmed.any():
            self._raise(blocks.evidence[:, b], weights, alarmed, end, changes, decided is None)

    def state(self, metric: int, *, able: bool, learning: bool) -> State:
        """Where a metric stands."""
        if metric in self.open:
            return State.RECOVERING if self.open[metric].recovering else State.OPEN
        if learning:
            return State.LEARNING
        if not able:
            return State.CANNOT_TELL
        return State.SUSPECT if self.suspects(metric) else State.OK

    def quiet(self, metric: int) -> bool:
        """May what came of late be learned from? Well below suspicion, and the last block had nothing to say."""
        return bool(self._ratio(metric) < _QUIET and not self.streak[metric] and metric not in self.open)

    def forget(self, at: float) -> None:
        """Nothing is open any more; testing starts anew at ``at``."""
        for metric in self.open:
            self.statistics.reset(metric, at)
            self.level[metric] = 0.0
        self.open.clear()

    def suspects(self, metric: int) -> bool:
        """Is the statistic beyond the square root of the way to an alarm, and not for its age alone?"""
        far = self.level[metric] >= np.sqrt(_SUSPECT_S / self.patience_s)
        return bool(far and self._ratio(metric) >= _SUSPECT)

    def _ratio(self, metric: int) -> float:
        """The mean likelihood ratio of the starting points that the statistic sums up; about 1 while nothing happens.

        The statistic itself grows with the time that it sums up, where calls are too few to speak either way.
        """
        seen = self.statistics.statistic[:, metric].any(axis=1)
        if not seen.any():
            return 0.0
        age = 2 * (self.last[metric] - self.statistics.onset[seen, metric].min())
        return float(self.level[metric] * self.patience_s / max(age, _SUSPECT_S))

    def _raise(
        self, evidence: Floats, weights: Floats, alarmed: Bools, end: float, changes: list[Change], own: bool
    ) -> None:
        for metric in np.flatnonzero(alarmed).tolist():
            mass = weights[:, metric] * self.statistics.statistic[:, metric]
            slab, winner = (int(i) for i in np.unravel_index(int(np.argmax(mass)), mass.shape))
            if own and evidence[slab, metric, winner] <= 0:
                continue  # grown by waiting, not by calls
            alarm = Alarm(
                metric,
                end,
                slab,
                winner,
                float(self.level[metric]),
                float(self.statistics.onset[slab, metric]),
                float(np.sqrt(max(0.0, self.statistics.spread[slab, metric]))),
                tuple(self.statistics.sums[slab, metric].tolist()),
            )
            self.open[metric] = OpenMetric(alarm)
            reason = "its statistic reached the alarm" if own else "the chosen detector fired"
            changes.append(Change(metric, end, State.OPEN, alarm, reason))

    def _recover(self, blocks: Blocks, b: int, judged: Bools, changes: list[Change]) -> None:
        for metric, one in list(self.open.items()):
            if not judged[metric]:
                continue
            block = blocks.features[one.alarm.slab, b, metric]
            phi = float(blocks.phi[b, metric])
            gained = recovery_evidence(metric, one.alarm.alternative, one.alarm.features, block, phi)
            end = blocks.ends[b]
            waited = max(0.0, end - float(self.last[metric])) / _RECOVERY_PATIENCE_S
            one.recovered = (one.recovered + waited) * float(np.exp(gained))
            if one.recovered >= ALARM:
                del self.open[metric]
                self.statistics.reset(metric, end)
                self.level[metric] = 0.0
                reason = "it is back within its tolerance"
                changes.append(Change(metric, end, State.CLOSED, one.alarm, reason))
            elif one.recovered < _STILL_OPEN if one.recovering else one.recovered >= _RECOVERING:
                one.recovering = not one.recovering
                state = State.RECOVERING if one.recovering else State.OPEN
                reason = "the last blocks look as before the change" if one.recovering else "it is as bad as before"
                changes.append(Change(metric, end, state, one.alarm, reason))

    def snapshot(self) -> dict[str, Any]:
        """For :meth:`restore`."""
        return {
            "statistics": self.statistics.state(),
            "last": self.last,
            "level": self.level,
            "streak": self.streak,
            "open": [[alarm_state(one.alarm), one.recovered, one.recovering] for one in self.open.values()],
        }

    @classmethod
    def restore(cls, patience_s: float, state: dict[str, Any]) -> Self:
        """From :meth:`snapshot`."""
        monitor = cls(
            patience_s,
            ShiryaevRoberts.restore(state["statistics"]),
            np.array(state["last"], np.float64),
            np.array(state["level"], np.float64),
            np.array(state["streak"], np.float64),
        )
        for alarm, recovered, recovering in state["open"]:
            one = restore_alarm(alarm)
            monitor.open[one.metric] = OpenMetric(one, float(recovered), recovering)
        return monitor


def alarm_state(alarm: Alarm) -> list[Any]:
    """For a snapshot."""
    return [getattr(alarm, name) for name in Alarm.__slots__]


def restore_alarm(state: list[Any]) -> Alarm:
    """From :func:`alarm_state`."""
    metric, at, slab, alternative, level, onset, spread, features = state
    return Alarm(
        int(metric), float(at), int(slab), int(alternative), float(level), float(onset), float(spread),
        tuple(map(float, features)),
    )  # fmt: skip
