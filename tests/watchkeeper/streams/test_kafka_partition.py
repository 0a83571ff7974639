"""Batches, ranges and backpressure: decisions without a broker."""

import logging

import pytest

from watchkeeper.streams.kafka_backpressure import Pressure, patience_s, to_hand_out, to_read
from watchkeeper.streams.kafka_partition import BatchLimits, PartitionBuffer
from watchkeeper.streams.kafka_range import OffsetRange
from watchkeeper.streams.source import RawMessage

LIMITS = BatchLimits(max_messages=10, max_bytes=1_000, linger_s=1.0)


def messages(first: int, count: int, size: int = 10) -> list[RawMessage]:
    return [RawMessage(b"x" * size, offset, received_at_us=5_000_000) for offset in range(first, first + count)]


def buffer(count: int = 0, size: int = 10, at: float = 0.0, partition: int = 0) -> PartitionBuffer:
    made = PartitionBuffer("spans", partition, "1")
    made.add(messages(0, count, size), at)
    return made


def pressure(now: float = 0.0, max_bytes: int = 2_000) -> Pressure:
    return Pressure(LIMITS, max_bytes, now)


@pytest.mark.parametrize(
    "metadata", ["", None, "by hand", "[]", "{}", '{"pending_to":"9","v":1}', '{"pending_to":3,"v":1}', "null"]
)
def test_metadata_that_we_did_not_write_means_nothing_pending(metadata: str | None) -> None:
    assert OffsetRange.pending(4, metadata) is None


def test_a_range_survives_its_metadata() -> None:
    span = OffsetRange(4, 9, "1.5000")
    assert OffsetRange.pending(4, span.metadata()) == span
    assert len(OffsetRange(2**63 - 1, 2**63 - 1, "1" * 20).metadata()) < 4096


def test_the_token_names_topic_partition_offsets_and_first_timestamp() -> None:
    batch = buffer(3).hand_out(LIMITS, 0.0)
    assert batch.token == "spans:0:0-2:1.5000"


def test_a_message_beyond_the_byte_limit_goes_alone() -> None:
    made = buffer(2, size=5_000)
    assert len(made.hand_out(LIMITS, 0.0).messages) == 1
    assert made.held_bytes == 5_000


def test_only_one_batch_is_out_at_a_time_and_only_the_first_is_opening() -> None:
    made = buffer(15)
    first = made.hand_out(LIMITS, 0.0)
    assert not made.can_hand_out()
    made.settle()
    second = made.hand_out(LIMITS, 0.0)
    assert (first.opening, second.opening) == (True, False)
    assert (first.last_offset, second.first_offset) == (9, 10)


def test_a_replay_waits_for_its_last_offset_and_ignores_the_limits() -> None:
    made = PartitionBuffer("spans", 0, "2", OffsetRange(0, 11, "1.9"))
    made.add(messages(0, 11), 0.0)
    assert made.replaying and not made.can_hand_out()
    made.add(messages(11, 4), 0.0)
    batch = made.hand_out(LIMITS, 0.0)
    assert (batch.token, len(batch.messages), batch.opening) == ("spans:0:0-11:1.9", 12, True)


def test_a_replay_whose_last_message_is_gone_is_complete_once_read_past() -> None:
    made = PartitionBuffer("spans", 0, "1", OffsetRange(0, 5, "1.9"))
    made.add(messages(0, 3), 0.0)
    made.read_up_to(6)
    assert [m.offset for m in made.hand_out(LIMITS, 0.0).messages] == [0, 1, 2]


def test_a_replay_without_any_message_left_is_given_up_in_words(caplog: pytest.LogCaptureFixture) -> None:
    made = PartitionBuffer("spans", 0, "1", OffsetRange(0, 5, "1.9"))
    with caplog.at_level(logging.WARNING):
        made.add(messages(6, 2), 0.0)
    assert "offsets 0 to 5" in caplog.text
    assert made.hand_out(LIMITS, 0.0).token == "spans:0:6-7:1.5000"


def test_the_lag_is_unknown_until_the_end_is_known() -> None:
    made = buffer(3)
    assert made.lag() is None
    made.end = 8
    assert made.lag() == 8
    made.hand_out(LIMITS, 0.0)
    made.settle()
    assert made.lag() == 5


def test_with_memory_to_spare_all_but_full_partitions_are_read() -> None:
    full, empty, some = buffer(10), buffer(), buffer(3)
    assert to_read([full, empty, some], pressure()) == [empty, some]


def test_past_half_of_the_bound_only_what_can_be_filled_is_read_on() -> None:
    small, large, empty = buffer(2, size=200), buffer(4, size=200), buffer()
    assert to_read([small, large, empty], pressure()) == [large, small]
    assert to_read([small, large, empty], pressure(max_bytes=1_400)) == [large]


def test_past_the_bound_only_a_replay_is_read_on() -> None:
    replaying = PartitionBuffer("spans", 9, "1", OffsetRange(0, 5, "1.9"))
    assert to_read([buffer(3, size=900), replaying, buffer()], pressure()) == [replaying]


def test_full_batches_go_first_and_patience_ends() -> None:
    full, aged, patient = buffer(10), buffer(1, at=-2.0), buffer(1, at=-6.0)
    assert to_hand_out([full, aged, patient], pressure()) == [full, patient]
    assert to_hand_out([aged, patient], pressure()) == [aged, patient]


def test_nothing_goes_before_its_linger_unless_memory_is_short() -> None:
    young = [buffer(1, size=900), buffer(2, size=450), buffer(1, size=300)]
    assert to_hand_out(young, pressure(max_bytes=3_000)) == []
    assert len(to_hand_out(young, pressure(max_bytes=1_500))) == 2
    assert patience_s(young, pressure(now=0.25)) == 0.75
    assert patience_s([buffer()], pressure()) is None


def test_while_the_brokers_have_more_a_batch_waits_longer_to_fill() -> None:
    behind = buffer(2, at=-2.0)
    behind.end = 90
    assert to_hand_out([behind], pressure()) == []
    assert patience_s([behind], pressure()) == 3.0
    assert to_hand_out([behind], pressure(now=3.0)) == [behind]
