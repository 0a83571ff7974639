"""What engines count, as metrics of the process."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from detectors.engines import Counts
from detectors.followed import Followed
from detectors.score_group import ScoreFate
from watchkeeper.telemetry import Metrics


@dataclass(frozen=True, slots=True)
class _Seen:
    """Totals of one state, of which a part may have been counted by an earlier process."""

    calls: int
    late: int
    future: int
    evicted: int
    repeats: int
    scores: Mapping[str, int]

    @classmethod
    def of(cls, followed: Followed, counts: Counts) -> "_Seen":
        return cls(counts.calls, counts.late, counts.future, counts.evicted, followed.repeats, dict(counts.scores))


class EngineMetrics:
    """Writes the metrics of the states in work. One thread owns it."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._seen: dict[int, tuple[Followed, _Seen]] = {}

    def opened(self, followed: Followed) -> None:
        """From now on; what its engine counted in an earlier process is not counted again."""
        self._seen[id(followed)] = (followed, _Seen.of(followed, followed.engine.counts()))

    def write(self, all_followed: Iterable[Followed]) -> None:
        """Bring the metrics up to date; states that are not named any more are forgotten."""
        states: Counter[str] = Counter()
        kept = {}
        for followed in all_followed:
            counts = followed.engine.counts()
            now = _Seen.of(followed, counts)
            self._add(self._seen[id(followed)][1], now)
            kept[id(followed)] = (followed, now)
            states.update(counts.series_by_state)
        self._seen = kept
        self._show(states)

    def _add(self, before: _Seen, now: _Seen) -> None:
        metrics = self._metrics
        metrics.detector_calls.inc(now.calls - before.calls)
        metrics.detector_evicted.inc(now.evicted - before.evicted)
        left_out = {
            "late": now.late - before.late,
            "future": now.future - before.future,
            "repeated": now.repeats - before.repeats,
        }
        for reason, calls in left_out.items():
            metrics.detector_left_out.labels(reason).inc(calls)
        for fate, scores in now.scores.items():
            came = scores - before.scores.get(fate, 0)
            if fate == ScoreFate.USED:
                metrics.detector_scores.inc(came)
            else:
                metrics.detector_left_out_scores.labels(fate).inc(came)

    def _show(self, states: Mapping[str, int]) -> None:
        self._metrics.detector_series.clear()
        for state, count in states.items():
            self._metrics.detector_series.labels(state).set(count)
