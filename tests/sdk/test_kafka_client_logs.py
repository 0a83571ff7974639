"""Our own connection's chatter stays out of the application's logs; everybody else's stays in."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest
from kafka.errors import KafkaConnectionError, KafkaTimeoutError, SaslAuthenticationFailedError

from watchkeeper_sdk.kafka_client_logs import ClientLogs

CLIENT = logging.getLogger("kafka.net.manager")


OURS = "ours-network-thread"


@pytest.fixture
def logs() -> Iterator[ClientLogs]:
    logs = ClientLogs()
    logs.hush(OURS)
    yield logs
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).removeFilter(logs)


def said_in_thread(name: str, text: str) -> None:
    thread = threading.Thread(target=CLIENT.error, args=(text,), name=name)
    thread.start()
    thread.join()


def test_only_what_our_threads_make_it_say_is_dropped(logs: ClientLogs, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "kafka")
    with logs.ours(OURS):
        CLIENT.error("ours")
        with logs.ours(OURS):
            CLIENT.debug("ours, with a message's bytes")
        CLIENT.error("still ours")
        said_in_thread("worker", "the application's meanwhile")
    CLIENT.error("the application's")
    said_in_thread(OURS, "ours again")
    said_in_thread("theirs-network-thread", "the application's again")
    assert caplog.messages == ["the application's meanwhile", "the application's", "the application's again"]


def test_why_a_connection_failed_is_remembered_until_it_is_taken(logs: ClientLogs) -> None:
    with logs.ours(OURS):
        CLIENT.error("Connection failed: %s", ConnectionError("certificate verify failed" + "x" * 1_000))
        CLIENT.error("Bootstrap failed: %s", KafkaTimeoutError("unable to bootstrap"))
        CLIENT.info("not so bad: %s", ValueError())
    CLIENT.error("of the application: %s", ValueError())
    cause = logs.take_cause(OURS)
    assert cause is not None and cause.name == "ConnectionError"
    assert cause.text.startswith("certificate verify failed") and len(cause.text) == 200
    assert logs.take_cause(OURS) is None


def test_a_refusal_is_not_hidden_by_the_end_of_the_connection(logs: ClientLogs) -> None:
    with logs.ours(OURS):
        CLIENT.error("Connection lost: %s", KafkaConnectionError("socket disconnected"))
        CLIENT.error("Connection lost: %s", SaslAuthenticationFailedError("Invalid username or password"))
        CLIENT.error("Connection lost: %s", KafkaConnectionError("socket disconnected"))
    cause = logs.take_cause(OURS)
    assert cause is not None and cause.name == "SaslAuthenticationFailedError"


def test_who_sets_our_logger_to_debug_sees_it_but_no_messages(
    logs: ClientLogs, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "kafka")
    caplog.set_level(logging.DEBUG, "watchkeeper_sdk")
    with logs.ours(OURS):
        CLIENT.info("connected")
        CLIENT.debug("a message's bytes")
    assert caplog.messages == ["connected"]
