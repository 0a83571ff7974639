"""Blocks: the same however the calls of a stream are cut into batches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.blocks import CALLS, LONGEST_S, SHORTEST_S, OpenBlock

GAPS = st.lists(st.sampled_from([0.0, 0.01, 0.3, 2.0, 20.0, 150.0, 700.0]), min_size=1, max_size=300)


def cut(times: list[float], batches: list[int]) -> tuple[list[int], list[float]]:
    """Number of the block of each call, and the ends of the closed ones, with calls cut at ``batches``."""
    block = OpenBlock()
    numbers: list[int] = []
    ends: list[float] = []
    for begin, end in zip([0, *batches], [*batches, len(times)], strict=True):
        position, closed = block.cut(np.array(times[begin:end]))
        numbers += (position + len(ends)).tolist()
        ends += closed
    return numbers, ends


@pytest.mark.property
@given(GAPS, st.data())
def test_blocks_do_not_depend_on_batches(gaps: list[float], data: st.DataObject) -> None:
    times = (1_000.0 + np.cumsum(gaps)).tolist()
    places = data.draw(st.lists(st.integers(0, len(times)), max_size=6).map(sorted))
    assert cut(times, places) == cut(times, [])


@pytest.mark.property
@given(GAPS)
def test_a_block_has_enough_calls_and_time_or_is_over_by_the_clock(gaps: list[float]) -> None:
    times = (1_000.0 + np.cumsum(gaps)).tolist()
    numbers, ends = cut(times, [])
    assert numbers == sorted(numbers) and numbers[0] == 0
    for block, end in enumerate(ends):
        own = [time for time, number in zip(times, numbers, strict=True) if number == block]
        following = [time for time, number in zip(times, numbers, strict=True) if number > block]
        assert own and end == own[-1] and end - own[0] < LONGEST_S
        full = len(own) >= CALLS and (end - own[0] >= SHORTEST_S or end == own[0])
        assert full or following[0] >= own[0] + LONGEST_S


def test_the_clock_closes_a_block_once() -> None:
    block = OpenBlock()
    block.cut(np.array([100.0, 130.0]))
    assert block.expire(100.0 + LONGEST_S - 1) is None
    assert block.expire(100.0 + LONGEST_S) == 130.0
    assert block.expire(10_000.0) is None


def test_calls_that_come_late_join_the_open_block() -> None:
    block = OpenBlock()
    block.cut(np.array([1_000.0]))
    position, ends = block.cut(np.array([400.0, 900.0, 1_001.0]))
    assert position.tolist() == [0, 0, 0] and ends == [] and block.end == 1_001.0
