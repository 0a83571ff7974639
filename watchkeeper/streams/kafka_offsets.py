"""A consumer's offsets as the brokers keep them: read, committed, compared with the end of the log."""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from kafka import OffsetAndMetadata, TopicPartition, errors

from watchkeeper.errors import PartitionLost
from watchkeeper.streams.kafka_partition import PartitionBuffer
from watchkeeper.streams.kafka_range import OffsetRange
from watchkeeper.streams.source import Batch

_log = logging.getLogger(__name__)

_NOT_A_MEMBER = (
    errors.CommitFailedError,
    errors.RebalanceInProgressError,
    errors.IllegalGenerationError,
    errors.UnknownMemberIdError,
)


class GroupOffsets:
    """What one consumer asks and tells.

    Raises :class:`~watchkeeper.errors.Transient` from any method while the brokers do not answer.
    """

    def __init__(self, consumer: Any, told: Callable[[str], AbstractContextManager[None]], timeout_s: float) -> None:
        self._consumer = consumer
        self._told = told
        self._timeout_ms = int(timeout_s * 1000)

    def committed(self, place: TopicPartition) -> OffsetAndMetadata | None:
        """What the group committed last; None where it never did."""
        with self._told("read the group's offsets"):
            return self._consumer.committed(place, metadata=True, timeout_ms=self._timeout_ms)

    def commit(self, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
        """Raises :class:`~watchkeeper.errors.PartitionLost` while we are no member of the group."""
        if not offsets:
            return
        with self._told("commit"):
            try:
                self._consumer.commit(dict(offsets), timeout_ms=self._timeout_ms)
            except _NOT_A_MEMBER as error:
                raise PartitionLost(f"the group is rebalancing or has put us out: {type(error).__name__}") from None

    def keeps_metadata(self, place: TopicPartition, pending: OffsetRange) -> bool:
        """Does the broker give back what was committed beside the offset? Warns where it does not."""
        found = self.committed(place)
        kept = found is not None and found.metadata == pending.metadata()
        if not kept:
            _log.warning("this broker forgets commit metadata: after a crash, a batch may be stored twice")
        return kept

    def ends(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset that the next message of each partition will have, as the brokers say it now."""
        with self._told("ask for the end of the topic"):
            return dict(self._consumer.end_offsets(list(places), timeout_ms=self._timeout_ms))


def place_of(part: Batch | PartitionBuffer) -> TopicPartition:
    """As the client library names it."""
    return TopicPartition(part.source if isinstance(part, Batch) else part.topic, part.partition)
