"""The rules file: what it says, and what it says where it is wrong."""

from pathlib import Path

import pytest

from detectors.config import Rule
from detectors.rules_file import load_rules
from watchkeeper.errors import ConfigError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rules.yaml"


def refused(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_rules(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_rules_in_their_order(path: Path) -> None:
    path.write_text(
        """
rules:
  - route: nightly
    watch: false
  - model: gpt-4o
    metric: latency
    tolerance: 0.1
    severity: notice
    direction: both
    pin_from: 2026-10-01T08:00:00Z
  - service: shop
    pin_from: 2026-10-01
""",
        encoding="utf-8",
    )
    pinned = 1_790_841_600.0
    assert load_rules(path) == (
        Rule(route="nightly", watch=False),
        Rule(model="gpt-4o", metric="latency", tolerance=0.1, severity="notice", direction="both", pin_from=pinned),
        Rule(service="shop", pin_from=pinned - 8 * 3_600),
    )


def test_scores_are_metrics_by_the_names_that_users_gave_them(path: Path) -> None:
    path.write_text('rules: [{metric: "score:task done", direction: up}, {metric: "score:*", watch: false}]')
    assert [rule.metric for rule in load_rules(path)] == ["score:task done", "score:*"]


def test_offsets_and_quoted_times_are_understood(path: Path) -> None:
    path.write_text('rules: [{pin_from: "2026-10-01 10:00:00+02:00"}, {pin_from: 2026-10-01 08:00:00}]')
    first, second = load_rules(path)
    assert first.pin_from == second.pin_from == 1_790_841_600.0


@pytest.mark.parametrize("text", ["", "rules:", "rules: []"])
def test_no_rules_are_no_mistake(path: Path, text: str) -> None:
    path.write_text(text)
    assert load_rules(path) == ()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("- route: a", ["mapping with one key, `rules`"]),
        ("rules: {a: 1}", ["mapping with one key, `rules`"]),
        ("rules: [5]", ["rule 1: it is no mapping"]),
        ("rules: [{}, {rout: a}]", ["rule 2, rout: there is no such key", "service, route"]),
        ("rules: [{metric: latencyy}]", ["rule 1, metric: 'latencyy' is no metric", "time_to_first_token"]),
        ('rules: [{metric: "score:"}]', ["'score:' is no metric", "score: and the name of a score (score:* for all)"]),
        ("rules: [{severity: loud}]", ["rule 1, severity: 'loud' is not known: write one of page, notice"]),
        ("rules: [{direction: sideways}]", ["direction: 'sideways'", "up, down, both"]),
        ("rules: [{tolerance: -1}]", ["rule 1, tolerance: ", "greater than or equal to 0"]),
        ("rules: [{watch: maybe}]", ["rule 1, watch: 'maybe' is neither true nor false"]),
        ("rules: [{pin_from: soon}]", ["rule 1, pin_from: write a date and time as 2026-10-01T08:00:00Z"]),
        ("rules: [{pin_from: 2026-13-45}]", ["holds a date that does not exist (month must be in 1..12)"]),
        ("rules: [{route: a}", ["is not YAML"]),
        ("rules: [{watch: 1}, {watch: 2}]", ["rule 1, watch", "rule 2, watch"]),
    ],
)
def test_a_mistake_is_told_with_its_place_and_mend(path: Path, text: str, parts: list[str]) -> None:
    told = refused(path, text)
    assert all(part in told for part in parts), told


def test_a_file_that_cannot_be_read_is_told(path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_rules(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"cannot be read|is not YAML"):
        load_rules(path)
