"""Shapley values against games whose values are known."""

import numpy as np
import pytest

from api.cost_drivers.shapley import MOST_CHANGES, Values, shapley


def test_changes_that_add_up_each_have_what_they_add() -> None:
    adds = np.array([[1.0, 10.0], [2.0, 0.0], [-4.0, 5.0]])

    def worth(made: int) -> Values:
        chosen = [change for change in range(3) if made >> change & 1]
        return np.asarray(np.array([7.0, 1.0]) + adds[chosen].sum(axis=0))

    assert shapley(worth, 3) == pytest.approx(adds)


def test_a_product_of_two_is_split_as_the_mean_of_both_orders() -> None:
    def worth(made: int) -> Values:
        volume, price = (2.0, 3.0) if made & 1 else (1.0, 3.0), (5.0 if made & 2 else 4.0)
        return np.array([volume[0] * price])

    # Volume 1 to 2, price 4 to 5: volume first adds 4, last 5; price first adds 1, last 2.
    assert shapley(worth, 2).ravel() == pytest.approx([4.5, 1.5])


def test_the_glove_game() -> None:
    """Two left gloves and a right one: a pair is worth 1 (the textbook values are 1/6, 1/6 and 2/3)."""

    def worth(made: int) -> Values:
        return np.array([1.0 if made & 0b100 and made & 0b011 else 0.0])

    assert shapley(worth, 3).ravel() == pytest.approx([1 / 6, 1 / 6, 2 / 3])


@pytest.mark.parametrize("changes", [1, 2, 5])
def test_the_shares_add_up_to_the_whole_difference(changes: int) -> None:
    table = np.random.default_rng(changes).normal(size=(2**changes, 4))
    shares = shapley(lambda made: table[made], changes)
    assert shares.sum(axis=0) == pytest.approx(table[-1] - table[0])


def test_without_changes_nothing_is_shared_and_too_many_are_refused() -> None:
    assert shapley(lambda _: np.array([3.0]), 0).shape == (0, 1)
    with pytest.raises(ValueError, match="at most"):
        shapley(lambda _: np.array([3.0]), MOST_CHANGES + 1)
