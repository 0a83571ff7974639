"""One score of one series: a watched series of its own, whose calls are those that somebody judged."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from detectors.alarms import Alarm, Blocks, Change
from detectors.columns import Ints
from detectors.config import DetectorConfig
from detectors.metrics import SCORE
from detectors.relearning import pin_anew
from detectors.score_columns import ScoreColumns
from detectors.score_learner import ScoreLearner
from detectors.score_metrics import PREFIX, score_patience_s, score_settings
from detectors.series import SeriesKey
from detectors.series_calls import SeriesCalls
from detectors.series_watch import SeriesWatch

_REMEMBERED = 200.0
"""Scores over which it is averaged how long they come after their calls."""
_MOST_LAG_SPREAD_S = 6 * 3600.0


@dataclass(slots=True)
class ScoreWatch:
    """A series with the score as its only metric, and how long scores come after their calls."""

    watch: SeriesWatch
    waited: float = 0.0
    """Mean of late, seconds."""
    waited_square: float = 0.0

    @classmethod
    def start(cls, key: SeriesKey, name: str, config: DetectorConfig) -> Self:
        """A score that was never seen."""
        settings = (score_settings(config, key, name),)
        return cls(SeriesWatch.of(key, settings, score_patience_s(config), config))

    @property
    def metric(self) -> str:
        return self.watch.settings[0].metric.name

    @property
    def learner(self) -> ScoreLearner:
        (learner,) = self.watch.learners
        assert isinstance(learner, ScoreLearner)
        return learner

    def feed(self, scores: ScoreColumns, rows: Ints, detector: str) -> tuple[Blocks, list[Change]]:
        """Take the scores at ``rows``; the blocks that closed, and what changed its state.

        ``detector`` decides where the rules want the baseline learned anew from here.
        """
        count, waited = len(rows), scores.waited[rows]
        share = min(1.0, count / min(_REMEMBERED, self.watch.calls + count))
        self.waited += share * (float(waited.mean()) - self.waited)
        self.waited_square += share * (float((waited * waited).mean()) - self.waited_square)
        pinned = pin_anew(self.watch, scores.at[rows], detector)
        blocks, changes = self.watch.feed(_as_calls(scores, rows))
        return blocks, [as_score(change) for change in (*pinned, *changes)]

    def expire(self, now: float) -> tuple[Blocks, list[Change]] | None:
        """Close the open block if it is over by the clock."""
        expired = self.watch.expire(now)
        return expired and (expired[0], [as_score(change) for change in expired[1]])

    def of_calls(self, alarm: Alarm) -> Alarm:
        """``alarm`` with the onset in the time of the calls: scores come later."""
        spread = min(_MOST_LAG_SPREAD_S, float(np.sqrt(max(0.0, self.waited_square - self.waited**2))))
        return replace(alarm, onset=alarm.onset - self.waited, spread=float(np.hypot(alarm.spread, spread)))

    def snapshot(self) -> list[Any]:
        """For :meth:`restore`."""
        return [self.metric.removeprefix(PREFIX), self.waited, self.waited_square, self.watch.snapshot()]

    @classmethod
    def restore(cls, state: list[Any], config: DetectorConfig) -> Self:
        """From :meth:`snapshot`, bit for bit."""
        name, waited, square, kept = state
        settings = (score_settings(config, SeriesKey(*kept["key"]), name),)
        watch = SeriesWatch.restore_of(kept, settings, score_patience_s(config), config)
        return cls(watch, float(waited), float(square))


def as_score(change: Change) -> Change:
    """The change of a series' only metric as that of a score."""
    return replace(change, metric=SCORE, alarm=replace(change.alarm, metric=SCORE))


def _as_calls(scores: ScoreColumns, rows: Ints) -> SeriesCalls:
    nothing = np.zeros((len(rows), 0), np.bool_)
    prompt = scores.prompt_bucket[rows]
    return SeriesCalls(scores.at[rows], nothing, nothing, scores.value[rows, None], prompt, np.zeros_like(prompt))
