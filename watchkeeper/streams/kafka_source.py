"""OTLP messages from Kafka, each stored exactly once: one contract with the OTLP receivers (:mod:`.source`).

How a batch survives a crash: :meth:`KafkaSource.begin` commits the batch's *first* offset, with its last one in
the commit's metadata; :meth:`KafkaSource.acknowledge` commits the offset after it, without metadata. Whoever owns
the partition next finds the metadata and makes exactly the same batch with the same token, which the store
recognises. The group's offsets are all the state there is.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.coordinator.base import MemberState

from watchkeeper.clock import Clock
from watchkeeper.errors import PartitionLost, Transient
from watchkeeper.streams.kafka_assignment import AssignmentLog, Change
from watchkeeper.streams.kafka_backpressure import Pressure, patience_s, to_hand_out, to_read
from watchkeeper.streams.kafka_follower import Follower
from watchkeeper.streams.kafka_message import read_record
from watchkeeper.streams.kafka_offsets import GroupOffsets, place_of
from watchkeeper.streams.kafka_parked import unpark
from watchkeeper.streams.kafka_partition import PartitionBuffer, Work
from watchkeeper.streams.kafka_range import OffsetRange
from watchkeeper.streams.kafka_source_config import KafkaSourceConfig
from watchkeeper.streams.source import Batch, Rejection, Signal

_log = logging.getLogger(__name__)

_SETTLE_S = 0.1
_SETTLE_POLLS = 20
_CLOSE_MS = 3_000


class KafkaSource:
    """A member of the consumer group. Connects at once; one thread owns it.

    Raises :class:`~watchkeeper.errors.Transient` from any method while the brokers do not answer (the same call
    may be made again), and :class:`~watchkeeper.errors.ConfigError` where they refuse us.
    """

    stops_on_dead_letters = True

    def __init__(self, config: KafkaSourceConfig, clock: Clock, follower: Follower | None = None) -> None:
        self._config = config
        self._clock = clock
        self._follower = follower or Follower()
        self._told = config.connection.told
        self._signals = dict.fromkeys(config.topics, Signal.TRACES) | dict.fromkeys(config.log_topics, Signal.LOGS)
        self._buffers: dict[TopicPartition, PartitionBuffer] = {}
        self._unopened: set[TopicPartition] = set()
        self._mean_bytes = 64.0 * 1024
        self._metadata_kept: bool | None = None
        self._closed = False
        self._consumer = config.connection.open(KafkaConsumer, config.consumer_settings())
        self._offsets = GroupOffsets(self._consumer, self._told, config.commit_timeout_s)
        self._assignments = AssignmentLog(self._consumer)
        self._consumer.subscribe(list(self._signals), listener=self._assignments)

    def poll(self, timeout_s: float) -> Sequence[Batch]:
        """Batches ready for work, at most one a partition; empty after ``timeout_s`` without any.

        While the group is rebalancing nothing is handed out: the batch might belong to another member.
        """
        deadline = self._clock.monotonic() + timeout_s
        self._commit_done(())
        wait_s = 0.0
        while True:
            self._read(wait_s)
            pressure = self._pressure()
            ready = to_hand_out(tuple(self._buffers.values()), pressure) if self._is_member() else []
            if ready:
                return [buffer.hand_out(self._config.limits, pressure.now) for buffer in ready]
            wait_s = deadline - pressure.now
            if wait_s <= 0:
                return ()
            linger_s = patience_s(tuple(self._buffers.values()), pressure)
            if linger_s is not None and self._is_member():
                wait_s = min(wait_s, linger_s)

    def begin(self, batches: Sequence[Batch]) -> None:
        """Record with the brokers, in one commit, that these batches are about to be inserted."""
        works = {place_of(batch): self._work(batch) for batch in batches}
        if not works:
            return
        self._commit(
            {place: OffsetAndMetadata(w.range.first, w.range.metadata(), -1) for place, w in works.items()}, batches
        )
        if self._metadata_kept is None:
            place, work = next(iter(works.items()))
            self._metadata_kept = self._offsets.keeps_metadata(place, work.range)

    def acknowledge(self, batch: Batch, rejections: Mapping[int, Rejection]) -> None:
        """``batch`` is stored; ``rejections`` are in the dead letters by now, so Kafka need not know them.

        A commit costs more than a message (2 ms of CPU), so there is one for all batches of a poll: it is made
        when the last of them is acknowledged or released. A crash before that repeats them with their old tokens.
        """
        self._work(batch).done = True
        if not self._in_work():
            self._commit_done((batch,))

    def release(self, batch: Batch, error: Exception) -> None:
        """``batch`` comes again, with the same messages and token, unless its partition is lost."""
        buffer = self._buffers.get(place_of(batch))
        if buffer is None or buffer.work is None or buffer.work.batch is not batch:
            return
        _log.warning("%s comes again: %s", batch.token, error)
        buffer.take_back()
        if not self._in_work():
            self._commit_done(())

    def keep_alive(self) -> None:
        """Take part in the group's life for a moment, with everything paused: 0.1 s, and 2 s while it rebalances."""
        for _ in range(_SETTLE_POLLS):
            self._poll_paused()
            if self._is_member():
                return

    def owns(self, batch: Batch) -> bool:
        """Is the batch's partition still ours? False for good once it was lost, even if it comes back."""
        buffer = self._buffers.get(place_of(batch))
        if buffer is None or self._consumer.group_metadata().state is MemberState.UNJOINED:
            return False
        return buffer.holds(batch)

    def lag(self) -> Mapping[tuple[str, int], int]:
        """Messages not yet stored, by topic and partition, as of the last fetch. Asks nobody; any thread may call."""
        buffers = tuple(self._buffers.values())
        known = {(buffer.topic, buffer.partition): buffer.lag() for buffer in buffers}
        return {place: lag for place, lag in known.items() if lag is not None}

    def read_to_end(self) -> set[tuple[str, int]]:
        """Topics and partitions of ours with nothing more to work on, as the brokers themselves say it now.

        Raises :class:`~watchkeeper.errors.Transient` while they do not answer: silence of theirs is no end.
        """
        done = {place: b.done_to for place, b in self._buffers.items() if b.is_empty() and b.work is None}
        ends = self._offsets.ends(done) if done else {}
        return {(place.topic, place.partition) for place, end in ends.items() if end <= (done[place] or 0)}

    def start_again(self, topic: str, partition: int) -> None:
        """Forget what was read of a partition of ours; its follower says anew where to start."""
        place = TopicPartition(topic, partition)
        if self._buffers.pop(place, None) is not None:
            self._unopened.add(place)

    def close(self) -> None:
        """Leave the group (a static member stays until its session ends). Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        try:
            self._commit_done(())
        except (PartitionLost, Transient) as error:
            _log.warning("closing without the last commit, its batches come again with their tokens: %s", error)
        self._buffers.clear()
        with self._told("leave the group"):
            self._consumer.close(autocommit=False, timeout_ms=_CLOSE_MS)

    # --- reading

    def _read(self, wait_s: float) -> None:
        self._open_partitions()
        wanted = {place_of(buffer) for buffer in to_read(tuple(self._buffers.values()), self._pressure())}
        self._resume_only(wanted - self._unopened)
        self._poll_client(wait_s, self._room())

    def _keep(self, records: Mapping[TopicPartition, Sequence[Any]]) -> None:
        now = self._clock.monotonic()
        for place, found in records.items():
            buffer = self._buffers.get(place)
            if buffer is None:
                continue
            messages = [read_record(record, self._signals[place.topic]) for record in found]
            buffer.add(messages, now)
            self._mean_bytes += (sum(len(m.body) for m in messages) / len(messages) - self._mean_bytes) * 0.5
        for place, buffer in self._buffers.items():
            buffer.end = self._consumer.highwater(place)
            if buffer.replaying:
                buffer.read_up_to(self._position(place))

    def _room(self) -> int:
        """Records that still fit, by their mean size: the library decompresses no more than it is asked for."""
        held = sum(buffer.held_bytes for buffer in self._buffers.values())
        room = (self._config.buffer_max_bytes - held) / max(1.0, self._mean_bytes)
        return max(1, min(self._config.max_poll_records, int(room)))

    def _position(self, place: TopicPartition) -> int:
        with self._told("read the position"):
            return self._consumer.position(place, timeout_ms=int(_SETTLE_S * 1000)) or 0

    def _resume_only(self, wanted: set[TopicPartition]) -> None:
        paused = self._consumer.paused()
        self._consumer.pause(*(self._consumer.assignment() - wanted - paused))
        self._consumer.resume(*(wanted & paused & self._consumer.assignment()))

    def _poll_paused(self) -> None:
        self._resume_only(set())
        self._poll_client(_SETTLE_S, 1)

    def _poll_client(self, wait_s: float, most: int) -> None:
        """The only place that polls the client library: it also joins groups, gives and takes partitions."""
        if not self._is_member():
            wait_s = max(wait_s, _SETTLE_S)  # shorter polls would not see the join through
        unpark(self._consumer)
        with self._told("read"):
            records = self._consumer.poll(timeout_ms=int(wait_s * 1000), max_records=most)
        if not self._is_member():
            # A join that new metadata set off and that ends between two polls is never taken up by the library
            # (3.0.12: `need_rejoin` is false by then), and the consumer would wait for partitions for ever.
            self._consumer._coordinator.request_rejoin()
        self._follow_assignments()
        self._keep(records)

    def _pressure(self) -> Pressure:
        return Pressure(self._config.limits, self._config.buffer_max_bytes, self._clock.monotonic())

    # --- the group

    def _is_member(self) -> bool:
        return self._consumer.group_metadata().state is MemberState.STABLE

    def _follow_assignments(self) -> None:
        while (change := self._assignments.next_change()) is not None:
            what, places = change
            for place in places:
                self._unopened.discard(place)
                if self._buffers.pop(place, None) is not None:
                    self._follower.lost(place.topic, place.partition)
            if what is Change.GIVEN:
                self._unopened |= places

    def _open_partitions(self) -> None:
        """Find out where the last owner of each new partition stopped, and go there."""
        for place in tuple(self._unopened):
            start = self._follower.opened(place.topic, place.partition)
            self._open(place, start, self._offsets.committed(place) if start is None else None)

    def _open(self, place: TopicPartition, start: int | None, found: OffsetAndMetadata | None) -> None:
        self._unopened.discard(place)
        if place not in self._consumer.assignment():
            self._follower.lost(place.topic, place.partition)
            return
        replay = OffsetRange.pending(found.offset, found.metadata) if found is not None else None
        buffer = PartitionBuffer(place.topic, place.partition, self._config.version, replay)
        buffer.done_to = found.offset if found is not None else start
        if buffer.done_to is None:
            self._consumer.seek_to_beginning(place)
        else:
            self._consumer.seek(place, buffer.done_to)
        self._buffers[place] = buffer

    # --- committing

    def _in_work(self) -> bool:
        return any(buffer.work is not None and not buffer.work.done for buffer in self._buffers.values())

    def _commit_done(self, required: Sequence[Batch]) -> None:
        done = {
            place: buffer.work
            for place, buffer in self._buffers.items()
            if buffer.work is not None and buffer.work.done
        }
        if not done:
            return
        self._commit({place: OffsetAndMetadata(work.range.last + 1, "", -1) for place, work in done.items()}, required)
        for place, work in done.items():
            buffer = self._buffers.get(place)
            if buffer is not None and buffer.work is work:
                buffer.settle()

    def _commit(self, offsets: dict[TopicPartition, OffsetAndMetadata], required: Sequence[Batch]) -> None:
        """Commit for the partitions that are still ours. Raises PartitionLost if one of ``required`` is not."""
        buffers = {place: self._buffers[place] for place in offsets}
        deadline = self._clock.monotonic() + self._config.commit_timeout_s
        while True:
            try:
                self._offsets.commit(offsets)
                return
            except PartitionLost:
                if self._clock.monotonic() > deadline:
                    raise Transient("could not commit: the consumer group does not come to rest") from None
            self._poll_paused()
            self._require(required)
            offsets = {p: offset for p, offset in offsets.items() if self._buffers.get(p) is buffers[p]}

    def _require(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            self._work(batch)

    def _work(self, batch: Batch) -> Work:
        buffer = self._buffers.get(place_of(batch))
        if buffer is None or buffer.work is None or buffer.work.batch is not batch:
            raise PartitionLost(f"{batch.source}-{batch.partition} is no longer ours: {batch.token} is dropped")
        return buffer.work
