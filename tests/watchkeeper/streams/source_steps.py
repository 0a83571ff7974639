"""The pipeline's steps on a source, for tests."""

import time
from collections.abc import Sequence

import pytest

from watchkeeper.streams.source import Batch, Source

PATIENCE_S = 60.0


def take(source: Source, patience_s: float = PATIENCE_S) -> Sequence[Batch]:
    """Poll until there is something."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if batches := source.poll(0.5):
            return batches
    pytest.fail(f"nothing came within {patience_s} s")


def store(source: Source, batches: Sequence[Batch]) -> None:
    source.begin(batches)
    for batch in batches:
        source.acknowledge(batch, {})


def bodies(batches: Sequence[Batch]) -> list[bytes]:
    return [message.body for batch in batches for message in batch.messages]


def crash(source: Source) -> None:
    """Leave the group as a dead process would be put out of it: without a word about what is in work."""
    source.close()


def take_and_store(source: Source) -> Batch:
    batches = take(source)
    store(source, batches)
    return batches[0]
