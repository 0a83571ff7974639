"""Processes of their own: forks, and ends at which the last spans are still to be sent."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests.fixtures.broker import KafkaBench
from tests.sdk.kafka_processes import EACH, WORKERS
from tests.sdk.kafka_topic import Topic

pytestmark = pytest.mark.kafka

PATIENCE_S = 60.0


def run(scenario: str, brokers: str, topic: str) -> float:
    """Seconds that it took. Nothing may be said, not even at the very end of the interpreter."""
    command = [sys.executable, "-m", "tests.sdk.kafka_processes", scenario, brokers, topic]
    began = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert "Traceback" not in ended.stderr and "Exception ignored" not in ended.stderr, ended.stderr
    return time.monotonic() - began


def test_forked_children_export_and_leave_the_parents_connection_alone(kafka: KafkaBench) -> None:
    topic = Topic(kafka)
    run("prefork", kafka.broker.bootstrap, topic.name)
    expected = set(range(1, 1 + EACH * (2 + WORKERS)))
    assert sorted(topic.numbers(expected)) == sorted(expected)


def test_a_fork_in_the_middle_of_an_export_leaves_the_child_no_locks(kafka: KafkaBench) -> None:
    topic = Topic(kafka)
    run("fork_while_exporting", kafka.broker.bootstrap, topic.name)
    expected = {*range(1, 1 + EACH), *range(1 + 2 * EACH, 1 + EACH * (2 + WORKERS))}
    assert set(topic.numbers(expected)) == expected


@pytest.mark.parametrize("scenario", ["exit_at_once", "exit_without_threads"])
def test_the_last_spans_of_a_short_process_arrive(kafka: KafkaBench, scenario: str) -> None:
    topic = Topic(kafka)
    run(scenario, kafka.broker.bootstrap, topic.name)
    (record,) = topic.read_until(bool)
    assert b"at exit" in record.value


def test_a_process_that_never_calls_shutdown_ends_as_fast_as_one_that_does_nothing(kafka: KafkaBench) -> None:
    name = kafka.topic()
    connected = run("exit_connected", kafka.broker.bootstrap, name)
    assert connected < 10
    assert run("exit_at_once", "127.0.0.1:1", name) < 10  # and one whose broker is away
