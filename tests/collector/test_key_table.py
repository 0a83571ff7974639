import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.key_table import KeyTable

KEYS = st.lists(st.integers(0, 40) | st.integers(0, 2**64 - 1), max_size=30)


@pytest.mark.property
@given(st.lists(KEYS, max_size=6), KEYS)
def test_it_finds_what_was_added_and_nothing_else(batches: list[list[int]], asked: list[int]) -> None:
    table, added = KeyTable(200), set[int]()
    for batch in batches:
        slots, fresh = table.add(np.array(batch, np.uint64))
        assert [key not in added for key in batch] == fresh.tolist()
        assert table.find(np.array(batch, np.uint64)).tolist() == slots.tolist()
        added |= set(batch)
    slots = table.find(np.array(asked, np.uint64))
    assert [key in added for key in asked] == (slots >= 0).tolist()


def test_equal_keys_share_a_slot_and_different_ones_do_not() -> None:
    table = KeyTable(4)
    slots, _ = table.add(np.array([5, 5 + table.size, 5, 5 + 2 * table.size], np.uint64))
    assert slots[0] == slots[2]
    assert len(set(slots.tolist())) == 3


def test_a_table_filled_to_its_capacity_still_answers() -> None:
    table = KeyTable(1_000)
    table.add(np.arange(1_000, dtype=np.uint64))
    assert (table.find(np.arange(1_000, dtype=np.uint64)) >= 0).all()
    assert (table.find(np.arange(1_000, 2_000, dtype=np.uint64)) < 0).all()


def test_a_cleared_table_is_empty() -> None:
    table = KeyTable(10)
    table.add(np.array([0, 7], np.uint64))
    table.clear()
    assert table.count == 0
    assert (table.find(np.array([0, 7], np.uint64)) < 0).all()
    assert table.add(np.array([7], np.uint64))[1].tolist() == [True]
