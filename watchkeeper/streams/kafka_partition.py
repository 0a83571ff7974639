"""What one consumer holds of one partition: messages read, the batch in work, a range to repeat. No I/O."""

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.streams.kafka_range import OffsetRange
from watchkeeper.streams.source import Batch, RawMessage

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """When a batch is full, and how long it may wait to get there."""

    max_messages: int = 2_000
    max_bytes: int = 32 * 2**20
    linger_s: float = 0.2
    """How long a batch waits for more messages to be sent."""
    patience: int = 5
    """Lingers that it waits at most while the brokers have more for it, or while fuller batches go first."""


@dataclass(slots=True)
class Work:
    """A batch that was handed out. ``done`` is set once it is stored."""

    batch: Batch
    range: OffsetRange
    done: bool = False


class PartitionBuffer:
    """One assigned partition from assignment to loss; a later assignment gets an object of its own.

    At most one batch is out at a time (``work``). A batch that was given back comes again as it was.
    """

    def __init__(self, topic: str, partition: int, version: str, replay: OffsetRange | None = None) -> None:
        self.topic = topic
        self.partition = partition
        self.held_bytes = 0
        self.work: Work | None = None
        self.done_to: int | None = None
        """Offset up to which all is stored, where that is known."""
        self.end: int | None = None
        """Offset that the next message of the topic will have, where that is known."""
        self._version = version
        self._replay = replay
        self._opening = True
        self._messages: deque[RawMessage] = deque()
        self._oldest_at = 0.0
        self._position = 0
        self._returned: Work | None = None

    @property
    def replaying(self) -> bool:
        """A range must be repeated exactly before anything else, and it is not here in full yet."""
        return self._replay is not None and self._position <= self._replay.last

    def add(self, messages: Sequence[RawMessage], now: float) -> None:
        """Messages in the order of their offsets; ``now`` is monotonic seconds."""
        if not messages:
            return
        if not self._messages:
            self._oldest_at = now
        self._messages.extend(messages)
        self.held_bytes += sum(len(message.body) for message in messages)
        if self.done_to is None:
            self.done_to = messages[0].offset
        self.read_up_to(messages[-1].offset + 1)

    def read_up_to(self, position: int) -> None:
        """The consumer has read everything below ``position``: what is not here by then is gone."""
        self._position = max(self._position, position)
        replay = self._replay
        if replay is None or self.replaying or (self._messages and self._messages[0].offset <= replay.last):
            return
        _log.warning(
            "%s-%d: offsets %d to %d were being inserted when their consumer went away, and are no longer in "
            "the topic; if that insert did not succeed, they are lost",
            self.topic, self.partition, replay.first, replay.last,
        )  # fmt: skip
        self._replay = None

    def waited_s(self, now: float) -> float:
        """Seconds that the oldest message has waited for a batch."""
        return now - self._oldest_at if self._messages else 0.0

    def is_due(self, limits: BatchLimits, now: float) -> bool:
        """Has the oldest message lingered long enough? Longer while the brokers have more to fill the batch with."""
        return self.waited_s(now) >= self.linger_s(limits)

    def linger_s(self, limits: BatchLimits) -> float:
        """How long a batch may wait now."""
        is_behind = self.end is not None and self.end > self._position
        return limits.linger_s * (limits.patience if is_behind else 1)

    def is_empty(self) -> bool:
        """Nothing to hand out, now or after a linger."""
        return not self._messages and self._returned is None

    def is_full(self, limits: BatchLimits) -> bool:
        """Waiting longer would not make the next batch larger."""
        if self._returned is not None or (self._replay is not None and not self.replaying):
            return True
        return self.held_bytes >= limits.max_bytes or len(self._messages) >= limits.max_messages

    def can_hand_out(self) -> bool:
        """Is there a batch, and none out already?"""
        return self.work is None and not self.is_empty() and not self.replaying

    def hand_out(self, limits: BatchLimits, now: float) -> Batch:
        """The next batch: the one given back, else the range to repeat, else as much as the limits allow."""
        self.work = self._returned or self._cut(limits)
        self._returned = None
        self._oldest_at = now
        return self.work.batch

    def lag(self) -> int | None:
        """Messages not yet stored; None where it is not known."""
        return None if self.end is None or self.done_to is None else max(0, self.end - self.done_to)

    def holds(self, batch: Batch) -> bool:
        """Was ``batch`` cut here, and is it out or given back?"""
        return any(work is not None and work.batch is batch for work in (self.work, self._returned))

    def take_back(self) -> None:
        """The batch in work is not stored; it comes again unchanged."""
        self._returned, self.work = self.work, None

    def settle(self) -> None:
        """The batch in work is stored and committed."""
        if self.work is not None:
            self.done_to = self.work.range.last + 1
            self.work = None

    def _cut(self, limits: BatchLimits) -> Work:
        messages = self._take_replay() if self._replay is not None else self._take(limits)
        self.held_bytes -= sum(len(message.body) for message in messages)
        span = self._replay or OffsetRange(
            messages[0].offset, messages[-1].offset, f"{self._version}.{messages[0].received_at_us // 1000}"
        )
        token = span.token(self.topic, self.partition)
        batch = Batch(self.topic, self.partition, messages, token, self._opening)
        self._replay, self._opening = None, False
        return Work(batch, span)

    def _take_replay(self) -> list[RawMessage]:
        assert self._replay is not None
        taken = []
        while self._messages and self._messages[0].offset <= self._replay.last:
            taken.append(self._messages.popleft())
        return taken

    def _take(self, limits: BatchLimits) -> list[RawMessage]:
        taken = [self._messages.popleft()]
        size = len(taken[0].body)
        while self._messages and len(taken) < limits.max_messages:
            size += len(self._messages[0].body)
            if size > limits.max_bytes:
                break
            taken.append(self._messages.popleft())
        return taken
