"""Confidence sequences."""

import math

import numpy as np
import pytest

from api.comparing.sequence import half_width, information_for, needed


def test_without_information_the_interval_is_endless() -> None:
    assert half_width(0.0, 0.05, 100.0) == math.inf


def test_a_sequence_is_wider_than_one_look_and_narrowest_where_it_was_tuned() -> None:
    one_look = 1.96 / math.sqrt(400)
    at_tuned = half_width(400.0, 0.05, 400.0)
    assert 1.3 * one_look < at_tuned < 2 * one_look
    assert at_tuned < half_width(400.0, 0.05, 4.0)
    assert at_tuned < half_width(400.0, 0.05, 40_000.0)


@pytest.mark.parametrize("width", [0.001, 0.1, 3.0])
def test_the_information_for_a_width_gives_that_width(width: float) -> None:
    information = information_for(width, 0.01)
    assert half_width(information, 0.01, information) == pytest.approx(width)


def test_what_is_needed_makes_the_interval_as_narrow_as_the_room() -> None:
    tuned = information_for(0.1, 0.01)
    factor = needed(50.0, 0.07, 0.01, tuned)
    assert factor is not None
    assert half_width(50.0 * factor, 0.01, tuned) == pytest.approx(0.07, rel=1e-3)


@pytest.mark.parametrize(("information", "room"), [(0.0, 0.1), (50.0, 0.0), (50.0, -0.1), (1e-9, 1e-6)])
def test_nothing_is_foreseen_where_no_number_of_calls_would_do(information: float, room: float) -> None:
    assert needed(information, room, 0.05, 100.0) is None


def test_random_walks_leave_the_sequence_at_most_as_often_as_stated() -> None:
    walks = np.cumsum(np.random.default_rng(1).standard_normal((2_000, 2_000)), axis=1)
    bounds = np.array([half_width(n, 0.1, 300.0) * n for n in range(1, 2_001)])
    left = (np.abs(walks) > bounds).any(axis=1).mean()
    assert 0.02 < left <= 0.1
