import numpy as np
import pytest

from collector.memory import CallMemory, Remembered, ResponseViews

SECOND = 1_000_000_000


def views(*ids: int, emitter: int = 1, start_s: int = 0) -> ResponseViews:
    count = len(ids)
    starts = np.full(count, start_s * SECOND, np.int64)
    return ResponseViews(np.array(ids, np.int64), np.full(count, emitter, np.int64), starts, starts + SECOND)


def calls(first: int, count: int, emitter: int = 1) -> Remembered:
    """Calls with a parent and a response id each, all told apart by number."""
    numbers = np.arange(first, first + count, dtype=np.uint64)
    return Remembered(
        numbers, numbers + np.uint64(10**6), views(*numbers.tolist(), emitter=emitter), np.arange(count, dtype=np.int64)
    )


def keys(*numbers: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array(numbers, np.uint64)


def test_spans_parents_and_children_of_stored_calls_are_known() -> None:
    memory = CallMemory(100)
    memory.add(calls(1, 10))
    assert memory.seen_spans(keys(3, 50, 10)).tolist() == [0, 2]
    assert memory.known_views(keys(10**6 + 2, 7_000), keys(0, 0)).tolist() == [0]
    assert memory.known_views(keys(7_000, 7_001), keys(4, 5_000)).tolist() == [0]


def test_a_response_id_is_another_view_only_from_another_emitter_at_an_overlapping_time() -> None:
    memory = CallMemory(100)
    memory.add(calls(1, 10, emitter=1))
    assert memory.known_responses(views(5, 77, emitter=2)) == [0]
    assert memory.known_responses(views(5, emitter=1)) == []
    assert memory.known_responses(views(5, emitter=2, start_s=60)) == []


def test_the_first_view_of_a_response_id_stays() -> None:
    memory = CallMemory(100)
    memory.add(calls(1, 1, emitter=1))
    memory.add(calls(1, 1, emitter=2))
    assert memory.known_responses(views(1, emitter=2)) == [0]
    assert memory.known_responses(views(1, emitter=1)) == []


@pytest.mark.parametrize("batch", [7, 100, 450])
def test_between_one_and_two_capacities_are_remembered_however_large_the_batches(batch: int) -> None:
    memory = CallMemory(100)
    for first in range(1, 1_000, batch):
        memory.add(calls(first, min(batch, 1_000 - first)))
        assert len(memory) <= 200
    assert len(memory.seen_spans(np.arange(900, 1_000, dtype=np.uint64))) == 100
    assert not len(memory.seen_spans(np.arange(1, 700, dtype=np.uint64)))
    assert memory.known_responses(views(999, emitter=2)) == [0]
