"""Scores in columns: which count, and what labels mean."""

from typing import Any

import numpy as np
import pytest

from detectors.score_columns import score_columns
from tests.detectors.made_scores import scored

AT = np.array([100.0, 200.0, 300.0])


def test_scores_are_sorted_by_when_they_came_and_kept_by_series_and_name() -> None:
    table = scored(AT[::-1], [0.3, 0.2, 0.1], waited=60.0, name=["b", "a", "b"], route=["y", "y", "x"])
    columns, _ = score_columns(table)
    assert columns.at.tolist() == [100, 200, 300] and columns.value.tolist() == [0.1, 0.2, 0.3]
    assert columns.waited.tolist() == [60, 60, 60]
    assert [columns.names[n] for n in columns.name] == ["b", "a", "b"]
    assert [columns.keys[n].route for n in columns.series] == ["x", "y", "y"]
    ((parent, rows_of),) = columns.rows_by_model()
    assert parent.is_parent and {key.route: rows.tolist() for key, rows in rows_of.items()} == {"x": [0], "y": [1, 2]}


@pytest.mark.parametrize(
    ("label", "value"), [("pass", 1.0), ("Thumbs up", 1.0), (" FAIL ", 0.0), ("incorrect", 0.0), ("verbose", None)]
)
def test_a_label_stands_for_a_number_where_it_means_one(label: str, value: float | None) -> None:
    columns, valueless = score_columns(scored(AT[:1], [None], label=label))
    assert (columns.value.tolist(), valueless) == (([], 1) if value is None else ([value], 0))


def test_a_number_counts_for_more_than_its_label() -> None:
    assert score_columns(scored(AT[:1], [0.0], label="pass"))[0].value.tolist() == [0.0]


@pytest.mark.parametrize("columns", [{"variant": "shadow"}, {"gateway_cache_hit": True}], ids=["shadow", "cached"])
def test_what_says_nothing_of_the_model_is_left_out(columns: dict[str, Any]) -> None:
    found, valueless = score_columns(scored(AT, [1.0, None, 0.0], **columns))
    assert not len(found.at) and not valueless


def test_prompts_are_bucketed_and_unknown_ones_are_bucket_zero() -> None:
    columns, _ = score_columns(scored(AT, [1.0] * 3, input_tokens=[None, 0.0, 1_024.0]))
    assert columns.prompt_bucket.tolist() == [0, 0, 10]
