"""RateSR and ScoreSR keep river's contract of drift detectors, and batches are the same as single updates."""

import copy
import pickle

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river.base import BinaryDriftDetector, DriftDetector

from detectors.rate_sr import RateSR
from detectors.score_sr import ScoreSR

Floats = npt.NDArray[np.float64]


def one_by_one(detector: RateSR | ScoreSR, values: Floats) -> int | None:
    """Position of the first alarm."""
    for position, value in enumerate(values.tolist()):
        if isinstance(detector, RateSR):
            detector.update(bool(value))
        else:
            detector.update(value)
        if detector.drift_detected:
            return position
    return None


def many(detector: RateSR | ScoreSR, values: Floats, cuts: list[int]) -> int | None:
    """The same, in batches."""
    edges = sorted({0, len(values), *(cut for cut in cuts if cut < len(values))})
    for begin, end in zip(edges, edges[1:], strict=False):
        found = detector.update_many(values[begin:end])
        if found is not None:
            assert detector.drift_detected
            return begin + found
    return None


def errors(seed: int, before: float, after: float, calls: int = 3_000) -> Floats:
    """Bad calls, more of them from the middle on."""
    rng = np.random.default_rng(seed)
    return (rng.random(calls) < np.where(np.arange(calls) < calls // 2, before, after)).astype(float)


def seconds(seed: int, factor: float, calls: int = 4_000) -> Floats:
    """Latencies, longer by ``factor`` from the middle on."""
    rng = np.random.default_rng(seed)
    return rng.lognormal(0.7, 0.6, calls) * np.where(np.arange(calls) < calls // 2, 1.0, factor)


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9), st.sampled_from([0.02, 0.2]), st.lists(st.integers(1, 2_999), max_size=8))
def test_rates_in_batches_are_rates_one_by_one(seed: int, after: float, cuts: list[int]) -> None:
    values = errors(seed, 0.02, after)
    single, batched = (RateSR(patience=1e5, learn=1_000) for _ in range(2))
    assert many(batched, values, cuts) == one_by_one(single, values)
    assert batched.statistic == pytest.approx(single.statistic, rel=1e-9) and batched.hypothesis == single.hypothesis


@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9), st.sampled_from([1.0, 1.5]), st.lists(st.integers(1, 3_999), max_size=8))
def test_values_in_batches_are_values_one_by_one(seed: int, factor: float, cuts: list[int]) -> None:
    values = seconds(seed, factor)
    single, batched = (ScoreSR(patience=1e5, learn=1_500) for _ in range(2))
    assert many(batched, values, cuts) == one_by_one(single, values)
    assert batched.statistic == pytest.approx(single.statistic, rel=1e-9) and batched.hypothesis == single.hypothesis


@pytest.mark.parametrize("detector", [RateSR(learn=500), RateSR(p0=0.1), ScoreSR(learn=500, direction="both")])
def test_detectors_are_river_detectors_that_clone_copy_and_pickle(detector: RateSR | ScoreSR) -> None:
    kind = BinaryDriftDetector if isinstance(detector, RateSR) else DriftDetector
    assert isinstance(detector, kind) and not detector.drift_detected
    fresh = detector.clone()
    assert type(fresh) is type(detector) and str(fresh) == str(detector)
    values = errors(1, 0.1, 0.1, 1_200) + (0 if isinstance(detector, RateSR) else 1)
    assert one_by_one(fresh, values[:700]) is None
    others = [copy.deepcopy(fresh), pickle.loads(pickle.dumps(fresh))]
    assert one_by_one(fresh, values[700:]) is None
    for other in others:
        one_by_one(other, values[700:])
        assert other.statistic == fresh.statistic
    assert detector.clone().statistic == 0


def test_changes_are_found_named_and_tested_anew_afterwards() -> None:
    rates, scores = RateSR(patience=1e6, p0=0.02), ScoreSR(patience=1e6, learn=2_000)
    found = one_by_one(rates, errors(2, 0.02, 0.15))
    assert found is not None and 1_500 <= found < 1_800 and rates.hypothesis.startswith("odds ×")
    assert rates.statistic == 0
    rates.update(False)
    assert not rates.drift_detected
    found = one_by_one(scores, seconds(3, 1.5))
    assert found is not None and 2_000 <= found < 2_400 and scores.hypothesis.startswith("everything +")


@pytest.mark.parametrize(("direction", "alarms"), [("up", False), ("down", True), ("both", True)])
def test_a_fall_is_found_where_it_is_asked_for(direction: str, alarms: bool) -> None:
    detector = ScoreSR(patience=1e6, learn=2_000, direction=direction)
    assert (one_by_one(detector, seconds(4, 0.5)) is not None) is alarms


def test_stable_streams_alarm_less_often_than_the_patience_says() -> None:
    alarms = 0
    for seed in range(20):
        alarms += many(RateSR(patience=20_000, p0=0.05), errors(seed, 0.05, 0.05, 20_000), []) is not None
    assert alarms <= 20
    quiet = [many(ScoreSR(patience=1e6), seconds(seed, 1.0, 20_000), []) for seed in range(20)]
    assert sum(found is not None for found in quiet) <= 2
