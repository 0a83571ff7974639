"""The report of a backtest in a narrow terminal."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.command import Watchkeeper
from tests.detectors.made_calls import START, calls
from watchkeeper.cli.backtest_report import counted


@pytest.mark.parametrize("columns", [80, 120])
def test_no_name_is_cut(
    watchkeeper: Watchkeeper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, columns: int
) -> None:
    served = ["gpt-x-2026-05-01"] * 400 + ["gpt-x-2026-08-01"] * 400
    table = calls((START + np.arange(800) * 60.0).astype(np.float64), model=served, route="a-route-of-some-length")
    pq.write_table(table, tmp_path / "calls.parquet")
    monkeypatch.setenv("COLUMNS", str(columns))
    ran = watchkeeper("backtest", "--calls", tmp_path / "calls.parquet")
    assert ran.code == 2
    table_rows = ran.out.split("\nPages")[0].splitlines()
    assert any(" served_model_change " in line for line in table_rows)
    assert "…" not in "".join(table_rows) and max(map(len, table_rows)) <= columns


def test_calls_of_one_moment_are_told_as_such(watchkeeper: Watchkeeper, tmp_path: Path) -> None:
    pq.write_table(calls(np.full(500, START)), tmp_path / "calls.parquet")
    told = watchkeeper("backtest", "--calls", tmp_path / "calls.parquet")
    assert told.code == 3 and "cannot tell: all 500 calls have the same time" in told.out
    (found,) = watchkeeper("backtest", "--calls", tmp_path / "calls.parquet", "--json").lines()
    assert found["verdict"] == "cannot_tell" and "the same time" in found["cannot_tell"]


def test_a_file_without_names_is_told_in_words(watchkeeper: Watchkeeper, tmp_path: Path) -> None:
    table = calls((START + np.arange(800) * 60.0).astype(np.float64))
    plain = table.select(["ts", "outcome"]).append_column("Model", pa.array([1] * 800))
    further = [f"extra{number}" for number in range(12)]
    for name in further:
        plain = plain.append_column(name, pa.array([1] * 800))
    pq.write_table(plain, tmp_path / "calls.parquet")
    ran = watchkeeper("backtest", "--calls", tmp_path / "calls.parquet")
    assert "calls that name no service, route or model" in ran.out and "||" not in ran.out
    assert f"ignored columns that are none of ours: Model (is model meant?), {', '.join(further)}\n" in ran.err


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 pages"), (1, "1 page"), (2, "2 pages"), (1_200, "1,200 pages")], ids=str
)
def test_one_is_not_told_as_many(number: int, told: str) -> None:
    assert counted(number, "page") == told
