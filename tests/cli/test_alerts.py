"""``watchkeeper alerts``: try a channel, what was sent and why, what rules would send, silence."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alerts.receiver import Receiver, receiving
from tests.alerts.service_bench import KEY, transition
from tests.cli.command import Watchkeeper
from watchkeeper.storage.alert_decisions import DecisionRow, log_decisions
from watchkeeper.storage.alert_deliveries import Delivery, Outcome, log_deliveries
from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import insert_transitions

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def rules_file(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "alerts.yaml"
    channel = {"type": "webhook", "url": {"secret": "hook"}, "signing_key": {"secret": "key"}}
    file.write_text(yaml.safe_dump({"channels": {"hook": channel}, "rules": [{"name": "all", "channels": ["hook"]}]}))
    monkeypatch.setenv("WATCHKEEPER_ALERT_RULES_FILE", str(file))
    monkeypatch.setenv("WATCHKEEPER_ALERT_SECRETS", json.dumps({"hook": f"{receiver.url}/in/secret-path", "key": KEY}))
    monkeypatch.setenv("WATCHKEEPER_ALERT_PRIVATE_TARGETS", "127.0.0.1")
    return file


def test_a_channel_is_tried(watchkeeper: Watchkeeper, rules_file: Path, receiver: Receiver) -> None:
    ran = watchkeeper("alerts", "test", "hook")
    assert (ran.code, ran.out) == (0, "hook: delivered\n")
    (one,) = receiver.wait_for(1)
    assert json.loads(one.body)["title"] == "Watchkeeper can reach this channel"


def test_a_channel_that_does_not_answer_is_told_without_its_secrets(
    watchkeeper: Watchkeeper, rules_file: Path, receiver: Receiver
) -> None:
    receiver.status = 503
    ran = watchkeeper("alerts", "test", "hook")
    assert ran.code == 1
    assert "127.0.0.1 answered 503" in ran.err
    assert "secret-path" not in ran.err + ran.out and KEY not in ran.err + ran.out


def test_a_private_target_must_be_allowed(
    watchkeeper: Watchkeeper, rules_file: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WATCHKEEPER_ALERT_PRIVATE_TARGETS")
    ran = watchkeeper("alerts", "test", "hook")
    assert ran.code == 1
    assert "WATCHKEEPER_ALERT_PRIVATE_TARGETS" in ran.err
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("channels: [", "is not YAML"),
        ("[]", "must be a mapping"),
        ("channels: {}\nrules: []", "channels: "),
        ("channels: {a: {type: smoke}}\nrules: [{name: x, channels: [a]}]", "smoke"),
        ("channels: {a: {type: slack, url: {secret: nope}}}\nrules: [{name: x, channels: [a]}]", "no secret 'nope'"),
    ],
    ids=["yaml", "list", "empty", "type", "secret"],
)
def test_a_wrong_rules_file_is_told_with_the_mend(
    watchkeeper: Watchkeeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, told: str
) -> None:
    (tmp_path / "wrong.yaml").write_text(wrong)
    monkeypatch.setenv("WATCHKEEPER_ALERT_RULES_FILE", str(tmp_path / "wrong.yaml"))
    ran = watchkeeper("alerts", "test", "a")
    assert ran.code == 2
    assert told in ran.err and "Traceback" not in ran.err


@pytest.mark.parametrize("wrong", ['{"hook": "tok-1', '["tok-1"]', '{"hook": {"a": "tok-1"}}', "tok-1"], ids=range(4))
def test_secrets_that_are_no_json_are_told_without_being_shown(
    watchkeeper: Watchkeeper, rules_file: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("WATCHKEEPER_ALERT_SECRETS", wrong)
    ran = watchkeeper("alerts", "test", "hook")
    assert ran.code == 2
    assert "WATCHKEEPER_ALERT_SECRETS" in ran.err and "write JSON" in ran.err
    assert "tok-1" not in ran.err and "Traceback" not in ran.err


def test_an_unknown_channel_is_told_with_those_there_are(watchkeeper: Watchkeeper, rules_file: Path) -> None:
    ran = watchkeeper("alerts", "test", "hok")
    assert ran.code == 2 and "they have hook" in ran.err


@pytest.mark.clickhouse
def test_without_any_rules_that_is_told_with_the_mend(on_store: Any, watchkeeper: Watchkeeper) -> None:
    for command in (("test", "chat"), ("preview",)):
        ran = watchkeeper("alerts", *command)
        assert ran.code == 2 and "set WATCHKEEPER_ALERT_RULES_FILE" in ran.err
    assert "there are no alert rules yet" in watchkeeper("alerts", "rules", "show").out


@pytest.mark.clickhouse
def test_mutes_are_set_listed_and_lifted(on_store: Any, watchkeeper: Watchkeeper) -> None:
    made = watchkeeper(
        "alerts", "mute", "load test", "--for", "2h", "--where", "service=shop", "--where", "model=gpt-*"
    )
    assert made.code == 0, made.err
    name = made.out.partition(":")[0]
    listed = json.loads(watchkeeper("alerts", "mutes", "--json").out)["rows"]
    assert [(one["id"], one["match"]["service"]) for one in listed] == [(name, ["shop"])]
    assert "gpt-*" in watchkeeper("alerts", "mutes").out
    assert watchkeeper("alerts", "unmute", name).out == f"{name}: lifted\n"
    assert watchkeeper("alerts", "mutes").out == "Nothing is muted.\n"
    again = watchkeeper("alerts", "unmute", name)
    assert again.code == 2 and "no mute" in again.err


@pytest.mark.clickhouse
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("x", "--for", "soon"), "--for is 'soon'"),
        (("x", "--where", "service"), "write NAME=WORD"),
        (("x", "--where", "colour=red"), "colour"),
        (("x", "--where", "kind=outrage"), "is no kind"),
        (("x", "--where", "effect=big"), "effect=0.2"),
        (("",), "reason"),
    ],
    ids=["length", "word", "name", "kind", "effect", "reason"],
)
def test_a_wrong_mute_is_told(on_store: Any, watchkeeper: Watchkeeper, arguments: tuple[str, ...], told: str) -> None:
    ran = watchkeeper("alerts", "mute", *arguments)
    assert ran.code == 2 and told in ran.err


@pytest.mark.clickhouse
def test_a_preview_says_what_would_have_been_sent_and_what_not(
    on_store: Any, watchkeeper: Watchkeeper, rules_file: Path, shared_store: Store
) -> None:
    begun = NOW - timedelta(hours=5)
    short = transition("short", begun, provider="other")
    rows = [transition("r1", begun), short]
    rows.append(transition("short", begun + timedelta(minutes=1), provider="other", seq=2, state="closed"))
    insert_transitions(shared_store, rows)
    ran = watchkeeper("alerts", "preview", "--period", "1d")
    assert ran.code == 0, ran.err
    assert "1 messages about 2 events." in ran.out
    assert "not told: short: it was over before it was told" in ran.out
    (one,) = json.loads(watchkeeper("alerts", "preview", "--period", "1d", "--json").out)["messages"]
    assert (one["verdict"], one["events"]) == ("open", ["r1"])


@pytest.mark.clickhouse
def test_why_tells_decisions_and_deliveries(on_store: Any, watchkeeper: Watchkeeper, shared_store: Store) -> None:
    log_decisions(shared_store, [DecisionRow(NOW, "c", ("r1",), "chat", "all", "wait", "quiet hours", NOW)])
    told = Delivery(
        "k", NOW, Outcome.FAILED, 2, "it answered 503", "chat", "c", "all", "open", "critical", "t", "w", ("r1",), NOW
    )
    log_deliveries(shared_store, [told])
    ran = watchkeeper("alerts", "why", "r1")
    assert "chat, rule all: wait: quiet hours (until" in ran.out
    assert "503" in ran.out
    said = json.loads(watchkeeper("alerts", "why", "r1", "--json").out)
    assert ([one["reason"] for one in said["decisions"]], [one["key"] for one in said["messages"]]) == (
        ["quiet hours"],
        ["k"],
    )
    (row,) = json.loads(watchkeeper("alerts", "list", "--json").out)["rows"]
    assert (row["key"], row["outcome"]) == ("k", "failed")


@pytest.mark.clickhouse
def test_why_of_what_is_not_there(on_store: Any, watchkeeper: Watchkeeper, shared_store: Store) -> None:
    ran = watchkeeper("alerts", "why", "nope")
    assert ran.code == 2 and "nothing was decided about 'nope', and it is no regression" in ran.err
    insert_transitions(shared_store, [transition("r1", NOW)])
    assert "Nothing was decided about r1 yet: do the alerts run" in watchkeeper("alerts", "why", "r1").out


@pytest.mark.clickhouse
def test_why_takes_the_begin_of_an_id(on_store: Any, watchkeeper: Watchkeeper, shared_store: Store) -> None:
    insert_transitions(shared_store, [transition("abcde1", NOW), transition("abcdf2", NOW)])
    log_decisions(shared_store, [DecisionRow(NOW, "c", ("abcde1",), "chat", "all", "wait", "held back", None)])
    assert "held back" in watchkeeper("alerts", "why", "abcde").out
    ran = watchkeeper("alerts", "why", "abcd")
    assert ran.code == 2 and "several ids begin with 'abcd'" in ran.err
