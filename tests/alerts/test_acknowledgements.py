"""A notice that somebody looks after is neither repeated nor escalated; what comes again later is told."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.alerts.receiver import Receiver, receiving
from tests.alerts.service_bench import KEY, Bench
from watchkeeper.storage.alert_acknowledgements import Acknowledgement, save_acknowledgement
from watchkeeper.storage.alert_decisions import decisions_about
from watchkeeper.storage.client import Store
from watchkeeper.storage.notices import Notice, write

pytestmark = pytest.mark.clickhouse

EVENT = "comparison:n1"


@pytest.fixture
def leads() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def chat() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def bench(shared_store: Store, chat: Receiver, leads: Receiver, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(shared_store, tmp_path / "alerts.yaml")
    channels = {
        name: {"type": "webhook", "url": one.url, "signing_key": KEY}
        for name, one in (("chat", chat), ("leads", leads))
    }
    made.write_rules(channels, {"repeat": "1h", "escalate": [{"after": "30m", "channels": ["leads"]}]})
    yield made
    made.kill()


def told(receiver: Receiver, count: int) -> list[str]:
    return [json.loads(one.body)["verdict"] for one in receiver.wait_for(count)]


def notice(at: datetime, state: str, name: str = "n1") -> Notice:
    return Notice(name, "comparison", "old and new", state, "warning", "the new model is worse", {}, at)


def test_without_one_a_notice_is_escalated_and_repeated(bench: Bench, chat: Receiver, leads: Receiver) -> None:
    write(bench.store, [notice(bench.clock.now(), "open")])
    service = bench.service()
    for minutes in (3, 31, 61):
        bench.clock.advance(minutes=minutes)
        service.run_once()
    assert (told(chat, 2), told(leads, 2)) == (["open", "repeat"], ["escalate", "repeat"])


def test_with_one_it_is_neither_and_its_end_is_told(bench: Bench, chat: Receiver, leads: Receiver) -> None:
    write(bench.store, [notice(bench.clock.now(), "open")])
    service = bench.service()
    bench.clock.advance(minutes=3)
    service.run_once()
    assert told(chat, 1) == ["open"]
    save_acknowledgement(bench.store, Acknowledgement(EVENT, bench.clock.now(), "ann", "on it"))
    # Also by a process that begins later.
    bench.kill()
    service = bench.service()
    for minutes in (31, 61, 61):
        bench.clock.advance(minutes=minutes)
        service.run_once()
    said = {row.channel: row.reason for row in decisions_about(bench.store, EVENT)}
    assert said == {
        "chat": "acknowledged by ann: it is not repeated",
        "leads": "acknowledged by ann before it was told",
    }
    write(bench.store, [notice(bench.clock.now(), "resolved")])
    for _ in range(2):
        bench.clock.advance(minutes=6)
        service.run_once()
    assert told(chat, 2) == ["open", "end"] and leads.requests == []


def test_one_of_before_does_not_count(bench: Bench, chat: Receiver, leads: Receiver) -> None:
    save_acknowledgement(bench.store, Acknowledgement(EVENT, bench.clock.now() - timedelta(seconds=1), "ann", ""))
    write(bench.store, [notice(bench.clock.now(), "open")])
    service = bench.service()
    for minutes in (3, 31):
        bench.clock.advance(minutes=minutes)
        service.run_once()
    assert (told(chat, 1), told(leads, 1)) == (["open"], ["escalate"])
