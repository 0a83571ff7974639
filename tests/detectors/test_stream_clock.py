"""Ticks depend on the units alone, whoever makes them."""

import random

from detectors.stream_clock import StreamClock


def test_before_the_first_unit_there_is_no_time() -> None:
    assert list(StreamClock().due(1e9)) == []


def test_ticks_come_on_a_grid_that_widens_with_silence() -> None:
    clock = StreamClock()
    clock.move(1_000.0)
    assert list(clock.due(1_050.0)) == [1_005.0, 1_020.0, 1_035.0, 1_050.0]
    assert list(clock.due(1_064.9)) == []
    later = list(clock.due(1_000.0 + 30 * 86_400))
    assert len(later) < 2_300
    assert later[-1] - later[-2] == 3_600 and all(tick % 15 == 0 for tick in later)


def test_time_never_goes_back() -> None:
    clock = StreamClock()
    assert clock.move(100.0) == 100.0
    assert clock.move(90.0) == 100.0
    assert list(clock.due(121.0)) == [105.0, 120.0]
    assert clock.move(110.0) == 120.0


def test_the_same_units_have_the_same_ticks_whether_the_present_or_the_next_unit_made_them() -> None:
    rng = random.Random(3)
    for _ in range(50):
        units = sorted(rng.uniform(0, 20_000) for _ in range(40))
        live, again = StreamClock(), StreamClock()
        ticks: list[float] = []
        repeated: list[float] = []
        for unit in units:
            for _ in range(rng.randrange(3)):
                ticks += live.due(rng.uniform(0, unit))
            ticks += live.due(unit)
            live.move(unit)
            repeated += again.due(unit)
            again.move(unit)
        assert ticks == repeated and live == again
