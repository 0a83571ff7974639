"""The states of one series' metrics, driven by blocks: quiet, suspect, open, recovering, and quiet again."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from detectors.alarms import Alarm, Blocks, Change, Decided, OpenMetric, alarm_state, restore_alarm
from detectors.alternatives import ALTERNATIVES
from detectors.batch import BASELINES, FEATURES
from detectors.columns import Bools, Floats
from detectors.config import DAY_S
from detectors.metrics import METRICS, RATES
from detectors.records import State
from detectors.recovery import recovery_evidence, score_recovery
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
_RHYTHM = 2.5
"""By how much a rate may be higher than in the hours before by nothing but the time of the day."""
MOST_DOUBLINGS = 5
"""False alarms, as people said, that count: from then on a metric's patience grows no more."""


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
    rates: int = len(RATES)
    """How many of the metrics, the first ones, are rates."""
    false_alarms: Floats = field(default_factory=lambda: np.zeros(0))
    """[M] how many of its alarms people called false."""
    patience: Floats = field(init=False)
    """[M] seconds: doubled by each false alarm."""

    young: Bools = field(init=False)
    """[M] rates whose baseline has not seen a day yet, as the owner says before it feeds blocks."""

    def __post_init__(self) -> None:
        self.young = np.zeros(len(self.last), np.bool_)
        if not len(self.false_alarms):
            self.false_alarms = np.zeros(len(self.last))
        self._set_patience()

    @classmethod
    def of(cls, patience_s: float, metrics: int, rates: int) -> Self:
        """One that has seen nothing, of so many metrics, the first of them rates."""
        statistics = ShiryaevRoberts.start(BASELINES, metrics, ALTERNATIVES, FEATURES)
        return cls(patience_s, statistics, np.zeros(metrics), np.zeros(metrics), np.zeros(metrics), rates=rates)

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
        seen = judged[part]
        if not weights.any():
            self._pass(blocks.ends[part], seen)
            return True
        hot = np.where((weights > 0)[:, None], blocks.evidence[:, part], 0.0).max(axis=(0, 3)) >= HOT
        streaks = streaks_of(self.streak, hot, seen)
        ends = np.array(blocks.ends[part])[:, None]
        passed = np.maximum.accumulate(np.vstack([self.last[None], np.where(seen, ends, 0.0)]))
        last = passed[:-1]
        elapsed = np.where(last > 0, np.maximum(0.0, ends - last), 0.0)
        between = np.where(last > 0, (last + ends) / 2, ends)
        features = blocks.features[:, part]
        cap = caps(streaks[:-1], blocks.phi[part])
        run = Run(blocks.evidence[:, part], weights, seen, elapsed / self.patience, between, features, cap)
        levels = self.statistics.run(run)
        if levels is None:
            return False
        newest = len(seen) - 1 - np.argmax(seen[::-1], axis=0)
        level = levels.sum(axis=0)[newest, np.arange(len(newest))]
        self.level = np.where(seen.any(axis=0), level, self.level)
        self.last, self.streak = passed[-1], streaks[-1]
        return True

    def _pass(self, ends: list[float], seen: Bools) -> None:
        """Blocks that nothing can be told of: no metric has a baseline yet."""
        some = seen.any(axis=0)
        self.level = np.where(some, 0.0, self.level)
        self.streak = np.where(some, 0.0, self.streak)
        self.last = np.maximum(self.last, np.where(seen, np.array(ends)[:, None], 0.0).max(axis=0))

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
            elapsed / self.patience,
            between,
            blocks.features[:, b],
            caps(self.streak, blocks.phi[b])[None, :, None],
        )
        hot = np.where(weights > 0, blocks.evidence[:, b], 0.0).max(axis=(0, 2)) >= HOT
        self.streak = np.where(judged, np.where(hot, self.streak + 1, 0.0), self.streak)
        self.level = np.where(active, slabs.sum(axis=0), self.level)
        alarmed = active & (self.level >= ALARM if decided is None else decided.alarmed(self.statistics.sums, b))
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

    def restart(self, metric: int, at: float) -> Alarm | None:
        """Testing of a metric starts anew at ``at``, from calls still to come; the alarm that was open, if any."""
        one = self.open.pop(metric, None)
        self.statistics.reset(metric, at)
        self.level[metric] = self.streak[metric] = 0.0
        return one.alarm if one else None

    def doubt(self, metric: int) -> None:
        """An alarm of this metric was false: ask for more evidence, up to :data:`MOST_DOUBLINGS` times."""
        self.false_alarms[metric] += 1
        self._set_patience()

    def doubt_as(self, elder: "Monitor") -> None:
        """Ask for as much evidence as ``elder``."""
        self.false_alarms = elder.false_alarms.copy()
        self._set_patience()

    @property
    def of_scores(self) -> bool:
        """Scores stand alone: a monitor that has no rate watches them."""
        return not self.rates

    def _set_patience(self) -> None:
        self.patience = self.patience_s * 2.0 ** np.minimum(self.false_alarms, MOST_DOUBLINGS)

    def suspects(self, metric: int) -> bool:
        """Is the statistic beyond the square root of the way to an alarm, and not for its age alone?"""
        far = self.level[metric] >= np.sqrt(_SUSPECT_S / self.patience[metric])
        return bool(far and self._ratio(metric) >= _SUSPECT)

    def _ratio(self, metric: int) -> float:
        """The mean likelihood ratio of the starting points that the statistic sums up; about 1 while nothing happens.

        The statistic itself grows with the time that it sums up, where calls are too few to speak either way.
        """
        seen = self.statistics.statistic[:, metric].any(axis=1)
        if not seen.any():
            return 0.0
        age = 2 * (self.last[metric] - self.statistics.onset[seen, metric].min())
        return float(self.level[metric] * self.patience[metric] / max(age, _SUSPECT_S))

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
            if own and self._may_be_the_hour(alarm):
                self.statistics.reset(metric, end)
                self.level[metric] = 0.0
                continue
            self.open[metric] = OpenMetric(alarm)
            reason = "its statistic reached the alarm" if own else "the chosen detector fired"
            changes.append(Change(metric, end, State.OPEN, alarm, reason))

    def _may_be_the_hour(self, alarm: Alarm) -> bool:
        """Could a rate's daily rhythm, of which the baseline has seen only a part, be all that there is?"""
        _, bad, expected, *_ = alarm.features
        return bool(self.young[alarm.metric]) and bad < _RHYTHM * expected

    def _recover(self, blocks: Blocks, b: int, judged: Bools, changes: list[Change]) -> None:
        for metric, one in list(self.open.items()):
            if not judged[metric]:
                continue
            block = blocks.features[one.alarm.slab, b, metric]
            phi = float(blocks.phi[b, metric])
            if self.of_scores:
                gained = score_recovery(one.alarm.features, block, phi)
            else:
                alternative = None if metric < self.rates else one.alarm.alternative
                gained = recovery_evidence(alternative, one.alarm.features, block, phi)
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
            "false_alarms": self.false_alarms,
        }

    @classmethod
    def restore(cls, patience_s: float, state: dict[str, Any], rates: int = len(RATES)) -> Self:
        """From :meth:`snapshot`."""
        monitor = cls(
            patience_s,
            ShiryaevRoberts.restore(state["statistics"]),
            np.array(state["last"], np.float64),
            np.array(state["level"], np.float64),
            np.array(state["streak"], np.float64),
            rates=rates,
            false_alarms=np.array(state["false_alarms"], np.float64),
        )
        for alarm, recovered, recovering in state["open"]:
            one = restore_alarm(alarm)
            monitor.open[one.metric] = OpenMetric(one, float(recovered), recovering)
        return monitor
