"""Mix-shift runs have the shift and the regression that they are said to have, many series all metrics."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from benchmarks.detection import mix_shift, state
from benchmarks.detection.azure_mix import DAYS, REGRESSION_DAY, SHIFT_DAY, START, Scenario, Shift, Traces
from benchmarks.detection.many_series import ManySeries
from benchmarks.detection.plan import Plan
from benchmarks.detection.report import FIGURES, Result, write_figures
from benchmarks.verdict import Verdict
from detectors.columns import call_columns
from detectors.metrics import METRICS, VALUES
from watchkeeper.schema import CALLS_SCHEMA

HOUR_S = 3_600.0
TRACES = Traces({"chat": np.array([[1_000.0, 200.0]]), "code": np.array([[2_000.0, 10.0]])})


@cache
def _units(shift: Shift) -> list[tuple[float, pa.Table]]:
    return list(Scenario(shift, 0, seed=1).units(TRACES, HOUR_S))


def _days(shift: Shift, first: float, last: float) -> pa.Table:
    return pa.concat_tables(calls for end, calls in _units(shift) if first <= (end - HOUR_S - START) / 86_400 < last)


def _routes(calls: pa.Table) -> set[str]:
    return set(calls["route"].cast(pa.string()).unique().to_pylist())


@pytest.mark.parametrize(("shift", "first"), [(Shift.CODE_JOINS, "chat"), (Shift.CHAT_JOINS, "code")])
def test_a_workload_joins_on_its_day(shift: Shift, first: str) -> None:
    assert _routes(_days(shift, 0, SHIFT_DAY)) == {first}
    assert _routes(_days(shift, SHIFT_DAY, DAYS)) == {"chat", "code"}


def test_prompts_grow_and_nothing_else() -> None:
    before, after = (_days(Shift.LONGER_PROMPTS, first, first + 1) for first in (SHIFT_DAY - 1, SHIFT_DAY))
    assert pc.mean(before["input_tokens"]).as_py() == 1_000
    assert pc.mean(after["input_tokens"]).as_py() == 4_000
    assert pc.mean(after["output_tokens"]).as_py() == 200
    assert _routes(after) == {"chat"}


def test_the_regression_makes_like_calls_a_fifth_slower() -> None:
    before, after = (_days(Shift.CODE_JOINS, day, day + 0.5) for day in (REGRESSION_DAY - 7, REGRESSION_DAY))
    medians = [
        pc.approximate_median(calls.filter(pc.equal(calls["route"].cast(pa.string()), "chat"))["duration_us"]).as_py()
        for calls in (before, after)
    ]
    assert medians[1] / medians[0] == pytest.approx(1.2, rel=0.03)


def test_equal_runs_have_equal_calls() -> None:
    def first_day(run: int) -> Iterator[pa.Table]:
        units = Scenario(Shift.CODE_JOINS, run, seed=1).units(TRACES, HOUR_S)
        return (calls for (_, calls), _ in zip(units, range(24), strict=False))

    assert pa.concat_tables(first_day(0)) == pa.concat_tables(first_day(0))
    assert pa.concat_tables(first_day(0)) != pa.concat_tables(first_day(1))


def test_without_traces_the_claim_is_skipped_with_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(mix_shift.TRACES, raising=False)
    result = mix_shift.run(Plan(quick=True, processes=1))
    assert result.holds is None and mix_shift.TRACES in result.measured
    assert Verdict.read(result.line()) is None


def test_traces_are_read_from_their_files(tmp_path: Path) -> None:
    for name in ("code.csv", "conv.csv"):
        (tmp_path / name).write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.97,4808,10\n")
    assert Traces.read(tmp_path).requests["chat"].tolist() == [[4808.0, 10.0]]


def test_many_series_fill_every_metric_the_engine_reads() -> None:
    table = ManySeries(calls=4_000, series=40, days=1.0, seed=1).table()
    columns = call_columns(table)
    assert table.schema == CALLS_SCHEMA
    assert (len(columns), len(columns.keys)) == (4_000, 40)
    assert len({key.request_model for key in columns.keys}) == 4
    assert (np.isfinite(columns.values).mean(axis=0) > 0.9).all() and columns.values.shape[1] == len(VALUES)
    assert columns.bad[:, list(METRICS).index("error")].mean() == pytest.approx(0.01, abs=0.006)


def test_an_engine_restored_in_the_middle_goes_on_alike() -> None:
    result = state.run(Plan(quick=True, processes=1))
    assert "restored engine equal" in result.measured


def test_figures_replace_what_stood_behind_the_mark(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Method\n{FIGURES}\nformer\n")
    write_figures(page, [Result("tail", "a third", "0.3", True)], seed=1, quick=True)
    text = page.read_text()
    assert text.startswith(f"# Method\n{FIGURES}\n\nA quick run") and "former" not in text and "## tail" in text


def test_a_page_without_the_mark_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Method\n")
    with pytest.raises(ValueError, match="put it where the figures belong"):
        write_figures(page, [], seed=1, quick=True)
    assert page.read_text() == "# Method\n"
