"""Scores as metrics: one a name, which the users choose; what they are watched for."""

from dataclasses import replace

from detectors.config import DetectorConfig
from detectors.metrics import METRICS, Direction, Kind, Metric, Severity, Strata
from detectors.rules import MetricSettings, patience_s, setting_of
from detectors.series import SeriesKey
from watchkeeper.score_names import lower_is_better

PREFIX = "score:"
ANY_SCORE = f"{PREFIX}*"
"""In a rule: every score."""
MOST_NAMES = 8
"""Scores watched of one series."""
_TOLERANCE = 0.1
_NOTICES = sum(metric.severity is Severity.NOTICE for metric in METRICS.values())


def score_metric(name: str) -> Metric:
    """The metric of the score called ``name``: a fall is worth an alarm, of complaints a rise."""
    direction = Direction.UP if lower_is_better(name) else Direction.DOWN
    meaning = f"feedback and evaluation results called {name}"
    return Metric(
        PREFIX + name, Kind.SCORE, "score", direction, Strata.PROMPT, _TOLERANCE, Severity.PAGE, meaning
    )  # fmt: skip


def score_settings(config: DetectorConfig, key: SeriesKey, name: str) -> MetricSettings:
    """How ``name`` of ``key`` is watched.

    Rules for all metrics at once say nothing of a score's direction and tolerance: they are meant for seconds and
    shares, of which more is worse.
    """
    rules = [
        one if one.metric.startswith(PREFIX) else replace(one, direction=None, tolerance=None) for one in config.rules
    ]
    metric = score_metric(name)
    widened = [replace(one, metric=metric.name) if one.metric == ANY_SCORE else one for one in rules]
    return setting_of(replace(config, rules=tuple(widened)), key, metric)


def score_patience_s(config: DetectorConfig) -> float:
    """Mean time to a false alarm of one score of one series, seconds.

    Of the budget of pages each metric has an equal share; what those that never page leave over, scores share.
    """
    return patience_s(config) * MOST_NAMES / _NOTICES
