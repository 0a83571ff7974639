"""Scores of a cohort, summed by the cells of its calls."""

from datetime import UTC, datetime, timedelta
from math import log
from typing import Any

import pyarrow as pa
import pytest

from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.comparison_cells import BLOCK_S
from watchkeeper.storage.comparison_scores import MOST_SCORES, comparison_scores
from watchkeeper.storage.scores import SCORES_SCHEMA

pytestmark = pytest.mark.clickhouse

BEGIN = datetime.fromtimestamp(FIRST_TS_US / 1e6, UTC)
DAY = CallFilter(BEGIN, BEGIN + timedelta(days=1), route=("help",))


def stored(store: Store, scores: list[dict[str, Any]], **columns: Any) -> None:
    """Four calls, and scores that name theirs by ``call`` (by span) or by ``answer`` (by response id)."""
    calls = call_rows(4, **{"route": "help", "input_tokens": 7, **columns})
    store.insert_arrow("calls", calls, str(columns))
    usual = {"name": "thumbs", "label": "", "source": "feedback", "service": "x", "explanation_present": False}
    rows = [{**usual, "ts": FIRST_TS_US + 3_600_000_000, "attributes": [], **_of(calls, one)} for one in scores]
    store.insert_arrow("scores", pa.Table.from_pylist(rows, SCORES_SCHEMA), str(scores))


def _of(calls: pa.Table, score: dict[str, Any]) -> dict[str, Any]:
    if "answer" in score:
        ids = {"response_id": calls["response_id"][score["answer"]].as_py(), "trace_id": bytes(16), "span_id": bytes(8)}
    else:
        ids = {name: calls[name][score["call"]].as_py() for name in ("trace_id", "span_id")} | {"response_id": ""}
    return {**ids, **{name: value for name, value in score.items() if name not in ("call", "answer")}}


def test_scores_are_summed_in_the_cells_of_their_calls(shared_store: Store) -> None:
    stored(
        shared_store,
        [
            {"call": 0, "value": 0.5},
            {"answer": 1, "value": 1.0},
            {"call": 2, "value": None, "label": "Thumbs Up"},
            {"call": 3, "value": None, "label": "so-so"},
            {"answer": 2, "value": 4.0, "name": "stars"},
        ],
    )
    found, names = comparison_scores(shared_store, DAY)
    assert names == ["stars", "thumbs"]
    stars, thumbs = found.to_pylist()
    x = log(7)
    cell = {
        "route": "help",
        "bucket": int(x / (log(2) / 2)),
        "output_type": "",
        "block": FIRST_TS_US // 10**6 // BLOCK_S,
    }
    assert {name: thumbs[name] for name in cell} == cell == {name: stars[name] for name in cell}
    sums = {"n": 3.0, "y": 2.5, "yy": 2.25, "x": 3 * x, "xx": 3 * x * x, "xy": 2.5 * x}
    assert {short: thumbs[f"{short}_score:thumbs"] for short in sums} == pytest.approx(sums)
    assert (stars["n_score:stars"], stars["y_score:stars"], stars["n_score:thumbs"]) == (1.0, 4.0, None)


def test_several_scores_of_one_name_and_call_count_as_their_mean(shared_store: Store) -> None:
    stored(shared_store, [{"call": 0, "value": 0.0}, {"call": 0, "value": 1.0}])
    (row,) = comparison_scores(shared_store, DAY)[0].to_pylist()
    assert (row["n_score:thumbs"], row["y_score:thumbs"]) == (1.0, 0.5)


def test_names_may_be_chosen_and_else_the_most_frequent_are_taken(shared_store: Store) -> None:
    many = [{"call": 0, "value": 1.0, "name": f"s{number:02}"} for number in range(MOST_SCORES + 2)]
    stored(shared_store, [*many, {"call": 1, "value": 1.0, "name": "s09"}])
    assert comparison_scores(shared_store, DAY)[1] == [*(f"s{number:02}" for number in range(MOST_SCORES - 1)), "s09"]
    assert comparison_scores(shared_store, DAY, ("s08", "other"))[1] == ["s08"]


@pytest.mark.parametrize(
    "columns", [{"route": "other"}, {"gateway_cache_hit": True}, {"ts": FIRST_TS_US - 86_400_000_000}]
)
def test_scores_of_other_calls_are_left_out(shared_store: Store, columns: dict[str, Any]) -> None:
    stored(shared_store, [{"call": 0, "value": 1.0}, {"call": 1, "value": float("nan")}], **columns)
    found, names = comparison_scores(shared_store, DAY)
    assert (found.num_rows, list(names)) == (0, [])
    assert found.column_names == ["route", "bucket", "output_type", "block"]
