"""Migrations: once each, in order, safe to repeat, and equal to the schema."""

import re
import threading
from dataclasses import replace

import pytest

from tests.fixtures.store import FOREVER
from watchkeeper import schema
from watchkeeper.errors import ConfigError
from watchkeeper.storage.client import Store
from watchkeeper.storage.migrate import Migration, Migrator, shipped_migrations
from watchkeeper.storage.retention import MOST_DAYS, Retention
from watchkeeper.storage.tuning import TUNING, apply_tuning

pytestmark = pytest.mark.clickhouse


def ttl(store: Store, table: str) -> str:
    rows = store.query_rows(
        f"SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = '{table}'"
    )
    found = re.search(r"TTL (.+?) SETTINGS", rows[0]["engine_full"])
    assert found
    return found[1]


def test_the_calls_table_is_what_the_schema_says(shared_store: Store) -> None:
    found = shared_store.query_rows(
        "SELECT name, type, compression_codec AS codec, default_expression AS default FROM system.columns "
        "WHERE database = currentDatabase() AND table = 'calls' ORDER BY position"
    )
    assert [(row["name"], row["type"], row["codec"], row["default"]) for row in found] == [
        (column.name, column.clickhouse, f"CODEC({column.codec})", column.default) for column in schema.CALLS
    ]


@pytest.mark.parametrize("rollup", ["calls_1m", "calls_1h", "calls_1d"])
def test_rollups_keep_the_keys_apart(shared_store: Store, rollup: str) -> None:
    found = shared_store.query_rows(
        f"SELECT sorting_key FROM system.tables WHERE database = currentDatabase() AND name = '{rollup}'"
    )
    assert set(found[0]["sorting_key"].split(", ")) == {"bucket", *schema.ROLLUP_KEYS}


def test_every_table_that_is_inserted_into_drops_repetitions(shared_store: Store) -> None:
    found = shared_store.query_rows(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' "
        "AND engine_full NOT LIKE '%non_replicated_deduplication_window%'"
    )
    assert found == []


def test_running_again_applies_nothing(bare_store: Store) -> None:
    assert [m.version for m in Migrator(bare_store, FOREVER).run()] == [m.version for m in shipped_migrations()]
    assert Migrator(bare_store, FOREVER).run() == []


def test_an_interrupted_migration_is_done_again(bare_store: Store) -> None:
    bare_store.create_database()
    for statement in shipped_migrations()[0].statements:
        bare_store.command(statement)
    assert len(Migrator(bare_store, FOREVER).run()) == len(shipped_migrations())


def test_two_that_start_together_end_with_one_status_row_each(bare_store: Store) -> None:
    bare_store.create_database()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            Migrator(bare_store, FOREVER).run()
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = bare_store.query_rows("SELECT version FROM schema_migrations ORDER BY version")
    assert not failures and [row["version"] for row in rows] == [m.version for m in shipped_migrations()]


def test_a_changed_file_is_refused(shared_store: Store) -> None:
    first, *others = shipped_migrations()
    changed = replace(first, text=first.text + "\n-- later thought")
    with pytest.raises(ConfigError, match=r"0001_calls\.sql has changed"):
        Migrator(shared_store, FOREVER, [changed, *others]).run()


def test_a_database_of_a_newer_version_is_refused(store: Store) -> None:
    newer = Migration(9999, "later", "CREATE TABLE IF NOT EXISTS later (x Int8) ENGINE = Memory;\n")
    Migrator(store, FOREVER, [*shipped_migrations(), newer]).run()
    with pytest.raises(ConfigError, match="migration 9999"):
        Migrator(store, FOREVER).run()


def test_retention_follows_the_settings(store: Store) -> None:
    assert ttl(store, "calls") == f"toDateTime(ts) + toIntervalDay({MOST_DAYS})"
    Migrator(store, Retention(calls_days=7, rollup_1m_days=8, content_days=1)).run()
    assert ttl(store, "calls") == "toDateTime(ts) + toIntervalDay(7)"
    assert ttl(store, "calls_1m") == "bucket + toIntervalDay(8)"
    assert ttl(store, "calls_1h") == "bucket + toIntervalDay(730)"
    assert ttl(store, "calls_1d") == "bucket + toIntervalDay(730)"
    assert ttl(store, "content") == "toDateTime(ts) + toIntervalDay(1)"


def test_retention_beyond_what_the_engine_can_count_is_refused() -> None:
    with pytest.raises(ConfigError, match="calls_days is 40000"):
        Retention(calls_days=40_000)


def test_engine_settings_are_applied_where_the_engine_knows_them(store: Store) -> None:
    apply_tuning(store, {"calls": {"no_such_setting_of_any_version": "1", "min_parts_to_merge_at_once": "7"}})
    rows = store.query_rows(
        "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'calls'"
    )
    assert "min_parts_to_merge_at_once = 7" in rows[0]["engine_full"]
    assert set(TUNING) == {"calls", "calls_1m", "calls_1h", "calls_1d"}
