from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import any_value
from tests.collector.otlp import any_value as write
from watchkeeper.errors import BadMessage

VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False),
        st.text(max_size=300),
    ),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)


def column(*values: bytes) -> pa.Array:
    return pa.array(values, pa.binary())


@pytest.mark.property
@given(VALUES)
def test_decoding_gives_back_what_was_written(value: Any) -> None:
    assert any_value.decode(write(value).SerializeToString()) == value


@pytest.mark.property
@given(
    st.lists(st.one_of(st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False)))
)
def test_numbers_of_a_column_equal_the_single_values(values: list[Any]) -> None:
    numbers = any_value.numbers(column(*(write(value).SerializeToString() for value in values)))
    assert numbers.tolist() == [float(value) for value in values]


@pytest.mark.property
@given(st.binary(max_size=40))
def test_any_bytes_are_either_read_or_refused(body: bytes) -> None:
    try:
        any_value.decode(body)
    except BadMessage:
        return
    any_value.numbers(column(body))


def test_numeric_strings_count_and_words_do_not() -> None:
    numbers = any_value.numbers(column(*(write(v).SerializeToString() for v in ("17", "1.5", "many", "nan", ""))))
    np.testing.assert_array_equal(numbers, [17.0, 1.5, np.nan, np.nan, np.nan])


def test_an_infinite_number_is_none() -> None:
    assert np.isnan(any_value.numbers(column(write(float("inf")).SerializeToString()))).all()


def test_broken_utf8_is_kept_readable() -> None:
    assert any_value.decode(b"\x0a\x02\xff\xfe") == "��"
