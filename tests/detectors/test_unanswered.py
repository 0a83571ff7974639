"""Calls without an answer are counted for the model that answered last before them."""

import numpy as np
import pytest

from detectors.columns import call_columns
from detectors.config import DAY_S, DetectorConfig
from detectors.engine import Engine
from detectors.records import FindingKind
from detectors.unanswered import with_their_answers
from tests.detectors.made_calls import START, calls

OLD, NEW = "gpt-x-2026-05-01", "gpt-x-2026-09-01"


def _models(served: list[str]) -> dict[str, int]:
    """Calls a model counts, of calls a minute apart; an empty name is a failed call."""
    outcome = ["ok" if name else "error" for name in served]
    model = [name or "gpt-x" for name in served]
    columns = call_columns(calls((START + 60.0 * np.arange(len(served))).tolist(), model=model, outcome=outcome))
    rows_of = {key: np.flatnonzero(columns.series == number) for number, key in enumerate(columns.keys)}
    return {key.model: len(rows) for key, rows in with_their_answers(columns, rows_of, {}).items()}


@pytest.mark.parametrize(
    ("served", "counted"),
    [
        ([OLD, "", OLD], {OLD: 3}),
        ([OLD, "", NEW, "", ""], {OLD: 2, NEW: 3}),
        (["", OLD, NEW], {OLD: 2, NEW: 1}),
        ([NEW, OLD, "", NEW], {NEW: 2, OLD: 2}),
        (["", ""], {"gpt-x": 2}),
        (["gpt-x", ""], {"gpt-x": 2}),
    ],
)
def test_a_failed_call_counts_for_the_model_that_answered_last_before_it(
    served: list[str], counted: dict[str, int]
) -> None:
    assert _models(served) == counted


@pytest.mark.parametrize("unit_s", [3_600.0, DAY_S])
def test_a_new_model_with_as_many_errors_as_the_old_one_had_is_no_regression_of_either(unit_s: float) -> None:
    rng = np.random.default_rng(4)
    engine, told = Engine(DetectorConfig()), []
    moved = START + 3 * DAY_S + 9 * 3_600
    for begin in np.arange(START, START + 6 * DAY_S, unit_s):
        ts = np.sort(begin + rng.random(int(unit_s / 12)) * unit_s)
        failed = rng.random(len(ts)) < 0.05
        served = np.where(failed, "gpt-x", np.where(ts < moved, OLD, NEW)).tolist()
        table = calls(ts, model=served, outcome=np.where(failed, "error", "ok").tolist())
        told += engine.process(table, float(begin + unit_s))
    assert {one.kind for one in told} == {FindingKind.SERVED_MODEL_CHANGE}
