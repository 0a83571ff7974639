"""``watchkeeper alerts`` beside a running ``up``, which sends by rules that were set while it runs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.alerts.receiver import Receiver, receiving
from tests.cli.command import Watchkeeper, watchkeeper
from tests.fixtures.service import Service, running_up, wait_until

__all__ = ["watchkeeper"]
pytestmark = [pytest.mark.e2e, pytest.mark.clickhouse]

CHANNEL = {"type": "webhook", "url": {"secret": "hook"}, "signing_key": {"secret": "key"}}
RULES = {"channels": {"hook": CHANNEL}, "rules": [{"name": "all", "channels": ["hook"], "hold": "1s"}]}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture(scope="module")
def up(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    settings = {
        "WATCHKEEPER_ALERT_SECRETS": json.dumps({"hook": receiver.url, "key": "s" * 40}),
        "WATCHKEEPER_ALERT_PRIVATE_TARGETS": "127.0.0.1",
    }
    with running_up(tmp_path_factory.mktemp("beside"), settings) as running:
        yield running


def test_rules_mutes_and_messages_of_a_running_process(
    up: Service, receiver: Receiver, watchkeeper: Watchkeeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHKEEPER_DATA_DIR", str(up.data_dir))
    file = tmp_path / "alerts.yaml"
    file.write_text(yaml.safe_dump(RULES))
    assert watchkeeper("alerts", "rules", "set", file).out == "version 1 of the alert rules counts\n"
    assert watchkeeper("alerts", "test", "hook").out == "hook: delivered\n"
    made = watchkeeper("alerts", "mute", "load test", "--where", "service=shop")
    name = made.out.partition(":")[0]
    assert name in watchkeeper("alerts", "mutes").out
    assert watchkeeper("alerts", "unmute", name).out == f"{name}: lifted\n"
    assert "0 messages about 0 events." in watchkeeper("alerts", "preview").out
    assert watchkeeper("alerts", "list").out == "No message was sent yet, or tried.\n"
    asked = watchkeeper("alerts", "why", "nothing", "--api", up.api)
    assert asked.code == 2 and "No such event" in asked.err
    # The service has taken the rules up: its channel is among those it counts messages of.
    wait_until(lambda: "rules were read" in up.log(), up.part, "rules that are followed")
