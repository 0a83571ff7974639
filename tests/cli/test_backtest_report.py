"""The report of a backtest in a narrow terminal."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.cli.command import Watchkeeper
from tests.detectors.made_calls import START, calls


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
