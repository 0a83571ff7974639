"""The rules file for Prometheus: checked by promtool, each alert fires when it should and is quiet otherwise."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from dashboards.files import ROOT
from dashboards.prometheus_rules import ALERTS, RECORDING
from watchkeeper.telemetry import Metrics

RULES = ROOT / "prometheus" / "watchkeeper.rules.yaml"
Series = Mapping[str, str]
"""Values a minute apart, in promtool's notation, by series."""


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("promtool is not installed (Debian: prometheus)")
    if found is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    return found


@dataclass(frozen=True, slots=True)
class Case:
    """Of ``fires`` an alert fires at ``at`` with ``labels``; of ``quiet`` it does not."""

    fires: Series
    at: str
    labels: Mapping[str, str] = field(default_factory=dict)
    quiet: Series = field(default_factory=dict)


_INSERT = "watchkeeper_last_insert_timestamp_seconds"
_AGE = 'watchkeeper_detector_snapshot_age_seconds{instance="d1"}'
_WORKED = 'watchkeeper_detector_calls_total{instance="d1"}'
_CALLS = "watchkeeper_calls_total"
_OPENED = 'watchkeeper_regression_transitions_total{kind="outage", state="%s"}'
CASES = {
    "WatchkeeperIsNotScraped": Case({"up": "1x60"}, "20m", {}, {_INSERT: "0x120"}),
    # A service that stores nothing says 0; the clock of promtool begins at 0.
    "WatchkeeperNoCallsAreStored": Case({_INSERT: "60x60"}, "40m", {}, {_INSERT: "0x120"}),
    "WatchkeeperStoreTakesNothing": Case(
        {_INSERT: "60x60", "watchkeeper_insert_retries_total": "0+1x60"},
        "20m",
        {},
        {_INSERT: "60x120", "watchkeeper_insert_retries_total": "0x120"},
    ),
    "WatchkeeperCallsFail": Case(
        {f'{_CALLS}{{outcome="ok"}}': "0+80x120", f'{_CALLS}{{outcome="timeout"}}': "0+20x120"},
        "30m",
        {},
        {f'{_CALLS}{{outcome="ok"}}': "0+80x120", f'{_CALLS}{{outcome="cancelled"}}': "0+20x120"},
    ),
    "WatchkeeperRegression": Case(
        {_OPENED % "open": "_x20 1x40"}, "25m", {"kind": "outage"}, {_OPENED % "closed": "0+1x120"}
    ),
    "WatchkeeperKafkaLagGrows": Case(
        {'watchkeeper_kafka_lag_messages{topic="otlp_spans", partition="0"}': "0+100x120"},
        "100m",
        {"topic": "otlp_spans"},
        {'watchkeeper_kafka_lag_messages{topic="otlp_spans", partition="0"}': "9000-10x120"},
    ),
    "WatchkeeperDeadLetters": Case(
        {'watchkeeper_dead_letters_total{reason="not_otlp"}': "_x20 1x40"},
        "22m",
        {"reason": "not_otlp"},
        {'watchkeeper_dead_letters_total{reason="not_otlp"}': "7x120"},
    ),
    "WatchkeeperInsertsAreTriedAgain": Case(
        {"watchkeeper_insert_retries_total": "0+1x60"}, "40m", {}, {"watchkeeper_insert_retries_total": "5x120"}
    ),
    "WatchkeeperDetectorsLag": Case(
        {"watchkeeper_detector_lag_seconds": "900x60"}, "20m", {}, {"watchkeeper_detector_lag_seconds": "100x120"}
    ),
    "WatchkeeperDetectorsSaveNothing": Case(
        {_AGE: "0+60x120", _WORKED: "0+10x120"}, "60m", {"instance": "d1"}, {_AGE: "0+60x120", _WORKED: "10x120"}
    ),
    "WatchkeeperDetectorsFail": Case(
        {"watchkeeper_detector_failures_total": "0+1x60"}, "20m", {}, {"watchkeeper_detector_failures_total": "0 1x120"}
    ),
    "WatchkeeperModelHasNoPrice": Case(
        {'watchkeeper_unpriced_calls_total{provider="openai", model="new"}': "_x10 3x60"},
        "20m",
        {"provider": "openai", "model": "new"},
        {'watchkeeper_unpriced_calls_total{provider="openai", model="new"}': "3x120"},
    ),
    "WatchkeeperTaskFails": Case(
        {'watchkeeper_task_failures_total{task="comparisons"}': "_x10 1x60"},
        "15m",
        {"task": "comparisons"},
        {'watchkeeper_task_failures_total{task="comparisons"}': "1x120"},
    ),
    "WatchkeeperMessagesWait": Case(
        {'watchkeeper_alert_waiting_messages{channel="slack"}': "2x60"},
        "50m",
        {"channel": "slack"},
        {'watchkeeper_alert_waiting_messages{channel="slack"}': "2x20 0 2x20 0 2x20 0 2x20 0 2x20"},
    ),
    "WatchkeeperAlertsFail": Case(
        {"watchkeeper_alert_failures_total": "0+1x60"}, "20m", {}, {"watchkeeper_alert_failures_total": "0 1x120"}
    ),
}
_QUIET_AT = "100m"


