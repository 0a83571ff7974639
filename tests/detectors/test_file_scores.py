"""Scores in files of calls: columns score_<name> on the rows of their calls."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from detectors.backtest import backtest
from detectors.calls_file import FileCalls, read_calls
from detectors.config import DetectorConfig
from detectors.engine import Engine
from tests.detectors.made_scores import thumbs
from watchkeeper.errors import ConfigError
from watchkeeper.schema import CALLS_SCHEMA

START = 1_780_272_000


def read(folder: Path, *files: dict[str, Any]) -> FileCalls:
    for number, columns in enumerate(files):
        rows = len(next(iter(columns.values())))
        usual = {"ts": START + np.arange(rows), "model": ["gpt-x"] * rows}
        pq.write_table(pa.table(usual | columns), folder / f"{number}.parquet")
    return read_calls([folder])


@pytest.mark.parametrize(
    "column",
    [
        pa.array([True, None, False]),
        pa.array([1, None, 0], pa.int8()),
        pa.array([1.0, float("nan"), 0.0]),
        pa.array(["1", "", "0.0"]),
        pa.array(["1", None, "0"]).dictionary_encode(),
    ],
    ids=lambda column: str(column.type),
)
def test_flags_and_numbers_are_scores_and_nothing_is_none(tmp_path: Path, column: pa.Array) -> None:
    found = read(tmp_path, {"score_thumbs": column, "duration_us": [1, 1, 1]})
    rows = found.scores.to_pylist()
    assert [(row["second"] - START, row["name"], row["value"]) for row in rows] == [(0, "thumbs", 1), (2, "thumbs", 0)]
    assert rows[0]["model"] == rows[0]["request_model"] == "gpt-x" and rows[0]["input_tokens"] is None
    assert found.calls.schema.names == CALLS_SCHEMA.names and found.notes[1:] == ()


def test_scores_alone_are_something_to_watch(tmp_path: Path) -> None:
    assert read(tmp_path, {"score_x": [0.5, 0.7]}).scores.num_rows == 2


def test_files_may_have_different_scores_and_are_sorted_by_time(tmp_path: Path) -> None:
    late = {"score_b": [0.5], "ts": [START + 100]}
    found = read(tmp_path, late, {"score_a": [0.1, 0.2], "duration_us": [1, 1]})
    assert [(row["name"], row["value"]) for row in found.scores.to_pylist()] == [("a", 0.1), ("a", 0.2), ("b", 0.5)]


def test_infinite_scores_are_unknown_and_told(tmp_path: Path) -> None:
    found = read(tmp_path, {"score_x": [np.inf, 0.5]})
    assert found.scores.num_rows == 1 and any("score_x has 1 numbers that are infinite" in note for note in found.notes)


def test_words_are_no_scores(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="column score_x has the type string: write it as a number"):
        read(tmp_path, {"score_x": ["good", "bad"]})


def test_a_backtest_watches_the_scores_of_a_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    ts = START + np.arange(12_000) * 40
    judged = rng.random(12_000) < 0.3
    values = np.append(thumbs(rng, 8_000, 0.9), thumbs(rng, 4_000, 0.7))
    found = read(tmp_path, {"ts": ts, "score_thumbs": np.where(judged, values, np.nan)})
    result = backtest(Engine(DetectorConfig()), [found.calls], scores=[found.scores])
    (regression,) = result.regressions
    assert regression.metric == "score:thumbs" and regression.direction == "down"
    assert abs(regression.onset.timestamp() - ts[8_000]) < 3 * 3_600
    assert result.engine.counts().scores == {"used": int(judged.sum())}


def test_a_stored_history_may_have_scores_between_and_after_its_calls(tmp_path: Path) -> None:
    found = read(tmp_path, {"score_x": np.full(300, 0.5)})
    later = found.scores.set_column(0, "second", pa.array(np.arange(300) + START + 5_000))
    result = backtest(Engine(DetectorConfig()), [found.calls], scores=[later.slice(0, 100), later.slice(100)])
    assert result.engine.counts().scores == {"used": 300}
