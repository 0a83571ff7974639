"""Stored calls to the topic the detectors read, keyed so that all routes of a model meet in one consumer."""

import pyarrow as pa
import pyarrow.compute as pc

from collector.pipeline import Publisher
from collector.stage import Staged
from watchkeeper.codec import encode_calls
from watchkeeper.streams.kafka_calls import CallsPublisher
from watchkeeper.streams.source import Batch

_MAX_ROWS = 5_000
_FLUSH_S = 10.0


class KafkaPublisher(Publisher):
    """One message a model and at most 5,000 calls, sent and acknowledged before the batch is."""

    def __init__(self, publisher: CallsPublisher) -> None:
        self._publisher = publisher

    def publish(self, staged: Staged, batch: Batch) -> None:
        """Raises :class:`~watchkeeper.errors.Transient` when the brokers did not take everything."""
        for key, calls in by_model(staged.calls):
            for start in range(0, calls.num_rows, _MAX_ROWS):
                self._publisher.publish(key, encode_calls(calls.slice(start, _MAX_ROWS)))
        self._publisher.flush(_FLUSH_S)

    def close(self) -> None:
        """Let go of the brokers."""
        self._publisher.close()


def by_model(calls: pa.Table) -> list[tuple[str, pa.Table]]:
    """``calls`` split by provider and requested model, each part with its message key."""
    names = [calls[name].cast(pa.string()) for name in ("provider", "request_model")]
    keys = pc.binary_join_element_wise(*names, "/").combine_chunks() if calls.num_rows else pa.array([], pa.string())
    return [(key, calls.filter(pc.equal(keys, key))) for key in pc.unique(keys).to_pylist()]
