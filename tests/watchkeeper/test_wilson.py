"""Wilson's interval against SciPy's, and at its edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from watchkeeper.wilson import wilson


@pytest.mark.property
@given(st.integers(1, 5_000), st.floats(0, 1))
def test_it_is_wilsons_interval(calls: int, share: float) -> None:
    count = int(calls * share)
    wanted = binomtest(count, calls).proportion_ci(0.95, "wilson")
    assert wilson(count, calls) == pytest.approx((wanted.low, wanted.high), abs=1e-4)


def test_no_calls_say_nothing_and_more_errors_are_wider() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(5, 100, 1.0)[1] < wilson(5, 100)[1] < wilson(5, 100, 3.0)[1]
    assert wilson(0, 50)[0] == 0 and wilson(50, 50)[1] == 1
