"""What the store says of itself."""

from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.storage.client import Store
from watchkeeper.storage.content import CONTENT_SCHEMA
from watchkeeper.storage.health import engine_version, store_health
from watchkeeper.storage.scores import SCORES_SCHEMA

pytestmark = pytest.mark.clickhouse


def test_an_empty_store_is_healthy(shared_store: Store) -> None:
    health = store_health(shared_store)
    assert health.oldest_call is None and health.last_stored is None
    assert health.version == engine_version(shared_store) and health.version_supported
    assert not replace(health, version="24.3.1.2").version_supported


def test_rows_and_parts_are_counted(shared_store: Store) -> None:
    for number in range(3):
        shared_store.insert_arrow("calls", call_rows(10, seed=number), f"t{number}")
    health = store_health(shared_store)
    calls = next(table for table in health.tables if table.table == "calls")
    assert (calls.rows, calls.parts, calls.most_parts_in_a_partition) == (30, 3, 3)
    assert health.oldest_call == datetime.fromtimestamp(FIRST_TS_US / 1e6, UTC)
    assert health.last_stored is not None and health.last_stored <= health.now


def test_scores_and_content_are_stored_once(shared_store: Store) -> None:
    ids = {"ts": datetime(2026, 11, 20, tzinfo=UTC), "trace_id": bytes(16), "span_id": bytes(8)}
    score = {
        **ids,
        "name": "helpful",
        "value": None,
        "label": "yes",
        "source": "feedback",
        "response_id": "r",
        "service": "shop",
        "explanation_present": False,
        "attributes": [("k", "v")],
    }
    text = {**ids, "kind": "prompt", "attribute": "gen_ai.input.messages", "text": "hello"}
    for _ in range(2):
        shared_store.insert_arrow("scores", pa.Table.from_pylist([score], SCORES_SCHEMA), "t")
        shared_store.insert_arrow("content", pa.Table.from_pylist([text], CONTENT_SCHEMA), "t")
    assert shared_store.query_rows("SELECT name, value, attributes FROM scores") == [
        {"name": "helpful", "value": None, "attributes": {"k": "v"}}
    ]
    assert [row["text"] for row in shared_store.query_rows("SELECT text FROM content")] == ["hello"]
