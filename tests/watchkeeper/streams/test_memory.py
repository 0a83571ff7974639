"""MemorySource keeps Kafka's contract."""

import pytest

from tests.watchkeeper.streams.source_steps import bodies, store
from watchkeeper.errors import PartitionLost
from watchkeeper.streams.kafka_partition import BatchLimits
from watchkeeper.streams.memory import MemorySource
from watchkeeper.streams.source import RawMessage, Source

PAIRS = BatchLimits(max_messages=2, linger_s=0.0)


def messages(*texts: bytes) -> list[RawMessage]:
    return [RawMessage(text, offset) for offset, text in enumerate(texts)]


def test_each_partition_gives_batches_in_order_until_all_is_acknowledged() -> None:
    source = MemorySource({0: messages(b"a", b"b", b"c"), 1: messages(b"x")}, PAIRS)
    contract: Source = source
    first = contract.poll(0)
    assert [bodies([batch]) for batch in first] == [[b"a", b"b"], [b"x"]]
    assert contract.poll(0) == []
    store(contract, first)
    assert source.lag() == {("memory", 0): 1, ("memory", 1): 0}
    second = contract.poll(0)
    assert (bodies(second), second[0].opening, source.exhausted) == ([b"c"], False, False)
    store(contract, second)
    assert source.exhausted


def test_after_a_crash_what_was_begun_comes_again_exactly() -> None:
    source = MemorySource({0: messages(b"a", b"b")})
    begun = source.poll(0)
    source.begin(begun)
    source.crash()
    source.add(0, RawMessage(b"c", 2))
    again = source.poll(0)
    assert (again[0].token, bodies(again), again[0].opening) == (begun[0].token, [b"a", b"b"], True)
    assert not source.owns(begun[0])
    with pytest.raises(PartitionLost):
        source.acknowledge(begun[0], {})
    store(source, again)
    assert bodies(source.poll(0)) == [b"c"]


def test_a_released_batch_comes_again_and_a_lost_one_is_another() -> None:
    source = MemorySource({0: messages(b"a")})
    batch = source.poll(0)[0]
    source.release(batch, RuntimeError("away"))
    assert source.poll(0) == [batch]
    source.lose(0)
    assert source.poll(0)[0] is not batch
    source.release(batch, RuntimeError("away"))


def test_a_closed_source_gives_nothing() -> None:
    source = MemorySource({0: messages(b"a")})
    source.close()
    assert source.poll(0) == ()
