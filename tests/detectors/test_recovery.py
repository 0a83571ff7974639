"""Recovery: the reverse test of each kind of change."""

import numpy as np
import numpy.typing as npt
import pytest

from detectors.alternatives import DOWN, TAIL, UP
from detectors.metrics import METRICS, RATES
from detectors.recovery import recovery_evidence
from detectors.shiryaev_roberts import CAP

Floats = npt.NDArray[np.float64]
ERROR, LATENCY = 0, len(RATES)


def rate(calls: float, bad: float, expected: float) -> Floats:
    return np.array([calls, bad, expected, 0, 0, 0], float)


def value(calls: float, shift: float, beyond_99: float = 0.0) -> Floats:
    """Calls of scale 0.5 that lie ``shift`` above the baseline."""
    precision = calls / 0.25
    return np.array([calls, shift * precision, precision, 0.05 * calls, beyond_99, 0], float)


def test_a_rate_speaks_for_recovery_when_it_is_back_and_against_while_it_is_not() -> None:
    since = tuple(rate(500, 30, 5).tolist())
    back, still = (recovery_evidence(ERROR, 2, since, rate(200, bad, 2), 1.0) for bad in (2, 12))
    assert 0 < back <= CAP and -CAP <= still < 0
    assert recovery_evidence(ERROR, 2, since, rate(0, 0, 0), 1.0) == 0


def test_where_there_was_never_an_error_a_block_without_one_is_weak_evidence_and_with_some_strong() -> None:
    since = tuple(rate(300, 15, 0.01).tolist())
    without, some = (recovery_evidence(ERROR, 3, since, rate(50, bad, 0.001), 1.0) for bad in (0, 4))
    assert 0 < without < CAP and some < -2


@pytest.mark.parametrize(("shift", "alternative"), [(0.3, UP.start), (-0.3, DOWN.start)])
def test_a_shift_is_over_when_values_are_back_whichever_way_they_went(shift: float, alternative: int) -> None:
    since = tuple(value(500, shift).tolist())
    back, still = (recovery_evidence(LATENCY, alternative, since, value(60, x), 1.0) for x in (0.0, shift))
    assert back > 0 > still


def test_a_tail_is_over_when_few_calls_lie_beyond_the_former_percentile() -> None:
    since = tuple(value(1_000, 0.0, 40).tolist())
    back, still = (recovery_evidence(LATENCY, TAIL.start, since, value(200, 0.0, beyond), 1.0) for beyond in (2, 8))
    assert back > 0 > still


def test_dispersion_weakens_the_evidence() -> None:
    since = tuple(rate(500, 30, 5).tolist())
    block = rate(100, 1, 1)
    assert recovery_evidence(ERROR, 2, since, block, 4.0) == pytest.approx(
        recovery_evidence(ERROR, 2, since, block, 1.0) / 4
    )
    assert len(METRICS) > LATENCY
