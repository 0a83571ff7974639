"""The recursion against its definition: a sum over all starting points."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.shiryaev_roberts import ALARM, ShiryaevRoberts

Floats = npt.NDArray[np.float64]
CAP = 3.0
evidences = st.lists(st.floats(-4, 6), min_size=1, max_size=30)


def one_metric(evidence: list[float], arrivals: list[float], features: list[float]) -> ShiryaevRoberts:
    """Statistics after blocks with one alternative; block ``b`` begins at ``10 b``."""
    statistics = ShiryaevRoberts.start(1, 1, 1, 1)
    for b, (log_ratio, arrival, feature) in enumerate(zip(evidence, arrivals, features, strict=True)):
        statistics.step(
            np.array([[[log_ratio]]]), np.ones((1, 1, 1)), np.array([arrival]), 10.0 * b, np.array([[[feature]]]), CAP
        )
    return statistics


def masses(evidence: list[float], arrivals: list[float]) -> Floats:
    """[n] of each starting point: its arrival times the capped likelihood ratios from there on."""
    capped = np.minimum(evidence, CAP)
    onward = np.cumsum(capped[::-1])[::-1]
    mass: Floats = np.array(arrivals) * np.exp(onward)
    return mass


@pytest.mark.property
@given(st.lists(st.tuples(st.floats(-4, 6), st.floats(1e-6, 1e-3), st.floats(0, 9)), min_size=1, max_size=30))
def test_statistic_onset_spread_and_sums_equal_the_sums_over_starting_points(
    blocks: list[tuple[float, float, float]],
) -> None:
    evidence, arrivals, features = (list(column) for column in zip(*blocks, strict=True))
    found = one_metric(evidence, arrivals, features)
    mass = masses(evidence, arrivals)
    posterior = mass / mass.sum()
    begins = 10.0 * np.arange(len(mass))
    onset = float(posterior @ begins)
    since = np.cumsum(np.array(features)[::-1])[::-1]
    assert found.statistic[0, 0, 0] == pytest.approx(mass.sum(), rel=1e-9)
    assert found.onset[0, 0] == pytest.approx(onset, rel=1e-7, abs=1e-6)
    assert found.spread[0, 0] == pytest.approx(float(posterior @ (begins - onset) ** 2), rel=1e-6, abs=1e-5)
    assert found.sums[0, 0, 0] == pytest.approx(float(posterior @ since), rel=1e-7, abs=1e-7)


@pytest.mark.property
@given(evidences)
def test_the_level_is_the_weighted_mean_and_metrics_do_not_touch_each_other(evidence: list[float]) -> None:
    both = ShiryaevRoberts.start(1, 2, 2, 1)
    weight = np.array([[[0.25, 0.75], [0.0, 0.0]]])
    level = np.zeros((1, 2))
    for log_ratio in evidence:
        ratios = np.array([[[log_ratio, -log_ratio], [9.0, 9.0]]])
        level = both.step(ratios, weight, np.array([0.01, 0.01]), 0.0, np.zeros((1, 2, 1)), CAP)
    assert level[0, 0] == pytest.approx(float(weight[0, 0] @ both.statistic[0, 0]))
    assert level[0, 1] == 0 and not both.statistic[0, 1].any()


def test_independent_calls_alarm_less_often_than_once_in_the_patience() -> None:
    rng = np.random.default_rng(1)
    streams, blocks, patience = 400, 500, 500.0
    p, odds = 0.2, 3.0
    share = odds * p / (1 - p + odds * p)
    statistics = ShiryaevRoberts.start(1, streams, 1, 1)
    alarms, arrival = 0, np.full(streams, 1 / patience)
    for _ in range(blocks):
        bad = rng.binomial(10, p, streams)
        ratio = bad * np.log(share / p) + (10 - bad) * np.log((1 - share) / (1 - p))
        level = statistics.step(
            ratio[None, :, None], np.ones((1, streams, 1)), arrival, 0.0, np.zeros((1, streams, 1)), CAP
        )
        for stream in np.flatnonzero(level[0] >= ALARM).tolist():
            statistics.reset(stream, 0.0)
            alarms += 1
    assert 0 < alarms <= streams * blocks / patience


def test_a_reset_forgets_one_metric_only_and_a_state_restores_all_bits() -> None:
    statistics = ShiryaevRoberts.start(2, 2, 3, 2)
    rng = np.random.default_rng(2)
    for block in range(5):
        statistics.step(
            rng.normal(size=(2, 2, 3)),
            np.full((2, 2, 3), 1 / 3),
            np.full(2, 0.01),
            float(block),
            rng.random((2, 2, 2)),
        )
    again = ShiryaevRoberts.restore(statistics.state())
    assert all(np.array_equal(getattr(again, name), getattr(statistics, name)) for name in ShiryaevRoberts.__slots__)
    again.reset(0, 7.0)
    assert not again.statistic[:, 0].any() and (again.onset[:, 0] == 7.0).all()
    assert np.array_equal(again.statistic[:, 1], statistics.statistic[:, 1])
