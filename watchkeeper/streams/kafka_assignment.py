"""What the consumer group gave and took, noted where the client library tells it and read by our own thread."""

from collections import deque
from collections.abc import Collection
from enum import StrEnum
from typing import Any

from kafka import ConsumerRebalanceListener, TopicPartition


class Change(StrEnum):
    """What happened to some partitions."""

    GIVEN = "given"
    TAKEN = "taken"


class AssignmentLog(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    """Callbacks run on the client library's I/O thread, which also heartbeats: they only note and pause.

    A partition starts paused, so that nothing is read of it before we know where its last owner stopped.
    """

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._changes: deque[tuple[Change, frozenset[TopicPartition]]] = deque()

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._consumer.pause(*assigned)
        self._changes.append((Change.GIVEN, frozenset(assigned)))

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self._changes.append((Change.TAKEN, frozenset(revoked)))

    def on_partitions_lost(self, lost: Collection[TopicPartition]) -> None:
        self._changes.append((Change.TAKEN, frozenset(lost)))

    def next_change(self) -> tuple[Change, frozenset[TopicPartition]] | None:
        """The oldest change that was not read yet."""
        return self._changes.popleft() if self._changes else None
