"""Recovery: the reverse test of each kind of change."""

import numpy as np
import numpy.typing as npt
import pytest

from detectors.alternatives import DOWN, TAIL, UP
from detectors.recovery import recovery_evidence, score_recovery
from detectors.shiryaev_roberts import CAP

Floats = npt.NDArray[np.float64]


def rate(calls: float, bad: float, expected: float) -> Floats:
    return np.array([calls, bad, expected, 0, 0, 0], float)


def value(calls: float, shift: float, beyond_99: float = 0.0) -> Floats:
    """Calls of scale 0.5 that lie ``shift`` above the baseline."""
    precision = calls / 0.25
    return np.array([calls, shift * precision, precision, 0.05 * calls, beyond_99, 0], float)


def test_a_rate_speaks_for_recovery_when_it_is_back_and_against_while_it_is_not() -> None:
    since = tuple(rate(500, 30, 5).tolist())
    back, still = (recovery_evidence(None, since, rate(200, bad, 2), 1.0) for bad in (2, 12))
    assert 0 < back <= CAP and -CAP <= still < 0
    assert recovery_evidence(None, since, rate(0, 0, 0), 1.0) == 0


def test_where_there_was_never_an_error_a_block_without_one_is_weak_evidence_and_with_some_strong() -> None:
    since = tuple(rate(300, 15, 0.01).tolist())
    without, some = (recovery_evidence(None, since, rate(50, bad, 0.001), 1.0) for bad in (0, 4))
    assert 0 < without < CAP and some < -2


@pytest.mark.parametrize(("shift", "alternative"), [(0.3, UP.start), (-0.3, DOWN.start)])
def test_a_shift_is_over_when_values_are_back_whichever_way_they_went(shift: float, alternative: int) -> None:
    since = tuple(value(500, shift).tolist())
    back, still = (recovery_evidence(alternative, since, value(60, x), 1.0) for x in (0.0, shift))
    assert back > 0 > still


def test_a_tail_is_over_when_few_calls_lie_beyond_the_former_percentile() -> None:
    since = tuple(value(1_000, 0.0, 40).tolist())
    back, still = (recovery_evidence(TAIL.start, since, value(200, 0.0, beyond), 1.0) for beyond in (2, 8))
    assert back > 0 > still


def test_dispersion_weakens_the_evidence() -> None:
    since = tuple(rate(500, 30, 5).tolist())
    block = rate(100, 1, 1)
    assert recovery_evidence(None, since, block, 4.0) == pytest.approx(recovery_evidence(None, since, block, 1.0) / 4)


def scores(calls: float, share: float, usual: float, varied: float = 1.0) -> Floats:
    """Scores at ``share`` of their range where ``usual`` was expected, that vary so much of what 0 and 1 would."""
    return np.array([calls, calls * (share - usual), calls * usual, calls * usual * (1 - usual) * varied, 0, 0])


@pytest.mark.parametrize(("usual", "then"), [(0.9, 0.75), (0.1, 0.3), (1.0, 0.8), (0.5, 0.01)])
def test_scores_are_over_when_they_are_back_whichever_way_they_went(usual: float, then: float) -> None:
    since = tuple(scores(300, then, usual).tolist())
    back, still = (score_recovery(since, scores(40, share, usual), 1.0) for share in (usual, then))
    assert back > 0 > still


def test_scores_that_vary_little_say_more_and_dispersed_ones_less() -> None:
    plain, narrow = (
        score_recovery(tuple(scores(300, 0.7, 0.8, varied).tolist()), scores(20, 0.8, 0.8, varied), 1.0)
        for varied in (1.0, 0.1)
    )
    assert 0 < 2 * plain < narrow <= CAP
    since = tuple(scores(300, 0.7, 0.8).tolist())
    assert score_recovery(since, scores(20, 0.8, 0.8), 4.0) == pytest.approx(plain / 4)


def test_a_change_that_was_taken_for_larger_than_it_is_is_not_over() -> None:
    since = tuple(scores(60, 0.58, 0.9).tolist())
    assert score_recovery(since, scores(100, 0.75, 0.9), 1.0) < 0