def told(alert: str, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """An alert as promtool expects it, but for its annotations: they may hold a number."""
    (found,) = [one for one in ALERTS if one.name == alert]
    return [{"exp_labels": {"severity": found.severity, "product": "watchkeeper", **labels}}]


@dataclass(slots=True)
class World:
    """Series of several alerts that ask for different metrics: promtool needs a database for each world."""

    series: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    metrics: set[str] = field(default_factory=set)

    def as_test(self) -> dict[str, Any]:
        values = [{"series": name, "values": numbers} for name, numbers in self.series.items()]
        return {"interval": "1m", "input_series": values, "alert_rule_test": self.asked}


def metrics_of(text: str) -> set[str]:
    """Those that services tell, what is recorded resolved."""
    recorded = {rule.record: rule.expr for rule in RECORDING}
    found = set(re.findall(r"\bwatchkeeper_\w+", text))
    return found.union(*(metrics_of(expr) for name, expr in recorded.items() if name in text))


def add(worlds: list[World], alert: str, series: Series, asked: dict[str, Any]) -> None:
    """To the first world in which nothing else touches what the alert asks for."""
    (expr,) = [one.expr for one in ALERTS if one.name == alert]
    metrics = metrics_of(expr)
    world = next((one for one in worlds if not one.metrics & metrics), None)
    if world is None:
        worlds.append(world := World())
    world.series |= series
    world.metrics |= metrics
    world.asked.append({"alertname": alert, **asked})


def ran(promtool: str, worlds: Sequence[World], directory: Path) -> subprocess.CompletedProcess[str]:
    """``promtool test rules`` on the committed rules, without their annotations."""
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule.pop("annotations", None)
    (directory / "rules.yaml").write_text(yaml.safe_dump(rules))
    path = directory / "tests.yaml"
    tests = [world.as_test() for world in worlds]
    path.write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests}))
    return subprocess.run(
        [promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False, timeout=60
    )


def test_every_alert_has_a_case() -> None:
    assert list(CASES) == [alert.name for alert in ALERTS]


def test_promtool_accepts_the_committed_rules(promtool: str) -> None:
    done = subprocess.run(
        [promtool, "check", "rules", "--lint=all", "--lint-fatal", str(RULES)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(ALERTS) + len(RECORDING)} rules found" in done.stdout


def test_alerts_fire_when_they_should_and_only_then(promtool: str, tmp_path: Path) -> None:
    worlds: list[World] = []
    for name, case in CASES.items():
        add(worlds, name, case.fires, {"eval_time": case.at, "exp_alerts": told(name, case.labels)})
        add(worlds, name, case.quiet, {"eval_time": _QUIET_AT, "exp_alerts": []})
    done = ran(promtool, worlds, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_first_event_of_a_process_is_noticed_though_the_one_before_it_had_some(
    promtool: str, tmp_path: Path
) -> None:
    counter = 'watchkeeper_dead_letters_total{reason="not_otlp", instance="%s"}'
    series = {counter % "before": "3x20 _x40", counter % "after": "_x24 1x36"}
    worlds: list[World] = []
    expected = told("WatchkeeperDeadLetters", {"reason": "not_otlp"})
    add(worlds, "WatchkeeperDeadLetters", series, {"eval_time": "26m", "exp_alerts": expected})
    done = ran(promtool, worlds, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_expectation_is_noticed(promtool: str, tmp_path: Path) -> None:
    worlds: list[World] = []
    case = CASES["WatchkeeperDeadLetters"]
    add(worlds, "WatchkeeperDeadLetters", case.fires, {"eval_time": case.at, "exp_alerts": []})
    assert ran(promtool, worlds, tmp_path).returncode != 0


def test_rules_ask_for_metrics_and_labels_that_exist() -> None:
    metrics = [one for one in vars(Metrics()).values() if isinstance(one, MetricWrapperBase)]
    labels: dict[str, set[str]] = {}
    for metric in metrics:
        described = next(iter(metric.describe()))
        suffixes = {"counter": ["_total"], "histogram": ["_bucket"]}.get(described.type, [""])
        labels |= {f"{described.name}{suffix}": set(metric._labelnames) for suffix in suffixes}
    texts = [rule.expr for rule in RECORDING] + [alert.expr for alert in ALERTS]
    for text in texts:
        asked = set(re.findall(r"\bwatchkeeper_\w+", text))
        assert asked <= labels.keys()
        known = set().union(*(labels[name] for name in asked)) | {"le", "instance", "outcome", "topic"}
        grouped = {label for group in re.findall(r"by \(([^)]*)\)", text) for label in re.findall(r"\w+", group)}
        assert grouped <= known


def test_words_of_an_alert_name_labels_it_has() -> None:
    for alert in ALERTS:
        told = set(re.findall(r"\$labels\.(\w+)", alert.summary + alert.advice))
        assert told == set(CASES[alert.name].labels) & told
        assert alert.summary and alert.advice
        assert alert.severity in ("page", "notice")
