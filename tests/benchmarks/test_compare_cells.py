"""The simulation feeds ``compare`` the same sums as the store does."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from benchmarks.compare_cells import Summed
from benchmarks.compare_traffic import Law, drawn
from tests.api.comparing.stored_calls import rows_of
from tests.fixtures.store import FIRST_TS_US
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.comparison_cells import comparison_cells

BEGIN = datetime.fromtimestamp(FIRST_TS_US / 1e6, UTC)
KEYS = ["route", "bucket", "output_type", "block"]


@pytest.mark.clickhouse
@pytest.mark.parametrize("block_s", [600, 60])
def test_sql_and_numpy_sum_alike(shared_store: Store, block_s: int) -> None:
    calls = drawn(Law(bursts=0.02), 2_000, 5.0, np.random.default_rng(5))
    shared_store.insert_arrow("calls", rows_of(calls), "a")
    ours = Summed.of(calls, block_s).first(1_500)
    # The end is exclusive.
    end = BEGIN + timedelta(microseconds=int(calls.at_us[1_500]) - FIRST_TS_US)
    theirs = comparison_cells(shared_store, CallFilter(BEGIN, end), block_s)
    order = [(name, "ascending") for name in KEYS]
    ours, theirs = ours.sort_by(order), theirs.sort_by(order)
    for name in KEYS:
        assert ours[name].to_pylist() == theirs[name].to_pylist(), name
    for name in ours.column_names[len(KEYS) :]:
        assert ours[name].to_numpy() == pytest.approx(theirs[name].to_numpy(), rel=1e-9, abs=1e-9), name


def test_a_look_sees_the_first_calls_only() -> None:
    calls = drawn(Law(), 500, 5.0, np.random.default_rng(6))
    summed = Summed.of(calls, 600)
    assert summed.first(300)["n_error"].to_numpy().sum() == 300
    assert summed.first(500)["cost"].to_numpy().sum() == pytest.approx(calls.cost_nano_usd.sum() / 1e9)
