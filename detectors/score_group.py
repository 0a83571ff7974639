"""The scores of one requested model: those of its series by name, and of each name the parent over all routes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from detectors.alarms import Change
from detectors.columns import Ints
from detectors.config import DAY_S, DetectorConfig
from detectors.detector_names import E_DETECTOR
from detectors.incidents import RaisedAlarm
from detectors.monitor import Monitor
from detectors.parent import Contribution, Parent
from detectors.records import State
from detectors.rules import patience_s
from detectors.score_columns import ScoreColumns
from detectors.score_metrics import MOST_NAMES, PREFIX, score_patience_s, score_settings
from detectors.score_watch import ScoreWatch, as_score
from detectors.series import SeriesKey
from detectors.sizes import score_size

_NO_SCORES_S = 7 * DAY_S


class ScoreFate(StrEnum):
    """What became of a score."""

    USED = "used"
    NO_NUMBER = "no_number"
    NO_SERIES = "no_series"
    """Its call is of a series that is not held: it came too late, or the series was given up."""
    CROWDED = "crowded"
    """Its series has the most names already."""
    NOT_WATCHED = "not_watched"
    """The rules say so."""


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """A score went to another state."""

    series: SeriesKey
    metric: str
    change: Change
    raised: RaisedAlarm | None = None
    """Where it is a new alarm."""


@dataclass(slots=True)
class ScoreGroup:
    """All scores of one (provider, requested model)."""

    key: SeriesKey
    """The parent."""
    config: DetectorConfig
    watches: dict[SeriesKey, dict[str, ScoreWatch]] = field(default_factory=dict)
    """By series and metric."""
    parents: dict[str, Parent] = field(default_factory=dict)

    def feed(
        self, scores: ScoreColumns, rows_of: dict[SeriesKey, Ints], counted: Counter[ScoreFate]
    ) -> list[ScoreChange]:
        """The scores of one unit, by series; what became of them is added to ``counted``."""
        found: list[ScoreChange] = []
        contributions: dict[str, list[Contribution]] = {}
        for key in sorted(rows_of):
            for name, rows in _by_name(scores, rows_of[key]):
                watch = self._watch(key, name, float(scores.at[rows[0]]), found)
                if watch is None:
                    watched = score_settings(self.config, key, name).watch
                    counted[ScoreFate.CROWDED if watched else ScoreFate.NOT_WATCHED] += len(rows)
                    continue
                blocks, changes = watch.feed(scores, rows, self.config.detector)
                counted[ScoreFate.USED] += len(rows)
                found += [self._told(watch, change) for change in changes]
                contributions.setdefault(watch.metric, []).append(Contribution(blocks, watch.watch.weights))
        return found + self._over_all(contributions)

    def expire(self, now: float) -> list[ScoreChange]:
        """What the clock brings: blocks that are over, scores that do not come any more."""
        found: list[ScoreChange] = []
        contributions: dict[str, list[Contribution]] = {}
        for watch in self.all():
            expired = watch.expire(now)
            if expired is not None:
                found += [self._told(watch, change) for change in expired[1]]
                contributions.setdefault(watch.metric, []).append(Contribution(expired[0], watch.watch.weights))
        return found + self._over_all(contributions) + self._silent(now)

    def all(self) -> Iterator[ScoreWatch]:
        """Every score of every series, in a fixed order."""
        for key in sorted(self.watches):
            for metric in sorted(self.watches[key]):
                yield self.watches[key][metric]

    def of(self, series: SeriesKey) -> Iterable[ScoreWatch]:
        """The scores of one series."""
        return (self.watches[series][metric] for metric in sorted(self.watches.get(series, ())))

    def drop(self, series: SeriesKey) -> None:
        """The series is not watched any more."""
        self.watches.pop(series, None)

    def _watch(self, key: SeriesKey, name: str, at: float, found: list[ScoreChange]) -> ScoreWatch | None:
        """The watch of a score; None where it is not watched, or there are too many others."""
        own, metric = self.watches.setdefault(key, {}), PREFIX + name
        if metric in own:
            return own[metric]
        if not score_settings(self.config, key, name).watch:
            return None
        if len(own) >= MOST_NAMES and not self._give_up(own, at, found):
            return None
        watch = ScoreWatch.start(key, name, self.config)
        elders = [
            one[metric] for other, one in self.watches.items() if other.workload == key.workload and metric in one
        ]
        if elders:
            watch.watch.inherit(max(elders, key=lambda one: (one.watch.calls, one.watch.key)).watch)
        own[metric] = watch
        return watch

    def _give_up(self, own: dict[str, ScoreWatch], at: float, found: list[ScoreChange]) -> bool:
        """Make room by the score that was silent longest: one that is still learning, or silent for a week."""
        idle = [
            one for one in own.values() if one.learner.pinned is None or at - one.watch.last_seen >= _NO_SCORES_S
        ]  # fmt: skip
        if not idle:
            return False
        oldest = min(idle, key=lambda one: (one.watch.last_seen, one.metric))
        found += self._forgotten(oldest, at, f"no longer watched, for its series has more than {MOST_NAMES} scores")
        del own[oldest.metric]
        return True

    def _over_all(self, contributions: dict[str, list[Contribution]]) -> list[ScoreChange]:
        found: list[ScoreChange] = []
        for metric in sorted(contributions):
            watches = self._named(metric)
            if len(watches) < 2:
                continue
            if metric not in self.parents:
                self.parents[metric] = Parent.start(Monitor.of(score_patience_s(self.config), 1, 0))
            changes = self.parents[metric].feed(contributions[metric])
            found += [self._told_of_all(metric, watches, as_score(change)) for change in changes]
        return found

    def _named(self, metric: str) -> list[ScoreWatch]:
        return [self.watches[key][metric] for key in sorted(self.watches) if metric in self.watches[key]]

    def _silent(self, now: float) -> list[ScoreChange]:
        """Close what is open of scores that nobody gives any more."""
        found: list[ScoreChange] = []
        for watch in self.all():
            if watch.watch.monitor.open and now - watch.watch.last_seen >= _NO_SCORES_S:
                found += self._forgotten(watch, now, "no scores for 7 days")
        for metric, parent in self.parents.items():
            newest = max((one.watch.last_seen for one in self._named(metric)), default=0.0)
            if parent.monitor.open and now - newest >= _NO_SCORES_S:
                found += _ended(self.key, metric, parent.monitor, now, "no scores for 7 days")
        return found

    def _forgotten(self, watch: ScoreWatch, at: float, reason: str) -> list[ScoreChange]:
        return _ended(watch.watch.key, watch.metric, watch.watch.monitor, at, reason)

    def _told(self, watch: ScoreWatch, change: Change) -> ScoreChange:
        monitor, phi = watch.watch.monitor, float(watch.watch.phi[0])
        raised = self._raised(watch.watch.key, change, [watch], monitor, phi) if _is_new(change) else None
        return ScoreChange(watch.watch.key, watch.metric, change, raised)

    def _told_of_all(self, metric: str, watches: Sequence[ScoreWatch], change: Change) -> ScoreChange:
        parent = self.parents[metric]
        phi = parent.learned[0].phi
        raised = self._raised(self.key, change, watches, parent.monitor, phi) if _is_new(change) else None
        return ScoreChange(self.key, metric, change, raised)

    def _raised(
        self, key: SeriesKey, change: Change, watches: Sequence[ScoreWatch], monitor: Monitor, phi: float
    ) -> RaisedAlarm:
        busiest = max(watches, key=lambda one: one.watch.calls)
        grids = [one.learner.grid for one in watches if one.learner.grid is not None]
        widest = (min(grid.low for grid in grids), max(grid.high for grid in grids))
        decider = None if key.is_parent else busiest.watch.deciders[0]
        return RaisedAlarm(
            key,
            busiest.of_calls(change.alarm),
            score_size(change.alarm, phi, busiest.metric, widest),
            busiest.watch.settings[0].severity,
            decider.preset.name if decider else E_DETECTOR,
            ("pinned", "trailing")[change.alarm.slab],
            stricter=float(monitor.patience[0] / patience_s(self.config)),
            score=busiest.metric,
        )

    def snapshot(self) -> dict[str, Any]:
        """For :meth:`restore`."""
        return {
            "watches": [watch.snapshot() for own in self.watches.values() for watch in own.values()],
            "parents": {metric: parent.snapshot() for metric, parent in self.parents.items()},
        }

    @classmethod
    def restore(cls, key: SeriesKey, config: DetectorConfig, state: dict[str, Any]) -> Self:
        """From :meth:`snapshot`, bit for bit."""
        group = cls(key, config)
        for kept in state["watches"]:
            watch = ScoreWatch.restore(kept, config)
            group.watches.setdefault(watch.watch.key, {})[watch.metric] = watch
        patience = score_patience_s(config)
        group.parents = {metric: Parent.restore(patience, one, rates=0) for metric, one in state["parents"].items()}
        return group


def _by_name(scores: ScoreColumns, rows: Ints) -> Iterator[tuple[str, Ints]]:
    for position in sorted(set(scores.name[rows].tolist())):
        yield scores.names[position], rows[scores.name[rows] == position]


def _is_new(change: Change) -> bool:
    return change.state is State.OPEN and change.alarm.at == change.at


def _ended(key: SeriesKey, metric: str, monitor: Monitor, at: float, reason: str) -> list[ScoreChange]:
    """Nothing of it is open any more."""
    alarms = [one.alarm for one in monitor.open.values()]
    monitor.forget(at)
    return [ScoreChange(key, metric, as_score(Change(0, at, State.CLOSED, alarm, reason))) for alarm in alarms]
