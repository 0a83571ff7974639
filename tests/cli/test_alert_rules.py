"""``watchkeeper alerts rules`` and ``acknowledge``: shown, checked, set; bad files are sentences."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alerts.service_bench import KEY, transition
from tests.cli.command import Watchkeeper
from tests.cli.test_alerts import NOW
from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import insert_transitions

CHANNEL = {"type": "webhook", "url": {"secret": "hook"}, "signing_key": {"secret": "key"}}
RULES: dict[str, Any] = {
    "channels": {"hook": CHANNEL},
    "rules": [{"name": "all", "channels": ["hook"], "quiet_hours": [{"from": "22:00", "to": "07:00"}]}],
}


def written(folder: Path, text: str | dict[str, Any]) -> Path:
    file = folder / "alerts.yaml"
    file.write_text(text if isinstance(text, str) else yaml.safe_dump(text, sort_keys=False))
    return file


@pytest.fixture
def secrets(watchkeeper: Watchkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"hook": "https://hooks.example.com/secret-path", "key": KEY}
    monkeypatch.setenv("WATCHKEEPER_ALERT_SECRETS", json.dumps(given))


@pytest.mark.clickhouse
def test_rules_are_set_shown_and_set_again_as_shown(
    on_store: Watchkeeper, secrets: None, watchkeeper: Watchkeeper, tmp_path: Path
) -> None:
    # A date that YAML reads as one comes through as well.
    file = written(tmp_path, yaml.safe_dump(RULES) + "mutes: [{reason: test, to: 2036-11-02T18:00:00Z}]\n")
    ran = watchkeeper("alerts", "rules", "set", file)
    assert (ran.code, ran.out) == (0, "version 1 of the alert rules counts\n"), ran.err
    shown = watchkeeper("alerts", "rules", "show").out
    assert shown.startswith("# version 1, by cli\n") and yaml.safe_load(shown)["rules"] == RULES["rules"]
    assert watchkeeper("alerts", "rules", "set", written(tmp_path, shown)).out.startswith("version 1 ")
    stale = watchkeeper("alerts", "rules", "set", written(tmp_path, RULES), "--version", "7")
    assert stale.code == 2 and "the rules have version 1 now" in stale.err
    assert json.loads(watchkeeper("alerts", "rules", "show", "--json").out)["version"] == 1


@pytest.mark.clickhouse
def test_where_there_is_a_file_it_wins(
    on_store: Watchkeeper, secrets: None, watchkeeper: Watchkeeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, RULES)
    monkeypatch.setenv("WATCHKEEPER_ALERT_RULES_FILE", str(file))
    ran = watchkeeper("alerts", "rules", "set", file)
    assert ran.code == 2 and f"{file} holds the alert rules, and a file wins" in ran.err
    assert watchkeeper("alerts", "rules", "show").out.startswith(f"# of {file}\n")


def test_a_file_is_checked_with_and_without_its_secrets(
    watchkeeper: Watchkeeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, RULES)
    ran = watchkeeper("alerts", "rules", "check", file)
    assert ran.code == 0
    assert "right: 1 channels, 1 rules, 0 mutes; secrets were not looked up" in ran.out
    monkeypatch.setenv("WATCHKEEPER_ALERT_SECRETS", json.dumps({"hook": "no-address", "key": KEY}))
    ran = watchkeeper("alerts", "rules", "check", file)
    assert ran.code == 2 and "channel 'hook' of the alert rules: it is no address" in ran.err
    assert "no-address" not in ran.err


_LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("channels: [", "is not YAML"),
        ("[]", "must be a mapping"),
        ({**RULES, "rules": []}, "rules: "),
        (_LAUGHS, "has more than 100,000 parts, its anchors written out"),
        ("a: &a [*a]", "has more than 100,000 parts"),
        ("a: " + "[" * 5_000, "nested too deeply"),
        ("a: " + "x" * 1_100_000, "is larger than 1,048,576 bytes"),
        ({**RULES, "channels": {"hook": {**CHANNEL, "url": "https://x.example/s3cret"}}}, "write {secret: NAME}"),
    ],
    ids=["yaml", "list", "empty", "laughs", "endless", "deep", "large", "literal"],
)
@pytest.mark.parametrize("command", ["check", "set"])
def test_a_bad_file_is_a_sentence(
    watchkeeper: Watchkeeper, tmp_path: Path, text: str | dict[str, Any], said: str, command: str
) -> None:
    ran = watchkeeper("alerts", "rules", command, written(tmp_path, text))
    if command == "check" and "secret:" in said:
        assert ran.code == 0
        return
    assert ran.code == 2 and said in ran.err, ran.err
    assert "Traceback" not in ran.err and "s3cret" not in ran.err


def test_a_file_that_is_not_there_is_a_sentence(watchkeeper: Watchkeeper, tmp_path: Path) -> None:
    ran = watchkeeper("alerts", "rules", "check", tmp_path / "none.yaml")
    assert ran.code == 2 and "cannot be read" in ran.err


@pytest.mark.clickhouse
def test_a_preview_of_a_file_needs_none_of_its_secrets(
    on_store: Watchkeeper, watchkeeper: Watchkeeper, tmp_path: Path, shared_store: Store
) -> None:
    literal = {**RULES, "channels": {"hook": {**CHANNEL, "url": "https://x.example/s3cret"}}}
    ran = watchkeeper("alerts", "preview", "--rules", written(tmp_path, literal), "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["complete"] and "s3cret" not in ran.out
    too_long = watchkeeper("alerts", "preview", "--rules", written(tmp_path, RULES), "--period", "40d")
    assert too_long.code == 2 and "body.days" in too_long.err


@pytest.mark.clickhouse
def test_an_event_is_acknowledged(on_store: Watchkeeper, watchkeeper: Watchkeeper, shared_store: Store) -> None:
    insert_transitions(shared_store, [transition("abcde1", NOW)])
    assert watchkeeper("alerts", "acknowledge", "abcde", "-m", "on it").out == "abcde1: acknowledged by cli\n"
    assert "acknowledge by cli: on it" in watchkeeper("regressions", "show", "abcde1").out
    unknown = watchkeeper("alerts", "acknowledge", "budget:nothing")
    assert unknown.code == 2 and "No such event" in unknown.err
