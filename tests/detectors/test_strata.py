"""Strata: numbered as they turn up, in bounded number, the same after a restart."""

import numpy as np
import pytest

from detectors.metrics import METRICS, Strata
from detectors.strata import StrataIndex, stratum_codes


def test_numbers_start_at_one_stay_and_are_bounded() -> None:
    index = StrataIndex(3)
    assert index.number(np.array([9, 4, 9])).tolist() == [2, 1, 2]
    assert index.number(np.array([7, 8, 4])).tolist() == [3, 0, 1]
    assert index.number(np.array([8, 4_000])).tolist() == [0, 0]
    assert index.size == 4 and index.codes == [4, 9, 7]


def test_a_restored_index_gives_the_same_numbers_and_goes_on() -> None:
    index = StrataIndex(5)
    index.number(np.array([64, 65, 200]))
    again = StrataIndex(5, list(index.codes))
    codes = np.array([200, 64, 65, 300])
    assert again.number(codes).tolist() == index.number(codes).tolist() == [3, 1, 2, 4]


def test_coordinates_are_the_buckets_and_the_middle_of_them_for_what_is_left_over() -> None:
    index = StrataIndex(4)
    index.number(stratum_codes(METRICS["latency"], np.array([4, 8]), np.array([2, 6])))
    assert index.coordinates.tolist() == [[6, 4], [4, 2], [8, 6]]


def test_each_metric_keeps_apart_what_it_says() -> None:
    prompt, output = np.array([4, 5, 4, 99]), np.array([1, 1, 2, 1])
    different = {name: len(set(stratum_codes(m, prompt, output).tolist())) for name, m in METRICS.items()}
    by = {Strata.NONE: 1, Strata.OUTPUT: 2, Strata.PROMPT: 3, Strata.PROMPT_OUTPUT: 4}
    for name, metric in METRICS.items():
        # Rates take two octaves of the prompt together.
        two_octaves = metric.kind == "rate" and metric.strata is Strata.PROMPT
        assert different[name] == (2 if two_octaves else by[metric.strata])
    # Who fails seldom says how long the prompt was.
    assert {METRICS[name].strata for name in ("error", "timeout", "rate_limit", "refusal")} == {Strata.NONE}


@pytest.mark.parametrize("most", [0, 128])
def test_a_limit_that_cannot_be_kept_is_refused(most: int) -> None:
    with pytest.raises(ValueError, match=f"max_strata is {most}: choose 1 to 127"):
        StrataIndex(most)
