"""Stored calls that fit, in pieces."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.schema import CALLS_SCHEMA
from watchkeeper.storage.call_export import CallExport
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

SECOND = 1_000_000


@pytest.fixture
def filled(shared_store: Store) -> Store:
    """300 calls, one a second, stored in two parts, the later first."""
    times = [FIRST_TS_US + number * SECOND for number in range(300)]
    shared_store.insert_arrow("calls", call_rows(150, 1, ts=pa.array(times[150:])), "late")
    shared_store.insert_arrow("calls", call_rows(150, 2, ts=pa.array(times[:150])), "early")
    return shared_store


def export(store: Store, first: int, last: int) -> CallExport:
    """Calls of [first, last), microseconds."""
    begin, end = (datetime.fromtimestamp(one / SECOND, UTC) for one in (first, last))
    return CallExport(store, CallFilter(begin, end))


def times(tables: list[pa.Table]) -> list[int]:
    return [one for table in tables for one in table["ts"].cast(pa.int64()).to_pylist()]


def test_all_calls_come_once_and_by_time_in_whole_minutes(filled: Store) -> None:
    tables = list(export(filled, FIRST_TS_US, FIRST_TS_US + 300 * SECOND).read(max_rows=100))
    assert times(tables) == [FIRST_TS_US + number * SECOND for number in range(300)]
    assert all(table.schema == CALLS_SCHEMA for table in tables)
    assert len(tables) > 2
    minutes = [{one // (60 * SECOND) for one in times([table])} for table in tables]
    assert not any(one & other for one, other in zip(minutes, minutes[1:], strict=False))


def test_the_period_is_kept_to_the_microsecond(filled: Store) -> None:
    chosen = export(filled, FIRST_TS_US + 10 * SECOND, FIRST_TS_US + 20 * SECOND)
    assert chosen.count() == 10
    assert times(list(chosen.read())) == [FIRST_TS_US + number * SECOND for number in range(10, 20)]


def test_a_period_without_calls_has_none(filled: Store) -> None:
    chosen = export(filled, 0, FIRST_TS_US)
    assert chosen.count() == 0 and not list(chosen.read())
