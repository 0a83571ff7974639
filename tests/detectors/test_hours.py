"""Hours: offsets from the first call on, weekends apart once one was seen, an allowance for what was not seen yet."""

import numpy as np
import pytest

from detectors.columns import Floats
from detectors.config import DAY_S
from detectors.hours import CELLS, HourSums, hour_cells
from tests.detectors.simulated import HOUR_S, START


def learned(days: int, weekend: float) -> HourSums:
    """500 calls an hour, slower by 0.3 from 12 to 18 h, by ``weekend`` more on Saturday and Sunday."""
    ts = np.repeat(START + HOUR_S * np.arange(24 * days), 500)
    cells = hour_cells(ts)
    noon = (cells % 24 >= 12) & (cells % 24 < 18)
    sums = HourSums()
    sums.add(cells, 0.3 * noon + weekend * (cells >= 24))
    return sums


def of(calls: dict[int, tuple[int, float]]) -> HourSums:
    """So many calls in each cell, and how far each lies above its stratum."""
    sums = HourSums()
    for cell, (count, residual) in calls.items():
        sums.add(np.full(count, cell), np.full(count, residual))
    return sums


def unknown_of(sums: HourSums, covered_s: float) -> Floats:
    """[2, 24] allowances of weekdays and weekends."""
    return sums.offsets(covered_s)[1].reshape(2, 24)


def test_cells_are_hours_utc_of_weekdays_and_weekends() -> None:
    assert hour_cells(np.array([START, START + 13.5 * HOUR_S])).tolist() == [0, 13]
    saturday = START + 5 * DAY_S
    assert hour_cells(np.array([saturday - 1, saturday, saturday + 2 * DAY_S - 1])).tolist() == [23, 24, 47]
    assert hour_cells(np.array([saturday + 2 * DAY_S])).tolist() == [0]


@pytest.mark.parametrize(("calls", "share"), [(10, 0.25), (30, 0.5), (270, 0.9)])
def test_an_hour_counts_from_its_first_calls_on_thirty_of_them_by_half(calls: int, share: float) -> None:
    offsets, _ = of({3: (calls, 0.4), 15: (calls, 0.2)}).offsets(12 * HOUR_S)
    assert offsets[3] == pytest.approx(0.1 * share) and offsets[15] == pytest.approx(-0.1 * share)


def test_offsets_are_those_of_the_hours_less_their_mean() -> None:
    offsets, unknown = learned(4, 0.0).offsets(4 * DAY_S)
    assert offsets[15] - offsets[3] == pytest.approx(0.3, rel=0.02)
    assert offsets[:24].mean() == pytest.approx(0, abs=0.001)
    assert (offsets[24:] == offsets[:24]).all() and not unknown[:24].any()


def test_weekends_have_offsets_of_their_own_after_six_days() -> None:
    sums = learned(7, -0.2)
    together, apart = sums.offsets(6 * DAY_S - 1)[0], sums.offsets(6 * DAY_S)[0]
    assert (together[24:] == together[:24]).all()
    assert apart[24:] - apart[:24] == pytest.approx(np.full(24, -0.2), rel=0.05)


def test_an_unseen_hour_has_the_offset_of_the_nearest_and_three_per_cent_an_hour_up_to_twelve() -> None:
    sums = of({22: (300, 0.3), 10: (300, -0.3), 5: (4, 9.0)})
    offsets, unknown = sums.offsets(6 * HOUR_S)
    assert unknown[[22, 23, 1, 20, 10, 7]].tolist() == pytest.approx([0, 0.03, 0.09, 0.06, 0, 0.09])
    assert unknown[[2, 4, 16]].tolist() == pytest.approx([0.12] * 3)
    assert (offsets[[0, 19]] == offsets[22]).all() and (offsets[[5, 7, 13]] == offsets[10]).all()
    assert offsets[22] > 0 > offsets[10]


def test_the_other_kind_of_day_is_allowed_a_tenth_until_there_should_have_been_one() -> None:
    sums = of(dict.fromkeys(range(23), (50, 0.0)))
    weekdays, weekends = unknown_of(sums, 2 * DAY_S)
    assert weekdays.tolist() == [0.0] * 23 + [0.03] and weekends.tolist() == [0.1] * 24
    assert (unknown_of(sums, 6 * DAY_S) == weekdays).all()
    assert not unknown_of(sums, 7 * DAY_S).any()
    only_weekends = of({30: (50, 0.0)})
    weekdays, weekends = unknown_of(only_weekends, DAY_S)
    assert weekdays[[6, 7, 18]].tolist() == [0.1, 0.1, 0.12] and weekends[[6, 7, 18]].tolist() == [0, 0.03, 0.12]


def test_where_nothing_was_seen_nothing_is_known() -> None:
    offsets, unknown = HourSums().offsets(0.0)
    assert offsets.shape == unknown.shape == (CELLS,)
    assert not offsets.any() and (unknown == 0.12).all()


def test_merging_forgets_by_share_and_a_state_restores_all_bits() -> None:
    old, new = learned(2, 0.0), learned(3, 0.1)
    total = old.calls.sum()
    old.merge(new, 0.5)
    assert old.calls.sum() == total / 2 + new.calls.sum()
    again = HourSums.restore(old.state())
    assert np.array_equal(again.offsets(3 * DAY_S), old.offsets(3 * DAY_S))
