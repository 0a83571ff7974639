"""Clocks: the machine's own, and one for tests."""

from datetime import UTC, datetime, timedelta

import pytest

from watchkeeper.clock import Clock, ManualClock, SystemClock

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_manual_clock_moves_only_when_told_to() -> None:
    clock: Clock = ManualClock(NOON)
    assert (clock.now(), clock.monotonic()) == (NOON, 0.0)
    clock.sleep(90)
    assert (clock.now(), clock.monotonic()) == (NOON + timedelta(seconds=90), 90.0)


def test_a_manual_clock_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="aware"):
        ManualClock(NOON.replace(tzinfo=None))


def test_the_system_clock_is_aware_and_goes_forward() -> None:
    clock: Clock = SystemClock()
    began = clock.monotonic()
    assert clock.now().utcoffset() == timedelta(0)
    clock.sleep(0)
    assert clock.monotonic() >= began
