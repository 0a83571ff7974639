"""A fault of the client library that would silently end the reading of a partition, and what mends it."""

from typing import Any


def unpark(consumer: Any) -> None:
    """Call before each ``poll`` of a ``KafkaConsumer`` whose partitions are paused and resumed.

    Records that were fetched before their partition was paused are parked, and a partition with parked records is not
    fetched. The library (3.0.12) takes them up again only where no records are in line; it asks whether the place is
    None, but leaves what was read to its end standing there. So they stay parked, and the partition is never read on.
    """
    fetcher = consumer._fetcher
    in_line = fetcher._next_partition_records
    if in_line is not None and not in_line:
        fetcher._next_partition_records = None
