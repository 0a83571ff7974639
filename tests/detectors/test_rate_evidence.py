"""Rates: likelihood ratios that are fair bets under the baseline, baselines that are careful where little is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from detectors.alternatives import ODDS
from detectors.rate_evidence import Guard, RateBaseline, rate_baseline, rate_evidence


@pytest.mark.property
@given(st.floats(0.0005, 0.9), st.integers(1, 60), st.floats(0.1, 1.0))
def test_the_likelihood_ratio_of_a_block_is_one_on_average_at_the_null_and_less_below(
    null: float, calls: int, better: float
) -> None:
    baseline = RateBaseline(np.array([null]), np.array([null]), np.ones(1), 1e4, 1.0)
    counts = np.arange(calls + 1)
    ratio = np.exp(rate_evidence(baseline, np.full((calls + 1, 1), float(calls)), counts[:, None].astype(float)))
    assert binom.pmf(counts, calls, null) @ ratio == pytest.approx(np.ones(len(ODDS)), rel=1e-9)
    assert (binom.pmf(counts, calls, null * better) @ ratio <= 1 + 1e-9).all()


def test_strata_of_other_shares_are_judged_each_by_its_own() -> None:
    baseline = RateBaseline(np.array([0.01, 0.3]), np.array([0.01, 0.3]), np.ones(2), 1e4, 1.0)
    calls = np.array([[50.0, 10.0], [10.0, 50.0]])
    as_expected = rate_evidence(baseline, calls, calls * baseline.null)
    assert (as_expected < 0).all()
    other_mix = rate_evidence(baseline, calls[1:], np.array([[0.0, 15.0]]))
    pooled = RateBaseline(np.array([0.06]), np.array([0.06]), np.ones(1), 1e4, 1.0)
    assert other_mix.max() < 0 < rate_evidence(pooled, np.array([[60.0]]), np.array([[15.0]])).max()


def test_calls_of_a_stratum_that_is_not_known_say_nothing() -> None:
    baseline = rate_baseline(np.array([1000.0, 5.0]), np.array([10.0, 0.0]), 1.0, 0.0, Guard())
    assert baseline.known.tolist() == [1, 0]
    assert not rate_evidence(baseline, np.array([[0.0, 50.0]]), np.array([[0.0, 50.0]])).any()


@pytest.mark.property
@given(st.integers(30, 5000), st.floats(0, 0.5), st.integers(1, 5), st.floats(1, 4), st.floats(0, 1))
def test_the_null_is_never_below_the_share_and_grows_with_every_guard(
    calls: int, share: float, strata: int, phi: float, tolerance: float
) -> None:
    counts = np.full(strata, float(calls))
    bad = np.floor(counts * share)
    plain = rate_baseline(counts, bad, phi, 0.0, Guard(errors=1.0))
    tolerant = rate_baseline(counts, bad, phi, 0.0, Guard(tolerance, 0.002, 1.0))
    careful = rate_baseline(counts, bad, phi, 0.01, Guard(0.0, 0.0, 3.0))
    assert (plain.null >= np.minimum(plain.share, 0.98)).all()
    assert (tolerant.null >= plain.null).all() and (careful.null >= plain.null).all()
    assert plain.share @ counts == pytest.approx(bad.sum() + 0.5, rel=0.2, abs=0.6)


def test_no_bad_call_among_few_proves_little_and_among_many_much() -> None:
    guard = Guard(errors=3.0)
    few, many = (rate_baseline(np.array([n]), np.zeros(1), 1.0, 0.0, guard).null[0] for n in (200.0, 200_000.0))
    # Three standard errors either way: 2 % bad calls would show none of 200 once in sixty times.
    assert few > 0.02 and many < 1e-4


def test_a_baseline_that_cannot_get_worse_is_not_testable() -> None:
    assert not rate_baseline(np.array([500.0]), np.array([500.0]), 1.0, 0.0, Guard(0.25)).testable
    assert rate_baseline(np.array([500.0]), np.array([100.0]), 1.0, 0.0, Guard(0.25)).testable
    assert not rate_baseline(np.array([10.0]), np.array([1.0]), 1.0, 0.0, Guard()).testable
