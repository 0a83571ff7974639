"""The one table of columns: Arrow, ClickHouse and the documentation agree."""

import re

import pyarrow as pa
import pytest

from watchkeeper.schema import BY_NAME, CALLS, CALLS_SCHEMA, COST_SCALE, ROLLUP_KEYS, clickhouse_columns, markdown_table
from watchkeeper.storage.client import Store

_LIKE = {
    r"DateTime64\(6, 'UTC'\)": pa.timestamp("us", tz="UTC"),
    r"DateTime\('UTC'\)": pa.timestamp("s", tz="UTC"),
    r"FixedString\(16\)": pa.binary(16),
    r"FixedString\(8\)": pa.binary(8),
    r"LowCardinality\(String\)": pa.dictionary(pa.int32(), pa.string()),
    r"String": pa.string(),
    r"UInt8": pa.uint8(),
    r"UInt16": pa.uint16(),
    r"UInt32": pa.uint32(),
    r"UInt64": pa.uint64(),
    r"Bool": pa.bool_(),
    r"Decimal\(18, 9\)": pa.decimal128(18, COST_SCALE),
    r"Map\(LowCardinality\(String\), String\)": pa.map_(pa.string(), pa.string()),
}


def test_names_are_given_once_and_every_column_has_a_meaning() -> None:
    assert len(BY_NAME) == len(CALLS)
    assert all(column.meaning for column in CALLS)
    assert set(ROLLUP_KEYS) <= set(BY_NAME)


@pytest.mark.parametrize("name", BY_NAME)
def test_each_column_is_the_same_thing_in_arrow_and_in_clickhouse(name: str) -> None:
    column = BY_NAME[name]
    plain = re.sub(r"^Nullable\((.+)\)$", r"\1", column.clickhouse)
    (found,) = [arrow for pattern, arrow in _LIKE.items() if re.fullmatch(pattern, plain)]
    assert column.arrow == found


def test_unknown_numbers_can_be_null() -> None:
    numbers = [column for column in CALLS if re.search("tokens|cost_.*usd|ttft|http_status|format_valid", column.name)]
    assert len(numbers) == 14
    assert all(column.clickhouse.startswith("Nullable(") for column in numbers)


def test_what_the_store_sets_itself_is_not_written() -> None:
    assert [column.name for column in CALLS if not column.stored_by_writer] == ["ingested_at"]
    assert CALLS_SCHEMA.names == [column.name for column in CALLS if column.name != "ingested_at"]


@pytest.mark.clickhouse
def test_the_migrated_table_is_the_declared_one(shared_store: Store) -> None:
    found = shared_store.query_rows(
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = 'calls' ORDER BY position"
    )
    assert [(row["name"], row["type"]) for row in found] == [(column.name, column.clickhouse) for column in CALLS]


def test_the_columns_can_be_written_out() -> None:
    assert clickhouse_columns().count("\n") == len(CALLS) - 1
    assert "ingested_at DateTime('UTC') DEFAULT now() CODEC(Delta(4), ZSTD(1))" in clickhouse_columns()
    assert "| `calls` | `UInt8` |" in markdown_table()
