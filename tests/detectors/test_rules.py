"""Rules: the last that matches decides, field by field."""

from detectors.config import DetectorConfig, Rule
from detectors.metrics import METRICS, Direction, Severity
from detectors.rules import MetricSettings, patience_s, settings_for
from detectors.series import SeriesKey

KEY = SeriesKey("shop", "answer", "openai", "gpt-x", "gpt-x-2026-05-01")


def of(metric: str, *rules: Rule, key: SeriesKey = KEY) -> MetricSettings:
    settings = settings_for(DetectorConfig(rules=rules), key)
    assert [one.metric.name for one in settings] == list(METRICS)
    return next(one for one in settings if one.metric.name == metric)


def test_without_rules_the_metrics_own_settings_hold() -> None:
    found = of("latency")
    metric = METRICS["latency"]
    assert (found.watch, found.tolerance, found.direction) == (True, metric.tolerance, metric.direction)
    assert found.severity is metric.severity and found.pin_from == 0


def test_the_last_rule_that_matches_decides_and_says_nothing_of_what_it_leaves_open() -> None:
    rules = (Rule(tolerance=0.5, severity="notice"), Rule(metric="latency", tolerance=0.2, direction="both"))
    found = of("latency", *rules)
    assert (found.tolerance, found.severity, found.direction) == (0.2, Severity.NOTICE, Direction.BOTH)
    assert of("error", *rules).tolerance == 0.5 and of("error", *rules).direction is Direction.UP


def test_a_rule_matches_by_every_field_it_names_and_by_either_model() -> None:
    for rule in (
        Rule(service="shop", watch=False),
        Rule(route="answer", provider="openai", watch=False),
        Rule(model="gpt-x", watch=False),
        Rule(model="gpt-x-2026-05-01", watch=False),
    ):
        assert not of("error", rule).watch
    for rule in (
        Rule(service="shop", route="search", watch=False),
        Rule(model="gpt-y", watch=False),
        Rule(metric="cost", watch=False),
    ):
        assert of("error", rule).watch
    assert of("error", Rule(route="answer", watch=False), key=KEY.parent).watch


def test_the_patience_grows_with_the_fleet_and_the_days_between_false_pages() -> None:
    plain = patience_s(DetectorConfig())
    assert patience_s(DetectorConfig(false_page_days=14)) == 2 * plain
    doubled = DetectorConfig(fleet_series=2 * DetectorConfig().fleet_series)
    assert patience_s(doubled) == 2 * plain
