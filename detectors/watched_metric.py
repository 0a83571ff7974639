"""One metric of a series, or of a model over all of them, where the engine watches it: of calls and of scores."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from detectors.actions import Subject
from detectors.alarms import Alarm, OpenMetric
from detectors.metrics import METRICS, SCORE
from detectors.model_group import ModelGroup
from detectors.monitor import Monitor
from detectors.parent import Parent
from detectors.relearning import relearn, restart, restart_parent
from detectors.series import SeriesKey
from detectors.series_watch import SeriesWatch

_NAMES = tuple(METRICS)


@dataclass(frozen=True, slots=True)
class WatchedMetric:
    """``place`` is that of the metric among those of ``watch``."""

    subject: Subject
    watch: SeriesWatch | Parent
    place: int

    @property
    def monitor(self) -> Monitor:
        return self.watch.monitor

    @property
    def score(self) -> str:
        """Name of the metric where it is a score."""
        return "" if self.subject.metric in METRICS else self.subject.metric

    def restart(self, at: float) -> Alarm | None:
        """Judge by calls after ``at`` alone; the alarm that was open, if any."""
        if isinstance(self.watch, Parent):
            return self._told(restart_parent(self.watch, self.place, at))
        return self._told(restart(self.watch, self.place, at))

    def relearn(self, at: float, choice: str) -> Alarm | None:
        """Forget what was usual of a series; the alarm that was open, if any. ``choice``: the detector that decides."""
        if isinstance(self.watch, Parent):
            return self.restart(at)
        return self._told(relearn(self.watch, self.place, at, choice))

    def open(self) -> Alarm | None:
        """The alarm that is not over."""
        one = self.monitor.open.get(self.place)
        return self._told(one.alarm) if one else None

    def reopen(self, alarm: Alarm) -> bool:
        """``alarm`` is not over; false where a later one is open already."""
        if self.place in self.monitor.open:
            return False
        self.monitor.open[self.place] = OpenMetric(replace(alarm, metric=self.place))
        return True

    def _told(self, alarm: Alarm | None) -> Alarm | None:
        """As regressions have it: all scores have one place."""
        return replace(alarm, metric=SCORE) if alarm is not None and self.score else alarm


def watched_metric(group: ModelGroup, subject: Subject) -> WatchedMetric | None:
    """None where it is not watched, or not any more."""
    if subject.metric in METRICS:
        watch = group.parent if subject.series.is_parent else group.series.get(subject.series)
        return WatchedMetric(subject, watch, _NAMES.index(subject.metric)) if watch is not None else None
    if subject.series.is_parent:
        parent = group.scores.parents.get(subject.metric)
        return WatchedMetric(subject, parent, 0) if parent is not None else None
    score = group.scores.watches.get(subject.series, {}).get(subject.metric)
    return WatchedMetric(subject, score.watch, 0) if score is not None else None


def of_all_series(group: ModelGroup, metric: str) -> Iterator[WatchedMetric]:
    """A metric of every series of the model that has it, in a fixed order."""
    held: list[SeriesKey] = sorted({*group.series, *group.scores.watches})
    for key in held:
        found = watched_metric(group, Subject(key, metric))
        if found is not None:
            yield found
