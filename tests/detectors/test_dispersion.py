"""Dispersion: one for independent calls, more for bursts and wandering load, whatever the expectation was."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.dispersion import Dispersion

Floats = npt.NDArray[np.float64]
BLOCKS, CALLS = 400, 50


def of(bad: Floats, share: float) -> Dispersion:
    """Blocks of 50 calls with so many ``bad``, judged by ``share``."""
    found = Dispersion()
    found.add(bad - CALLS * share, np.full(len(bad), CALLS * share * (1 - share)))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_independent_calls_have_dispersion_one_and_nothing_in_common(seed: int) -> None:
    found = of(np.random.default_rng(seed).binomial(CALLS, 0.05, BLOCKS).astype(float), 0.05)
    assert 1.0 <= found.phi < 1.3
    assert found.between < 0.1


@pytest.mark.parametrize("seed", range(5))
def test_bursts_have_more(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bad = rng.binomial(CALLS, np.where(rng.random(BLOCKS) < 0.1, 0.4, 0.01)).astype(float)
    assert of(bad, float(bad.mean()) / CALLS).phi > 3


@pytest.mark.parametrize("seed", range(5))
def test_load_that_wanders_is_shared_by_neighbours(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wander = 0.2 * np.sin(np.arange(BLOCKS) / 15)
    scores = rng.normal(size=(BLOCKS, CALLS)).sum(axis=1) + CALLS * wander
    found = Dispersion()
    found.add(scores, np.full(BLOCKS, float(CALLS)))
    assert found.between == pytest.approx(0.2 / np.sqrt(2), rel=0.3)


@pytest.mark.property
@given(st.lists(st.integers(0, 20), min_size=2, max_size=40), st.floats(0.001, 0.3), st.floats(0.001, 0.3))
def test_rebased_blocks_are_as_if_they_had_been_judged_so_from_the_start(
    bad: list[int], before: float, after: float
) -> None:
    counts = np.array(bad, float)
    rebased, spread = of(counts, before), before * (1 - before)
    rebased.rebase((after - before) / spread, after * (1 - after) / spread)
    wanted = of(counts, after)
    assert rebased.state() == pytest.approx(wanted.state(), rel=1e-6, abs=1e-6)


def test_parts_add_up_and_empty_blocks_do_not_count() -> None:
    rng = np.random.default_rng(1)
    s, v = rng.normal(size=30), np.where(rng.random(30) < 0.3, 0.0, 2.0)
    s = np.where(v > 0, s, 0.0)
    whole, parts = Dispersion(), Dispersion()
    whole.add(s, v)
    parts.add(s[:11], v[:11])
    parts.add(s[11:], v[11:])
    assert parts.state() == pytest.approx(whole.state())
    assert whole.blocks == (v > 0).sum()
    assert Dispersion.restore(whole.state()) == whole
    assert Dispersion().phi > 1 and Dispersion().between == 0
