"""Quantiles of times in bins of equal ratio, against the times themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.log_histogram import BASE, Counts, below, bin_of, quantiles


def histogram(us: Counts) -> Counts:
    bins = np.array([bin_of(one) for one in us])
    return np.bincount(bins).astype(np.float64)[None, :]


@pytest.mark.parametrize("calls", [200, 20_000])
def test_quantiles_of_spread_times_are_right_to_about_two_percent(calls: int) -> None:
    us = np.random.default_rng(3).lognormal(14, 0.6, calls)
    (found,) = quantiles(histogram(us), (0.5, 0.95))
    assert found == pytest.approx(np.quantile(us, [0.5, 0.95]), rel=0.02)


@given(st.lists(st.floats(1, 1e10), min_size=1, max_size=60), st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_never_off_by_more_than_a_bin(us: list[float], level: float) -> None:
    ((found,),) = quantiles(histogram(np.array(us)), (level,))
    true = float(np.quantile(us, level, method="inverted_cdf"))
    assert found is not None and true / (BASE * 1.001) <= found <= true * BASE * 1.001


def test_rows_without_times_have_no_quantiles() -> None:
    assert quantiles(np.zeros((2, 5)), (0.5, 0.9)) == [[None, None], [None, None]]
    assert quantiles(np.zeros((1, 0)), (0.5,)) == [[None]]


def test_calls_below_a_limit_are_counted_to_a_bin() -> None:
    us = np.array([100_000.0] * 7 + [470_000.0] + [900_000.0] * 2)
    assert below(histogram(us), 500_000.0).tolist() == [8]
    assert below(histogram(us), 2_000_000.0).tolist() == [10]
    assert below(histogram(us), 1.0).tolist() == [0]
