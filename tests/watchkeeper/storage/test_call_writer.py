"""Calls are stored once, whatever was stored of a batch before."""

from typing import Any

import pyarrow as pa
import pytest

from tests.fixtures.store import call_rows
from tests.watchkeeper.storage.crash_writer import LONG_AGO, batch
from tests.watchkeeper.storage.test_client import counts
from watchkeeper.errors import StoreUnavailable
from watchkeeper.storage.call_writer import CallWriter
from watchkeeper.storage.client import Store
from watchkeeper.storage.reconcile import Reconciler

pytestmark = pytest.mark.clickhouse


def test_a_batch_that_comes_again_in_another_process_adds_nothing(store: Store) -> None:
    CallWriter(store, "one").insert(batch(1), "t", opening=False)
    CallWriter(store, "two").insert(batch(1), "t", opening=True)
    assert counts(store) == [2_000] * 3


def test_only_what_is_missing_is_stored(store: Store) -> None:
    store.insert_arrow("calls", batch(1).slice(0, 300), "part")
    CallWriter(store, "two").insert(batch(1), "t", opening=True)
    assert counts(store) == [2_000] * 3


def test_tokens_that_a_killed_process_left_behind_do_not_matter(store: Store) -> None:
    CallWriter(store, "one").insert(batch(1), "t", opening=False)
    for table in ("calls", "calls_1m"):
        store.command(f"TRUNCATE TABLE {table}")
    store.command("ALTER TABLE calls_1h DELETE WHERE 1 SETTINGS mutations_sync = 2")
    Reconciler(store).run(LONG_AGO)
    CallWriter(store, "two").insert(batch(1), "t", opening=True)
    assert counts(store) == [2_000] * 3


def test_a_retry_repeats_the_rows_of_the_first_try(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, insert = CallWriter(store, "one"), store.insert_arrow
    seen: list[tuple[int, str]] = []

    def unsure(table: str, data: pa.Table, token: str) -> Any:
        seen.append((data.num_rows, token))
        insert(table, data, token)
        if len(seen) == 1:
            raise StoreUnavailable("the answer was lost")

    monkeypatch.setattr(store, "insert_arrow", unsure)
    with pytest.raises(StoreUnavailable):
        writer.insert(batch(1), "t", opening=True)
    writer.insert(batch(1), "t", opening=True)
    assert seen == [(2_000, "t:one")] * 2
    assert counts(store) == [2_000] * 3


def test_an_empty_batch_is_fine(store: Store) -> None:
    CallWriter(store, "one").insert(call_rows(0), "t", opening=True)
    assert counts(store)[0] == 0
