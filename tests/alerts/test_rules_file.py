"""Rules files: the example of the documentation, and mistakes with their mends."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from alerts.event import Severity
from alerts.hours import Hours
from alerts.length import length_words
from alerts.rules_file import load_rules, secrets_of
from tests.alerts.made_events import at, event
from watchkeeper.errors import ConfigError

PAGE = Path(__file__).parents[2] / "docs" / "alerts.md"
SECRETS = {
    name: SecretStr(f"https://{name}.example.com") for name in ("slack", "pagerduty", "mail", "hook", "hook_key")
}
CHANNELS = "channels: {chat: {type: slack, url: {secret: slack}}}\n"


def example() -> str:
    found = re.search(r"<!-- example -->\n```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def written(folder: Path, text: str) -> Path:
    file = folder / "alerts.yaml"
    file.write_text(text)
    return file


@pytest.mark.docs
def test_the_example_of_the_documentation_does_what_it_says(tmp_path: Path) -> None:
    rules = load_rules(written(tmp_path, example()), SECRETS)
    down = event("r", at(), environments=("production",))
    assert [rule.name for rule in rules.of(down)] == ["production is down"]
    assert [rule.name for rule in rules.of(event("p", at(), kind="pipeline"))] == [
        "the platform itself",
        "everything else",
    ]
    assert [rule.name for rule in rules.of(event("b", at(), kind="budget"))] == ["money"]
    saturday = datetime(2026, 6, 6, 12, tzinfo=UTC)
    warning = event("w", saturday, severity=Severity.WARNING)
    (rest,) = rules.of(warning)
    assert [hours.end_of(saturday, rules.time_zone) is not None for hours in rest.quiet_hours] == [False, True]
    assert length_words(rules.channels["platform"].give_up) == "12 h"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules: [{name: a, channels: [chat]}]", "channels: Field required"),
        (CHANNELS + "rules: [{name: a, channels: [chta]}]", "'chta', which is not among `channels`: chat"),
        (CHANNELS + "rules: [{name: a, channels: [chat]}, {name: a, channels: [chat]}]", "two rules have the name 'a'"),
        (CHANNELS + "rules: [{name: a, channels: [chat], hold: 5}]", "rules[0].hold: '5' is no length of time"),
        (CHANNELS + "rules: [{name: a, channels: [chat], quiet_hours: [{from: 22:00, to: 6:00}]}]", "in quotes"),
        (CHANNELS + "rules: [{name: a, channels: [chat], match: {kind: outrage}}]", "'outrage' is no kind"),
        (CHANNELS + "rules: [{name: a, channels: [chat], match: {severity: page}}]", "'page' is no severity"),
        (CHANNELS + "rules: [{name: a, channels: [chat], matches: {}}]", "rules[0].matches: Extra inputs"),
        (CHANNELS + "time_zone: Mars/Base\nrules: [{name: a, channels: [chat]}]", "time zone 'Mars/Base' is not known"),
        (CHANNELS + "rules: [{name: a, channels: [chat]}]\nmutes: [{reason: x}]", "nothing is silent for ever"),
        (CHANNELS + "rules: [{name: a, channels: [chat]}]\nmutes: [{reason: x, to: soon}]", "write a date and time"),
        ("channels: {c: {type: slack, url: {secret: nope}}}\nrules: [{name: a, channels: [c]}]", "no secret 'nope'"),
        ("channels: {c: {type: slack, url: {scret: no}}}\nrules: [{name: a, channels: [c]}]", "write {secret: NAME}"),
    ],
    ids=[
        "no channels", "misspelt channel", "twice", "length", "clock", "kind", "severity", "key", "zone", "endless",
        "moment", "secret", "misspelt secret",
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_mend(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_rules(written(tmp_path, text), SECRETS)
    assert told in str(raised.value)
    assert "alerts.yaml" in str(raised.value)


def test_no_mistake_shows_a_secret(tmp_path: Path) -> None:
    text = "channels: {c: {type: slack, url: https://token-123, colour: red}}\nrules: [{name: a, channels: [c]}]"
    with pytest.raises(ConfigError) as raised:
        load_rules(written(tmp_path, text), SECRETS)
    assert "token-123" not in str(raised.value)
    assert "https://slack" not in repr(load_rules(written(tmp_path, example()), SECRETS))


def test_secrets_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "slack").write_text("https://x\n")
    (tmp_path / ".hidden").write_text("no")
    found = secrets_of(tmp_path)
    assert {name: value.get_secret_value() for name, value in found.items()} == {"slack": "https://x"}
    with pytest.raises(ConfigError, match="cannot be read"):
        secrets_of(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 4, 59, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 6, 0, tzinfo=UTC), False),
        (datetime(2026, 7, 1, 4, 59, tzinfo=UTC), True),
        (datetime(2026, 7, 1, 5, 0, tzinfo=UTC), False),
    ],
    ids=["night of the change", "an hour longer", "over", "summer", "summer, over"],
)
def test_hours_follow_the_clocks_of_the_place(moment: datetime, inside: bool) -> None:
    rules_text = {"from": "22:00", "to": "07:00", "time_zone": "Europe/Berlin"}
    hours = Hours.model_validate(rules_text)
    assert (hours.end_of(moment, "UTC") is not None) is inside
