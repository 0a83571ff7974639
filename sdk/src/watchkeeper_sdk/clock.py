"""The time our own spans are made with; tests put a fixed one in its place."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Both in nanoseconds."""

    def time_ns(self) -> int:
        """Since the epoch."""
        ...

    def perf_counter_ns(self) -> int:
        """For differences."""
        ...


_clock: Clock = time


def clock() -> Clock:
    """The clock in use."""
    return _clock


def use_clock(other: Clock | None) -> None:
    """Use ``other``; null: the system's."""
    global _clock
    _clock = other if other is not None else time
