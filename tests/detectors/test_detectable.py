"""The smallest change that would be seen."""

import numpy as np
import pytest

from detectors.detectable import Visible, visible_rate
from detectors.rate_evidence import Guard, rate_baseline, rate_evidence
from detectors.shiryaev_roberts import ShiryaevRoberts

PATIENCE_S = 30 * 86_400.0
WEIGHTS = np.full(6, 1 / 6)


def visible(per_hour: float, tolerance: float = 0.25, share: float = 0.01, phi: float = 1.0) -> list[Visible]:
    calls, bad = np.array([0.0, 50_000.0]), np.array([0.0, 50_000.0 * share])
    baseline = rate_baseline(calls, bad, phi, 0.0, Guard(tolerance, 0.0))
    return visible_rate("error", baseline, calls, WEIGHTS, per_hour / 3600, PATIENCE_S)


def after(seen: Visible) -> float:
    return 1.0 if seen.after is None else seen.after


def test_more_time_shows_smaller_changes() -> None:
    hour, day, week = visible(1_000)
    assert 0.01 < after(week) < after(day) < after(hour) < 1
    assert "error 1.00% → " in day.text and day.text.endswith("within a day")


def test_more_traffic_shows_smaller_changes_and_noise_and_tolerance_larger_ones() -> None:
    plain = after(visible(1_000)[1])
    assert after(visible(10_000)[1]) < plain
    assert after(visible(1_000, phi=3.0)[1]) > plain
    assert after(visible(1_000, tolerance=0.5)[1]) > plain


def test_hardly_any_traffic_shows_nothing_within_an_hour() -> None:
    hour = visible(1)[0]
    assert hour.after is None and hour.text == "error: no change within an hour"


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_the_statistic_does_see_it_in_about_that_time(share: float) -> None:
    """The median of simulated statistics lies below the mean that was promised, and not far."""
    per_hour, block = 1_000, 50
    day = visible(per_hour, share=share)[1]
    baseline = rate_baseline(np.array([50_000.0]), np.array([50_000.0 * share]), 1.0, 0.0, Guard(0.25, 0.0))
    rng = np.random.default_rng(5)
    blocks = np.arange(1, 1 + 3 * 24 * per_hour // block)
    waits = []
    for _ in range(40):
        statistic = ShiryaevRoberts.start(1, 1, 6, 1)
        bad = rng.binomial(block, after(day), len(blocks)).astype(float)[:, None]
        evidence = rate_evidence(baseline, np.full_like(bad, block), bad)
        elapsed = np.array([block / per_hour * 3600 / PATIENCE_S])
        waits.append(len(blocks))
        for number, row in enumerate(evidence, 1):
            level = statistic.step(row[None, None], WEIGHTS[None, None], elapsed, 0.0, np.zeros((1, 1, 1)))
            if level[0, 0] >= 1:
                waits[-1] = number
                break
    hours = float(np.median(waits)) * block / per_hour
    assert 6 < hours < 26
