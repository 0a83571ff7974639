"""A source in memory with Kafka's contract: batches by partition, tokens by range, repetition after a crash.

For tests of the pipeline and for benchmarks without a broker. :meth:`MemorySource.crash` is what a ``kill -9`` and
a new consumer are to Kafka: what was begun and not acknowledged comes again, exactly.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.errors import PartitionLost
from watchkeeper.streams.kafka_partition import BatchLimits, PartitionBuffer
from watchkeeper.streams.kafka_range import OffsetRange
from watchkeeper.streams.source import Batch, RawMessage, Rejection


@dataclass(slots=True)
class _Partition:
    messages: list[RawMessage]
    buffer: PartitionBuffer
    committed: int = 0
    pending: OffsetRange | None = None


class MemorySource:
    """``messages`` by partition, in the order of their offsets. Nothing lingers: a poll takes what is there.

    ``on_acknowledge`` is told of every acknowledged batch, with its rejections.
    """

    stops_on_dead_letters = True

    def __init__(
        self,
        messages: Mapping[int, Sequence[RawMessage]],
        limits: BatchLimits | None = None,
        source: str = "memory",
        version: str = "1",
        on_acknowledge: Callable[[Batch, Mapping[int, Rejection]], None] | None = None,
    ) -> None:
        self._source = source
        self._version = version
        self._limits = limits or BatchLimits(linger_s=0.0)
        self._on_acknowledge = on_acknowledge
        self._closed = False
        self._partitions: dict[int, _Partition] = {}
        for number, given in messages.items():
            self._partitions[number] = _Partition(list(given), PartitionBuffer(source, number, version))
            self._assign(number)

    @property
    def exhausted(self) -> bool:
        """Everything is acknowledged."""
        return all(not p.messages or p.committed > p.messages[-1].offset for p in self._partitions.values())

    def poll(self, timeout_s: float) -> Sequence[Batch]:
        if self._closed:
            return ()
        able = [p.buffer for p in self._partitions.values() if p.buffer.can_hand_out()]
        return [buffer.hand_out(self._limits, 0.0) for buffer in able]

    def begin(self, batches: Sequence[Batch]) -> None:
        begun = [(self._of(batch), batch) for batch in batches]
        for partition, _ in begun:
            assert partition.buffer.work is not None
            partition.pending = partition.buffer.work.range

    def acknowledge(self, batch: Batch, rejections: Mapping[int, Rejection]) -> None:
        partition = self._of(batch)
        partition.buffer.settle()
        partition.committed = partition.buffer.done_to or 0
        partition.pending = None
        if self._on_acknowledge is not None:
            self._on_acknowledge(batch, rejections)

    def release(self, batch: Batch, error: Exception) -> None:
        if self.owns(batch):
            self._of(batch).buffer.take_back()

    def keep_alive(self) -> None:
        return None

    def owns(self, batch: Batch) -> bool:
        partition = self._partitions.get(batch.partition)
        return partition is not None and partition.buffer.holds(batch)

    def lag(self) -> Mapping[tuple[str, int], int]:
        """Messages not yet acknowledged."""
        known = {number: partition.buffer.lag() for number, partition in self._partitions.items()}
        return {(self._source, number): lag for number, lag in known.items() if lag is not None}

    def close(self) -> None:
        self._closed = True

    def add(self, partition: int, message: RawMessage) -> None:
        """A producer sends one more."""
        at = self._partitions[partition]
        at.messages.append(message)
        at.buffer.add([message], 0.0)
        at.buffer.end = message.offset + 1

    def lose(self, partition: int) -> None:
        """Another consumer takes the partition, and we get it back: its unfinished batch is no longer ours."""
        self._assign(partition)

    def crash(self) -> None:
        """All partitions start again from what was committed."""
        for number in self._partitions:
            self._assign(number)

    def _assign(self, number: int) -> None:
        partition = self._partitions[number]
        buffer = PartitionBuffer(self._source, number, self._version, partition.pending)
        buffer.add([m for m in partition.messages if m.offset >= partition.committed], 0.0)
        buffer.end = partition.messages[-1].offset + 1 if partition.messages else None
        partition.buffer = buffer

    def _of(self, batch: Batch) -> _Partition:
        partition = self._partitions.get(batch.partition)
        if partition is None or partition.buffer.work is None or partition.buffer.work.batch is not batch:
            raise PartitionLost(f"{batch.token} is no longer ours")
        return partition
