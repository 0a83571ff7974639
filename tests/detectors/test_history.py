"""The history that one Arrow table holds: the same answers as the store gives."""

import numpy as np
import pyarrow as pa

from detectors.history import ArrowHistory
from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.schema import CALLS_SCHEMA

FIRST_S = FIRST_TS_US / 1e6


def test_calls_of_one_model_and_period_by_time() -> None:
    mine, other = call_rows(100, seed=1), call_rows(50, seed=2, request_model="gpt-5")
    mixed = pa.concat_tables([other, mine]).take(np.random.default_rng(1).permutation(150))
    history = ArrowHistory(mixed)
    found = history.calls("openai", "gpt-4o", FIRST_S + 0.1, FIRST_S + 0.5)
    assert found.to_pylist() == mine.slice(10, 40).to_pylist()
    assert history.calls("openai", "gpt-4o", 0, 1e12, ["outcome"]).column_names == ["outcome"]
    assert history.calls("openai", "none", 0, 1e12).schema.equals(CALLS_SCHEMA)
    assert ArrowHistory(mine.slice(0, 0)).calls("openai", "gpt-4o", 0, 1e12).num_rows == 0


def test_long_history_is_sampled_by_span_id() -> None:
    calls = call_rows(1_000, seed=1)
    found = ArrowHistory(calls, max_rows=250).calls("openai", "gpt-4o", 0, 1e12)
    wanted = [row for row in calls.to_pylist() if int.from_bytes(row["span_id"][4:], "little") % 4 == 0]
    assert found.to_pylist() == wanted


def test_without_ids_every_nth_is_the_sample() -> None:
    calls = call_rows(1_000, span_id=bytes(8))
    found = ArrowHistory(calls, max_rows=250).calls("openai", "gpt-4o", 0, 1e12)
    assert found.to_pylist() == calls.to_pylist()[::4]
