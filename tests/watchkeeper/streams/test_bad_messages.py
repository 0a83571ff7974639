"""The guard stops a consumer whose input is mostly unreadable, and lets single bad messages pass."""

import pytest

from watchkeeper.errors import BadMessage, DeadLetterLimit
from watchkeeper.streams.bad_messages import BadMessageGuard
from watchkeeper.streams.source import Batch, RawMessage

BAD = BadMessage("malformed_protobuf", "MARKDETAIL")


def check(guard: BadMessageGuard, pattern: str) -> None:
    """One batch; ``x`` is an unreadable message."""
    batch = Batch("otlp_spans", 3, [RawMessage(b"MARKBODY", 100 + at) for at in range(len(pattern))], "token")
    guard.check(batch, {at: BAD for at, kind in enumerate(pattern) if kind == "x"})


def test_a_few_bad_messages_among_good_ones_pass() -> None:
    guard = BadMessageGuard(0.5, 3)
    for _ in range(20):
        check(guard, "..xxx" + ".....")


def test_too_many_in_a_row_stop_even_across_batches() -> None:
    guard = BadMessageGuard(1.0, 3)
    check(guard, "..xx")
    check(guard, "x")
    with pytest.raises(DeadLetterLimit) as stopped:
        check(guard, "x..")
    assert "4 messages in a row are unreadable (malformed_protobuf)" in str(stopped.value)
    assert "otlp_spans partition 3 offset 102" in str(stopped.value)
    assert "WATCHKEEPER_DEAD_LETTER_MAX_CONSECUTIVE" in str(stopped.value)
    assert "MARK" not in str(stopped.value)


def test_a_good_message_ends_a_row() -> None:
    guard = BadMessageGuard(1.0, 3)
    for _ in range(50):
        check(guard, "xxx.")


def test_too_large_a_share_stops() -> None:
    guard = BadMessageGuard(0.5, 1_000)
    check(guard, "x." * 100)
    with pytest.raises(DeadLetterLimit, match="50% of the last 201 messages"):
        check(guard, "x")


def test_a_share_of_few_messages_says_nothing_yet() -> None:
    guard = BadMessageGuard(0.1, 1_000)
    check(guard, "x" * 99)
    with pytest.raises(DeadLetterLimit):
        check(guard, "x")


def test_messages_long_past_do_not_count() -> None:
    guard = BadMessageGuard(0.3, 1_000)
    check(guard, "x" * 30 + "." * 70)
    check(guard, "." * 1_000)
    check(guard, "x" * 300)
    with pytest.raises(DeadLetterLimit):
        check(guard, "x")
