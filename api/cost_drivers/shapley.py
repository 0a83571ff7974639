"""Shapley values: what each of several changes, made together, adds to a sum, whatever order they are made in."""

from collections.abc import Callable
from math import comb

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Worth = Callable[[int], Values]
"""What many sums come to when the changes whose bits are set are made and the others are not."""

MOST_CHANGES = 12


def shapley(worth: Worth, changes: int) -> Values:
    """The share of each change (row) in the difference of each sum (column).

    A column adds up to ``worth(all) - worth(none)``. A change without effect has share 0, and two changes with the same
    effect have the same share. ``worth`` is called once for each of the ``2 ** changes`` sets, at most
    ``2 ** MOST_CHANGES``; raises :class:`ValueError` for more.

    Source: L. S. Shapley, A value for n-person games (1953); as a decomposition without a rest A. F. Shorrocks,
    Decomposition procedures for distributional analysis (Journal of Economic Inequality 11, 2013).
    """
    if not 0 <= changes <= MOST_CHANGES:
        raise ValueError(f"{changes} changes: at most {MOST_CHANGES} can be told apart")
    shares: Values = np.zeros((changes, len(worth(0))))
    for made in range(2**changes if changes else 0):
        value, size = worth(made), made.bit_count()
        for change in range(changes):
            # A set counts for those it holds with its size before they came, against all others with its own.
            if made >> change & 1:
                shares[change] += value / (changes * comb(changes - 1, size - 1))
            else:
                shares[change] -= value / (changes * comb(changes - 1, size))
    return shares
