"""Every number of ``GET /v1/costs`` is that of a sum over the calls in plain Python: 20,000 calls of every kind."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from benchmarks.cost_bill import Row
from benchmarks.cost_calls import bill_calls
from benchmarks.cost_questions import FIRST, QUESTIONS, Question, differences
from tests.api.client import client
from tests.fixtures.store import FOREVER
from watchkeeper.clock import ManualClock
from watchkeeper.storage.client import Store
from watchkeeper.storage.migrate import Migrator

pytestmark = pytest.mark.clickhouse
CALLS = 20_000


@pytest.fixture(scope="module")
def calls() -> pa.Table:
    return bill_calls(CALLS)


@pytest.fixture(scope="module")
def rows(calls: pa.Table) -> Sequence[Row]:
    found: Sequence[Row] = calls.to_pylist()
    return found


@pytest.fixture(scope="module")
def bill_api(engine: Store, calls: pa.Table) -> Iterator[TestClient]:
    """An API over the calls, whose clock stands long after them."""
    store = engine.beside("cost_truth")
    Migrator(store, FOREVER).run()
    store.insert_arrow("calls", calls, "bill")
    yield client(store, clock=ManualClock(FIRST + timedelta(days=60)))
    store.drop_database()
    store.close()


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_costs_are_the_sum_of_the_calls(question: Question, bill_api: TestClient, rows: Sequence[Row]) -> None:
    answer = bill_api.get("/v1/costs", params=question.parameters())
    assert answer.status_code == 200, answer.text
    assert list(differences(question, answer.json(), rows))[:3] == []


def test_the_calls_are_of_every_kind(rows: Sequence[Row]) -> None:
    statuses = {row["cost_status"] for row in rows}
    assert statuses == {"priced", "reported", "unpriced", "no_usage"}
    assert {row["service_tier"] for row in rows if row["cost_status"] == "priced"} >= {"", "batch", "flex", "priority"}
    assert any(row["calls"] == 0 and row["cost_usd"] for row in rows)
    assert any(row["gateway_cache_hit"] for row in rows)
    assert any((row["input_tokens"] or 0) > 200_000 and row["cache_read_tokens"] for row in rows)
