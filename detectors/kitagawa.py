"""Kitagawa's split of a change of a mean: what another mix of calls explains, and what the same kind of call does."""

from typing import NamedTuple

import numpy as np

from detectors.columns import Floats, Ints


class Split(NamedTuple):
    """``raw`` = ``mix`` + ``within``, in the unit of the values."""

    raw: float
    mix: float
    within: float


def kitagawa(before: Floats, strata_before: Ints, after: Floats, strata_after: Ints) -> Split:
    """Split mean(after) - mean(before) by strata: mix = sum of dpi * m0, within = sum of pi1 * dm.

    ``strata_*`` number the stratum of each value from 0. A stratum without calls before has no m0: its calls count as
    mix, because nobody knows what they would have done. Both sides must hold a value.
    Source: E. M. Kitagawa, "Components of a difference between two rates", JASA 50 (1955).
    """
    strata = int(max(strata_before.max(), strata_after.max())) + 1
    share_before, mean_before = _by_stratum(before, strata_before, strata)
    share_after, mean_after = _by_stratum(after, strata_after, strata)
    base = np.where(share_before > 0, mean_before, mean_after)
    mix = float(((share_after - share_before) * base).sum())
    raw = float(after.mean() - before.mean())
    return Split(raw, mix, raw - mix)


def _by_stratum(values: Floats, strata: Ints, number: int) -> tuple[Floats, Floats]:
    calls = np.bincount(strata, minlength=number)
    sums = np.bincount(strata, weights=values, minlength=number)
    return calls / len(values), sums / np.maximum(calls, 1)
