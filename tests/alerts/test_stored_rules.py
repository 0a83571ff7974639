"""Rules that were set through the API: the service follows them, and a secret that changes."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from alerts.rules_source import NO_RULES, StoredRules
from tests.alerts.receiver import Receiver, receiving
from tests.alerts.service_bench import KEY, START, Bench
from watchkeeper.errors import ConfigError
from watchkeeper.storage.alert_rules import AlertRules, newest_rules, save_rules
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

CHANNEL = {"type": "webhook", "url": {"secret": "hook"}, "signing_key": {"secret": "key"}}
RULES: dict[str, Any] = {"channels": {"hook": CHANNEL}, "rules": [{"name": "all", "channels": ["hook"]}]}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def bench(shared_store: Store, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(shared_store, tmp_path / "none.yaml")
    yield made
    made.kill()


def save(store: Store, version: int, rules: dict[str, Any]) -> bool:
    return save_rules(store, AlertRules(version, json.dumps(rules), "me", START + timedelta(seconds=version)))


def test_the_service_waits_for_rules_and_follows_them_and_their_secrets(bench: Bench, receiver: Receiver) -> None:
    secrets: dict[str, SecretStr] = {}
    service = bench.service(rules=StoredRules(bench.store, lambda: dict(secrets)))
    bench.found("r1")
    bench.clock.advance(minutes=3)
    assert not service.run_once()
    assert service.problems() == {"alert rules": NO_RULES}
    save(bench.store, 1, RULES)
    assert not service.run_once()
    assert "no secret 'hook'" in service.problems()["alert rules"]
    secrets |= {"hook": SecretStr(receiver.url), "key": SecretStr(KEY)}
    assert service.run_once()
    assert service.problems() == {}
    assert [json.loads(one.body)["subjects"][0]["id"] for one in receiver.wait_for(1)] == ["r1"]
    with receiving() as other:
        secrets["hook"] = SecretStr(other.url)
        bench.found("r2", provider="other")
        bench.clock.advance(minutes=3)
        service.run_once()
        assert [json.loads(one.body)["subjects"][0]["id"] for one in other.wait_for(1)] == ["r2"]
        bench.kill()


def test_wrong_rules_leave_those_before_in_force(bench: Bench, receiver: Receiver) -> None:
    secrets = {"hook": SecretStr(receiver.url), "key": SecretStr(KEY)}
    rules = StoredRules(bench.store, lambda: secrets)
    save(bench.store, 1, RULES)
    before = rules.current()
    save(bench.store, 2, {**RULES, "rules": []})
    assert rules.current() == before and before is not None
    assert "version 2 of the alert rules is wrong: rules: " in rules.problem
    # Rules that hold a secret did not come through the API; whoever can write the table gains nothing by it.
    save(bench.store, 3, {**RULES, "channels": {"hook": {**CHANNEL, "url": receiver.url}}})
    assert rules.current() == before and "channels.hook.url" in rules.problem
    save(bench.store, 4, {**RULES, "time_zone": "Europe/Paris"})
    after = rules.current()
    assert after is not None and (after.time_zone, rules.problem) == ("Europe/Paris", "")


def test_a_directory_of_secrets_that_comes_back_is_no_problem_any_more(bench: Bench, receiver: Receiver) -> None:
    away = [False]

    def secrets() -> dict[str, SecretStr]:
        if away[0]:
            raise ConfigError("directory of alert secrets cannot be read")
        return {"hook": SecretStr(receiver.url), "key": SecretStr(KEY)}

    rules = StoredRules(bench.store, secrets)
    save(bench.store, 1, RULES)
    before = rules.current()
    away[0] = True
    assert rules.current() == before and "cannot be read; the rules before it count on" in rules.problem
    away[0] = False
    assert rules.current() == before and rules.problem == ""


def test_of_two_writers_of_one_version_the_first_wins(shared_store: Store) -> None:
    assert save(shared_store, 1, RULES)
    assert not save(shared_store, 1, {**RULES, "time_zone": "Europe/Paris"})
    found = newest_rules(shared_store)
    assert found is not None and (found.version, json.loads(found.rules)) == (1, RULES)
