"""Values that are kept for a moment and made anew behind those who ask."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from api.kept import Kept
from watchkeeper.clock import ManualClock

NOW = datetime(2026, 11, 20, tzinfo=UTC)
WAIT_S = 10.0


class Maker:
    """Counts upwards, but not before it ``may``."""

    def __init__(self) -> None:
        self.count = 0
        self.may = threading.Event()
        self.may.set()

    def __call__(self) -> int:
        assert self.may.wait(WAIT_S)
        self.count += 1
        return self.count


def until(condition: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(1_000):
        if condition():
            return
        waiting.wait(WAIT_S / 1_000)
    raise AssertionError("not in time")


def test_a_stale_value_is_told_while_a_new_one_is_made() -> None:
    clock, maker = ManualClock(NOW), Maker()
    kept: Kept[int] = Kept(clock, 5.0, behind=True, stale_s=5.0)
    assert kept.get("a", maker) == kept.get("a", maker) == 1
    clock.sleep(6.0)
    maker.may.clear()
    assert kept.get("a", maker) == kept.get("a", maker) == 1
    maker.may.set()
    until(lambda: kept.get("a", maker) == 2)
    assert maker.count == 2


def test_what_is_too_old_is_waited_for() -> None:
    clock, maker = ManualClock(NOW), Maker()
    kept: Kept[int] = Kept(clock, 5.0, behind=True, stale_s=5.0)
    assert kept.get("a", maker) == 1
    clock.sleep(10.5)
    assert kept.get("a", maker) == 2
