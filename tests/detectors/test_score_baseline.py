"""Baselines of scores: one test for thumbs, stars and fractions."""

import numpy as np
import numpy.typing as npt
import pytest

from detectors.alternatives import DOWN, UP
from detectors.rate_evidence import Guard
from detectors.score_baseline import BINS, Grid, ScoreSums, score_baseline, score_label, score_laws, tilted

Floats = npt.NDArray[np.float64]
PLAIN = Guard(0.1, 0.0, 1.0)
LAWS: dict[str, Floats] = {
    "thumbs": np.repeat([0.0, 1.0], [100, 900]),
    "rarely bad": np.repeat([0.0, 1.0], [20, 980]),
    "stars": np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], [40, 30, 80, 250, 600]),
    "uniform": np.linspace(0, 1, 1_000),
    "percent": np.linspace(20, 90, 1_000),
}


def learned(scores: Floats, strata: int = 2) -> tuple[ScoreSums, Grid]:
    sums, grid = ScoreSums(), Grid.of(scores)
    sums.add(grid.bins(scores), np.full(len(scores), strata - 1), strata)
    return sums, grid


@pytest.mark.parametrize(
    ("scores", "low", "high"),
    [
        ([0, 1, 1], 0, 1),
        ([1, 1], 0, 1),
        ([-1, 1], -1, 1),
        ([2, 5], 1, 5),
        ([7, 9], 0, 10),
        ([40, 80], 0, 100),
        ([200, 400], 100, 500),
        ([-300, -300], -450, -150),
    ],
    ids=str,
)
def test_the_range_is_a_usual_one_where_one_fits(scores: list[float], low: float, high: float) -> None:
    grid = Grid.of(np.array(scores, float))
    assert (grid.low, grid.high) == (low, high)
    assert grid.bins(np.array([low - 9, low, high, high + 9])).tolist() == [0, 0, BINS - 1, BINS - 1]


def test_stars_and_tenths_have_places_of_their_own() -> None:
    grid = Grid(1.0, 5.0)
    stars = np.arange(1.0, 6.0)
    assert grid.places[grid.bins(stars)] == pytest.approx(stars)
    assert len(set(Grid(0.0, 1.0).bins(np.linspace(0, 1, 11)).tolist())) == 11


@pytest.mark.parametrize("law", LAWS)
def test_the_ratio_is_one_at_most_on_average_while_nothing_has_changed(law: str) -> None:
    sums, grid = learned(LAWS[law])
    baseline = score_baseline(sums, grid, PLAIN)
    usual = score_laws(sums.counts)[1]
    for slots, way in ((UP, 1.0), (DOWN, -1.0)):
        ratio = np.exp(baseline.evidence[1][:, slots])
        assert (usual @ ratio <= 1).all()
        z = way * (grid.places - baseline.mean[1]) / baseline.scale[1]
        assert (tilted(usual, z, float(baseline.allowed[1])) @ ratio <= 1).all()


@pytest.mark.parametrize("law", LAWS)
def test_a_fall_speaks_for_a_fall_and_against_a_rise(law: str) -> None:
    sums, grid = learned(LAWS[law])
    baseline = score_baseline(sums, grid, PLAIN)
    fallen = tilted(score_laws(sums.counts)[1], -(grid.places - baseline.mean[1]) / baseline.scale[1], 0.5)
    growth = fallen @ baseline.evidence[1]
    assert growth[DOWN].max() > 0.01 and growth[UP].max() < 0


def test_for_zero_and_one_the_ratio_is_that_of_the_odds() -> None:
    sums, grid = learned(LAWS["thumbs"])
    evidence = score_baseline(sums, grid, Guard(0.0, 0.0, 0.0)).evidence[1]
    bad, good = np.exp(evidence[0, DOWN]), np.exp(evidence[-1, DOWN])
    assert 0.1 * bad + 0.9 * good == pytest.approx(1.0, abs=1e-3)
    assert (np.diff(bad / good) > 0).all() and bad[0] > 1 > good[0]


def test_a_tolerance_is_a_tenth_of_a_deviation_or_a_quarter_of_what_is_amiss() -> None:
    wide, narrow = (score_baseline(*learned(LAWS[law]), PLAIN) for law in ("uniform", "rarely bad"))
    assert wide.allowed[1] == pytest.approx(0.1)
    assert narrow.allowed[1] * narrow.scale[1] == pytest.approx(0.25 * (1 - narrow.mean[1]), rel=0.01)


def test_one_rare_score_is_no_change() -> None:
    evidence = score_baseline(*learned(np.full(2_000, 1.0)), PLAIN).evidence[1]
    assert 0 < evidence[0, DOWN].max() < np.log(30)


def test_an_unknown_stratum_gives_no_evidence() -> None:
    baseline = score_baseline(*learned(LAWS["thumbs"]), PLAIN)
    assert baseline.known.tolist() == [0, 1] and not baseline.evidence[0].any()


@pytest.mark.parametrize(("score", "slots"), [(0.0, DOWN), (1.0, UP)], ids=["all bad", "all good"])
def test_what_is_at_its_end_cannot_go_further(score: float, slots: slice) -> None:
    baseline = score_baseline(*learned(np.full(2_000, score)), PLAIN)
    assert not baseline.resolved[slots].any() and baseline.resolved.any()


def test_the_fewer_scores_were_learned_the_less_a_fall_says() -> None:
    few, many = (score_baseline(*learned(np.tile([0.0, 1.0], n)), PLAIN).evidence[1][0, DOWN] for n in (100, 5_000))
    assert (few < many).all()


@pytest.mark.parametrize("by", [0.01, 0.3, 1.0, 50.0])
@pytest.mark.parametrize("law", LAWS)
def test_a_law_is_tilted_to_the_mean_that_is_asked_for_as_far_as_there_is_room(law: str, by: float) -> None:
    sums, grid = learned(LAWS[law])
    usual = score_laws(sums.counts)[1]
    mean = usual @ grid.places
    z = (grid.places - mean) / np.sqrt(usual @ grid.places**2 - mean**2)
    assert tilted(usual, z, by) @ z == pytest.approx(min(by, z.max() / 2), abs=1e-6)


def test_alternatives_have_names() -> None:
    assert score_label(DOWN.start) == "falls a little" and score_label(UP.start + 3) == "rises very strongly"
