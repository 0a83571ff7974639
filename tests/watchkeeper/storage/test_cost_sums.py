"""Sums of whole numbers by group, against dictionaries."""

from collections import Counter
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.storage.cost_sums import fold, grouped, whole

ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b", ""]), st.integers(0, 3), st.integers(-(2**61), 2**61) | st.just(0)),
    max_size=12,
)


@pytest.mark.property
@settings(deadline=None)
@given(ROWS)
def test_groups_are_added_up_exactly(rows: list[tuple[str, int, int]]) -> None:
    keys = {"word": pa.array([row[0] for row in rows], pa.string())}
    keys["number"] = pa.array([row[1] for row in rows], pa.int64())
    small = [row[2] >> 4 for row in rows]
    sums = fold(keys, {"n": np.array(small, np.int64)})
    truth: Counter[tuple[str, int]] = Counter()
    for (word, number, _), value in zip(rows, small, strict=True):
        truth[word, number] += value
    found = zip(sums.keys["word"].to_pylist(), sums.keys["number"].to_pylist(), strict=True)
    assert dict(zip(found, sums["n"].tolist(), strict=True)) == dict(truth)
    assert sums.totals() == {"n": sum(small)}


def test_keys_of_more_combinations_than_fit_64_bits_stay_apart() -> None:
    many = [pa.array(np.random.default_rng(seed).permutation(5_000)) for seed in range(6)]
    place, first = grouped(many)
    assert sorted(place.tolist()) == list(range(5_000)) and len(first) == 5_000


def test_columns_become_whole_numbers() -> None:
    money = pa.array([Decimal("-1.5"), Decimal("0.000000001"), Decimal(9_000_000_000)], pa.decimal128(38, 9))
    assert whole(pa.chunked_array([money[1:]])).tolist() == [1, 9_000_000_000_000_000_000]
    assert whole(pa.chunked_array([money[:1]])).tolist() == [-1_500_000_000]
    # What a repricing moved below zero has wrapped round.
    assert whole(pa.chunked_array([pa.array([2**64 - 3, 4], pa.uint64())])).tolist() == [-3, 4]
    assert whole(pa.chunked_array([pa.array([True, False])])).tolist() == [1, 0]
    with pytest.raises(ValueError, match="nine places"):
        whole(pa.chunked_array([pa.array([Decimal("1.5")], pa.decimal128(38, 2))]))
