"""``watchkeeper dlq`` on a directory that nobody else holds."""

from concurrent.futures import Future
from typing import ClassVar
from uuid import UUID

import pytest

from tests.cli.command import Watchkeeper
from tests.watchkeeper.storage.test_dead_letters import BODY, letter, put
from watchkeeper.cli import dlq
from watchkeeper.clock import Clock
from watchkeeper.errors import Transient
from watchkeeper.storage.client import Store
from watchkeeper.streams.kafka_sink import KafkaSinkConfig
from watchkeeper.streams.otlp_sink import STORED, Reply, Verdict, answered
from watchkeeper.streams.source import Encoding, Signal

pytestmark = pytest.mark.clickhouse

ONE = UUID(int=1)


@pytest.fixture(autouse=True)
def _letters(shared_store: Store) -> None:
    put(shared_store, letter(1), letter(2, reason="malformed_json", replayed_at=letter(3)["received_at"]))


def test_listed_as_a_table_or_as_lines_of_json(on_store: Watchkeeper) -> None:
    ran = on_store("dlq", "list", "--format", "json")
    assert (ran.code, [row["reason"] for row in ran.lines()]) == (0, ["malformed_json", "truncated"])
    table = on_store("dlq", "list")
    assert str(ONE) in table.out and "malformed_json" in table.out
    assert [row["offset"] for row in on_store("dlq", "list", "--waiting", "--format", "json").lines()] == [1]
    assert on_store("dlq", "list", "--reason", "none", "--format", "json").lines() == []


def test_shown_with_all_that_is_known_or_as_raw_bytes(on_store: Watchkeeper) -> None:
    shown = on_store("dlq", "show", ONE)
    assert shown.code == 0
    assert f"bytes        {len(BODY)}\n" in shown.out and "reason       truncated\n" in shown.out
    assert on_store("dlq", "show", ONE, "--raw").raw == BODY


@pytest.mark.parametrize("command", ["show", "replay"])
def test_a_letter_that_is_not_there_is_named(on_store: Watchkeeper, command: str) -> None:
    ran = on_store("dlq", command, UUID(int=99))
    assert ran.code == 2
    assert f"no dead letter {UUID(int=99)}" in ran.err


def test_nothing_to_replay_is_no_error(on_store: Watchkeeper) -> None:
    ran = on_store("dlq", "replay")
    assert (ran.code, ran.out) == (0, "")


class _Sink:
    """A Kafka sink without brokers: takes what is no garbage."""

    def __init__(self, config: KafkaSinkConfig, clock: Clock) -> None:
        self.config = config
        _Sink.sent = []

    sent: ClassVar[list[tuple[Signal, Encoding, bytes]]] = []

    def submit(self, signal: Signal, encoding: Encoding, body: bytes) -> Future[Reply]:
        self.sent.append((signal, encoding, body))
        return answered(STORED if body == BODY else Reply(Verdict.MALFORMED, "larger than the topic's limit"))

    def close(self) -> None:
        """Nothing to let go of."""


def test_replayed_letters_are_sent_as_they_came_and_wait_no_longer(
    on_store: Watchkeeper, shared_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dlq, "KafkaSpanSink", _Sink)
    put(shared_store, letter(5, body=b"too large", encoding="json", signal="logs"))
    ran = on_store("dlq", "replay", "--all")
    assert ran.code == 1
    assert sorted(ran.out.splitlines()) == [f"{ONE}  taken", f"{UUID(int=5)}  larger than the topic's limit"]
    assert sorted(_Sink.sent) == [("logs", "json", b"too large"), ("traces", "protobuf", BODY)]
    # What Kafka refuses is nowhere else: it waits on.
    assert [row["offset"] for row in on_store("dlq", "list", "--waiting", "--format", "json").lines()] == [5]


def test_a_message_of_the_detectors_input_is_not_sent_as_if_it_were_otlp(
    on_store: Watchkeeper, shared_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dlq, "KafkaSpanSink", _Sink)
    put(shared_store, letter(6, encoding="arrow", signal="calls", source="llm_calls"))
    ran = on_store("dlq", "replay", str(UUID(int=6)))
    assert (ran.code, _Sink.sent) == (1, [])
    assert ran.out == f"{UUID(int=6)}  no OTLP message but one of llm_calls: it stays\n"
    assert len(on_store("dlq", "list", "--waiting", "--format", "json").lines()) == 2


def test_without_brokers_a_replay_is_a_sentence_and_the_letter_waits_on(
    on_store: Watchkeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_brokers(*_: object) -> None:
        raise Transient("no broker answers at 127.0.0.1:1")

    monkeypatch.setattr(dlq, "KafkaSpanSink", no_brokers)
    ran = on_store("dlq", "replay", ONE)
    assert (ran.code, ran.err) == (2, "watchkeeper: no broker answers at 127.0.0.1:1\n")
    assert [row["offset"] for row in on_store("dlq", "list", "--waiting", "--format", "json").lines()] == [1]
