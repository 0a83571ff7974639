"""Values: scores centred under their own baseline, likelihood ratios that are fair bets, whatever the shape."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.alternatives import ALTERNATIVES, DOWN, TAIL, UP, is_down, is_tail, value_label, value_weights
from detectors.metrics import Direction
from detectors.rate_evidence import Guard
from detectors.value_baseline import ValueSums, locations, rebin, value_baseline
from detectors.value_evidence import BINS, ValueBaseline, bin_scores, bins_of, block_features, value_evidence

Floats = npt.NDArray[np.float64]
COORDINATES = np.zeros((1, 2))
SHAPES = ("lognormal", "pareto", "two kinds", "integers", "constant", "few values")


def logs_of(shape: str, rng: np.random.Generator, calls: int) -> Floats:
    """Logarithms of values of some shape."""
    body = rng.normal(0, 0.5, calls)
    of_shape: dict[str, Floats] = {
        "lognormal": body,
        "pareto": 0.2 * body + np.log1p(rng.pareto(2.5, calls)),
        "two kinds": body + 3 * (rng.random(calls) < 0.3),
        "integers": np.log(np.ceil(np.exp(body + 1))),
        "constant": np.full(calls, 0.7),
        "few values": np.log(rng.choice([1.0, 2.0, 5.0], calls)),
    }
    return of_shape[shape]


def learned(logs: Floats, guard: Guard) -> ValueBaseline:
    """A baseline of one stratum."""
    sums, stratum = ValueSums(), np.zeros(len(logs), np.int64)
    sums.add(logs, stratum, 1)
    sums.bins = rebin(logs, stratum, *locations(sums, COORDINATES))
    return value_baseline(sums, COORDINATES, guard)


def mean_ratio(baseline: ValueBaseline, logs: Floats) -> Floats:
    """[12] mean likelihood ratio of a single call among ``logs``: exact for the law that these calls are."""
    calls = len(logs)
    features, _ = block_features(baseline, logs, np.zeros(calls, np.int64), np.arange(calls), calls)
    ratio: Floats = np.exp(value_evidence(baseline, features)).mean(axis=0)
    return ratio


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("calls", [200, 2_000, 20_000])
def test_the_likelihood_ratio_of_a_call_is_at_most_one_on_average_under_its_own_baseline(
    shape: str, calls: int
) -> None:
    logs = logs_of(shape, np.random.default_rng(calls), calls)
    for guard in (Guard(errors=1.0), Guard(0.05, errors=1.0)):
        baseline = learned(logs, guard)
        # Alternatives the baseline cannot resolve have weight nought.
        assert (mean_ratio(baseline, logs)[baseline.resolved > 0] <= 1 + 1e-3).all()


@pytest.mark.parametrize("shape", ["lognormal", "pareto", "two kinds", "integers"])
def test_the_likelihood_ratio_stays_below_one_for_new_calls_of_the_same_law_and_within_the_tolerance(
    shape: str,
) -> None:
    rng = np.random.default_rng(5)
    baseline = learned(logs_of(shape, rng, 5_000), Guard(0.05, errors=2.0))
    fresh = logs_of(shape, rng, 200_000)
    resolved = baseline.resolved > 0
    assert (mean_ratio(baseline, fresh)[resolved] <= 1.01).all()
    # A shift by the whole tolerance is still the null, but for integers, where it is no shift at all.
    if shape != "integers":
        assert (mean_ratio(baseline, fresh + np.log(1.04))[UP][resolved[UP]] <= 1.02).all()


@pytest.mark.property
@given(st.lists(st.integers(0, 50), min_size=BINS, max_size=BINS))
def test_scores_rise_and_have_mean_nought_under_the_counts_they_are_made_from(counts: list[int]) -> None:
    seen = np.array(counts, float)
    scores = bin_scores(seen)
    assert np.isfinite(scores).all() and (np.diff(scores) >= -1e-9).all()
    if seen.sum():
        assert seen @ scores / seen.sum() == pytest.approx(0.0, abs=2 / (seen.sum() + 1))


@pytest.mark.parametrize("shape", ["lognormal", "pareto", "integers", "few values"])
def test_a_shift_speaks_for_shifts_its_own_way_and_a_tail_for_tails(shape: str) -> None:
    rng = np.random.default_rng(6)
    baseline = learned(logs_of(shape, rng, 5_000), Guard(0.05))
    block, stratum = np.zeros(2_000, np.int64), np.zeros(2_000, np.int64)

    def evidence(logs: Floats) -> Floats:
        found: Floats = value_evidence(baseline, block_features(baseline, logs, stratum, block, 1)[0])[0]
        return found

    fresh = logs_of(shape, rng, 2_000)
    same, slower, faster = (evidence(fresh + shift) for shift in (0.0, np.log(2), -np.log(2)))
    assert same.max() < 3
    assert slower[UP].max() > 10 > 0 > slower[DOWN].max()
    assert faster[DOWN].max() > 10 > 0 > faster[UP].max()
    if shape == "lognormal":
        longer = evidence(fresh + np.log(8) * (rng.random(2_000) < 0.03))
        assert longer[TAIL].max() > 10 and longer[TAIL].max() > longer[UP].max()


def test_calls_of_unknown_strata_count_nowhere() -> None:
    sums, rng = ValueSums(), np.random.default_rng(7)
    logs, stratum = rng.normal(size=1_010), np.repeat([1, 2], [1_000, 10])
    sums.add(logs, stratum, 3)
    coordinates = np.array([[0.0, 0.0], [5.0, 5.0], [6.0, 5.0]])
    sums.bins = rebin(logs, stratum, *locations(sums, coordinates))
    baseline = value_baseline(sums, coordinates, Guard())
    assert baseline.known.tolist() == [0, 1, 0]
    features, scores = block_features(baseline, np.full(5, 9.0), np.full(5, 2), np.zeros(5, np.int64), 1)
    assert not features.any() and not scores.any()
    assert not value_evidence(baseline, features).any()


@pytest.mark.property
@given(st.floats(-1e9, 1e9))
def test_every_residual_has_a_bin(residual: float) -> None:
    assert 0 <= bins_of(np.array([residual]))[0] < BINS


def test_weights_sum_to_one_over_what_is_wanted_and_resolved() -> None:
    every = np.ones(ALTERNATIVES)
    for direction in Direction:
        assert value_weights(direction, every).sum() == pytest.approx(1)
    both = value_weights(Direction.BOTH, every)
    assert both[DOWN].sum() == pytest.approx(0.5)
    assert not value_weights(Direction.UP, every)[DOWN].any()
    assert not value_weights(Direction.UP, np.zeros(ALTERNATIVES)).any()
    labels = [value_label(position) for position in range(ALTERNATIVES)]
    assert len(set(labels)) == ALTERNATIVES
    assert [label.startswith("tail") for label in labels] == [is_tail(p) for p in range(ALTERNATIVES)]
    assert ["-" in label for label in labels] == [is_down(p) for p in range(ALTERNATIVES)]
