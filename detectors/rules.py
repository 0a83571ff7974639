"""What a series' metrics are watched for: defaults, and what the user's rules say of them."""

from dataclasses import dataclass

from detectors.config import DAY_S, DetectorConfig, Rule
from detectors.metrics import METRICS, Direction, Metric, Severity
from detectors.series import SeriesKey


@dataclass(frozen=True, slots=True)
class MetricSettings:
    """How one metric of one series is watched."""

    metric: Metric
    watch: bool
    tolerance: float
    direction: Direction
    severity: Severity
    pin_from: float
    """Unix seconds; 0: the baseline is learned from the first call on."""


def settings_for(config: DetectorConfig, key: SeriesKey) -> tuple[MetricSettings, ...]:
    """Settings of all metrics of ``key``, in their order; a later rule wins over an earlier one."""
    return tuple(setting_of(config, key, metric) for metric in METRICS.values())


def patience_s(config: DetectorConfig) -> float:
    """Mean time to a false alarm of one metric of one series, seconds.

    False alarms add up over series and metrics whatever their dependence, so each gets an equal share of the fleet's
    budget. The fleet's size is declared, not counted: what a series may do must not depend on which others exist.
    """
    return config.false_page_days * DAY_S * config.fleet_series * len(METRICS)


def setting_of(config: DetectorConfig, key: SeriesKey, metric: Metric) -> MetricSettings:
    """The same of one metric."""
    watch, tolerance, pin_from = True, metric.tolerance, 0.0
    direction, severity = metric.direction, metric.severity
    for rule in config.rules:
        if not _matches(rule, key, metric):
            continue
        watch = watch if rule.watch is None else rule.watch
        tolerance = tolerance if rule.tolerance is None else rule.tolerance
        direction = direction if rule.direction is None else Direction(rule.direction)
        severity = severity if rule.severity is None else Severity(rule.severity)
        pin_from = pin_from if rule.pin_from is None else rule.pin_from
    return MetricSettings(metric, watch, tolerance, direction, severity, pin_from)


def _matches(rule: Rule, key: SeriesKey, metric: Metric) -> bool:
    models = (key.model, key.request_model)
    return (
        rule.service in ("", key.service)
        and rule.route in ("", key.route)
        and rule.provider in ("", key.provider)
        and (not rule.model or rule.model in models)
        and rule.metric in ("", metric.name)
    )
