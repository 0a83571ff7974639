"""What :class:`~watchkeeper.streams.kafka_source.KafkaSource` reads, as whom, and within which bounds."""

from dataclasses import dataclass, field
from typing import Any

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from watchkeeper.streams.kafka_connection import KafkaConnection
from watchkeeper.streams.kafka_partition import BatchLimits


@dataclass(frozen=True, slots=True)
class KafkaSourceConfig:
    """All bounds have defaults that suit messages of about 400 KB."""

    connection: KafkaConnection
    group: str
    topics: tuple[str, ...]
    """Topics with OTLP traces."""
    log_topics: tuple[str, ...] = ()
    """Topics with OTLP logs."""
    version: str = "1"
    """Version of what a message is decoded to; part of every token."""
    group_instance_id: str = ""
    limits: BatchLimits = field(default_factory=BatchLimits)
    buffer_max_bytes: int = 64 * 2**20
    """Raw messages read ahead, decompressed; batches in work not included."""
    max_poll_records: int = 5_000
    fetch_max_bytes: int = 16 * 2**20
    """Compressed bytes of one fetch; the client library reads one fetch a broker ahead."""
    partition_fetch_bytes: int = 4 * 2**20
    session_timeout_s: float = 45.0
    max_poll_interval_s: float = 300.0
    commit_timeout_s: float = 10.0

    def consumer_settings(self) -> dict[str, Any]:
        """The client library's keyword arguments."""
        return self.connection.settings() | {
            "group_id": self.group,
            "group_instance_id": self.group_instance_id or None,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "isolation_level": "read_committed",
            "allow_auto_create_topics": False,
            "partition_assignment_strategy": [CooperativeStickyAssignor],
            "max_poll_records": self.max_poll_records,
            "max_poll_interval_ms": int(self.max_poll_interval_s * 1000),
            "session_timeout_ms": int(self.session_timeout_s * 1000),
            "heartbeat_interval_ms": int(min(3.0, self.session_timeout_s / 3) * 1000),
            "fetch_max_bytes": self.fetch_max_bytes,
            "max_partition_fetch_bytes": self.partition_fetch_bytes,
            "metrics_enabled": False,
        }
