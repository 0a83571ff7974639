"""Messages to the brokers, and what they answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from watchkeeper_sdk.kafka_failures import TopicNotFound
from watchkeeper_sdk.kafka_messages import Message
from watchkeeper_sdk.kafka_producer import Producer


@dataclass
class Outcome:
    """Everything was acknowledged where there is neither an error nor a refused message."""

    error: Exception | None = None
    """The first failure, other than a refusal for size."""
    refused: list[Message] = field(default_factory=list)
    """Failed because one of them is too large for the brokers; the client library does not say which."""


def deliver(producer: Producer, topic: str, messages: Sequence[Message], deadline: float) -> Outcome:
    """Send all and wait for the acknowledgements until ``deadline`` (monotonic clock)."""
    outcome = Outcome()
    try:
        sent = _send(producer, topic, messages, deadline)
    except Exception as error:  # noqa: BLE001  the caller decides
        outcome.error = error
        return outcome
    for one, message in zip(sent, messages, strict=True):
        failure = producer.wait(one, deadline)
        if failure is None:
            continue
        if not _is_refusal_for_size(failure):
            outcome.error = failure
            return outcome
        outcome.refused.append(message)
    return outcome


def _send(producer: Producer, topic: str, messages: Sequence[Message], deadline: float) -> list[Any]:
    from kafka.errors import KafkaTimeoutError  # noqa: PLC0415  an extra

    try:
        return [producer.send(topic, message.key, message.value, deadline) for message in messages]
    except KafkaTimeoutError:  # all it ever waits for is where the topic is
        raise TopicNotFound from None


def _is_refusal_for_size(error: Exception) -> bool:
    from kafka.errors import MessageSizeTooLargeError, RecordListTooLargeError  # noqa: PLC0415  an extra

    return isinstance(error, (MessageSizeTooLargeError, RecordListTooLargeError))
