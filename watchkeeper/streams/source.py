"""Where raw messages come from: one contract, two forms (Kafka and OTLP receivers).

The pipeline's loop is ``poll → begin → (decode … insert) → acknowledge``. *Acknowledge* is the only place where
a source may tell the outside "done": an offset commit for Kafka, the HTTP or gRPC response for OTLP.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Signal(StrEnum):
    """Which OTLP signal a message carries."""

    TRACES = "traces"
    LOGS = "logs"


class Encoding(StrEnum):
    """How a message is written."""

    PROTOBUF = "protobuf"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One OTLP export request as it came, and where from."""

    body: bytes
    offset: int
    signal: Signal = Signal.TRACES
    encoding: Encoding = Encoding.PROTOBUF
    received_at_us: int = 0
    """Unix time in microseconds: Kafka's record timestamp, or the moment of receipt."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Messages of one partition that are inserted and acknowledged together.

    ``token`` identifies exactly this set of messages; the same token is never used for other content.
    ``opening`` is true for the first batch after a partition was assigned (or after start): what the pipeline
    remembers of earlier spans must then be read back from the store, up to ``first_offset``.
    """

    source: str
    partition: int
    messages: Sequence[RawMessage]
    token: str
    opening: bool = False
    reply_to: Sequence[object] = field(default=(), repr=False)
    """The source's own handles, one a message; nobody else looks at them."""

    @property
    def first_offset(self) -> int:
        return self.messages[0].offset

    @property
    def last_offset(self) -> int:
        return self.messages[-1].offset


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a message, or some of its spans, was not stored as calls (it is in the dead letters)."""

    reason: str
    detail: str
    spans: int = 0
    """How many spans (or log records) of the message were rejected; 0: the message as a whole."""


class Source(Protocol):
    """A place to poll batches from. Not thread-safe: one thread owns it."""

    stops_on_dead_letters: bool
    """True where emptying the input into the dead letters would lose order and time (Kafka)."""

    def poll(self, timeout_s: float) -> Sequence[Batch]:
        """Batches ready for work, at most one a partition; empty after ``timeout_s`` without any."""
        ...

    def begin(self, batches: Sequence[Batch]) -> None:
        """Record, where the outside can remember it, that these batches are about to be inserted.

        Raises :class:`~watchkeeper.errors.PartitionLost` when they are no longer ours.
        """
        ...

    def acknowledge(self, batch: Batch, rejections: Mapping[int, Rejection]) -> None:
        """Tell the outside that ``batch`` is stored. ``rejections`` maps a message's index to its reason.

        Raises :class:`~watchkeeper.errors.PartitionLost` when the batch is no longer ours; nothing is lost then.
        """
        ...

    def release(self, batch: Batch, error: Exception) -> None:
        """Give ``batch`` back unstored: it must come again (Kafka) or be answered "try later" (OTLP)."""
        ...

    def keep_alive(self) -> None:
        """Called between insert attempts while the store is down: stay a member of the group, fetch nothing new."""
        ...

    def owns(self, batch: Batch) -> bool:
        """Is the batch's partition still ours?"""
        ...

    def close(self) -> None:
        """Stop intake and let go of the outside. Safe to call twice."""
        ...
