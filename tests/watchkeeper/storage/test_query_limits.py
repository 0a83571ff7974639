"""A store for reading: each query within its limits, nothing written."""

import pytest

from watchkeeper.errors import QueryOverLimit, StoreRejected, StoreUnavailable, WatchkeeperError
from watchkeeper.storage.client import Store
from watchkeeper.storage.query_limits import QueryLimits

pytestmark = pytest.mark.clickhouse

LIMITS = QueryLimits(seconds=0.2, result_rows=1_000, memory_bytes=50_000_000)


@pytest.mark.parametrize(
    ("sql", "limit"),
    [
        pytest.param("SELECT sum(cityHash64(number)) AS n FROM numbers(100000000000)", "time", id="time"),
        pytest.param("SELECT number FROM numbers(2000)", "rows", id="rows"),
        pytest.param("SELECT groupArray(number) AS n FROM numbers(20000000)", "memory", id="memory"),
    ],
)
@pytest.mark.parametrize("method", ["query_rows", "query_arrow"])
def test_a_query_beyond_a_limit_ends_with_its_name(shared_store: Store, method: str, sql: str, limit: str) -> None:
    limits = LIMITS if limit != "memory" else QueryLimits(60.0, 1_000, LIMITS.memory_bytes)
    with pytest.raises(QueryOverLimit, match=f"too large for the store \\({limit}\\)") as ended:
        getattr(shared_store.reader(limits), method)(sql)
    assert ended.value.limit == limit


def test_within_its_limits_it_answers_as_the_store_does(shared_store: Store) -> None:
    reader = shared_store.reader(LIMITS)
    sql = "SELECT number FROM numbers({count:UInt32})"
    assert reader.query_rows(sql, {"count": 3}) == shared_store.query_rows(sql, {"count": 3})
    assert reader.query_arrow(sql, {"count": 1_000}).num_rows == 1_000
    assert shared_store.reader(QueryLimits(seconds=0.2, result_rows=1_000, memory_bytes=50_000_000)) is reader


def test_it_writes_nothing(shared_store: Store) -> None:
    for sql in ("TRUNCATE TABLE calls", "CREATE TABLE t (a Int) ENGINE = Memory", "DROP TABLE calls"):
        with pytest.raises(StoreRejected, match="readonly"):
            shared_store.reader(LIMITS).command(sql)


def test_a_store_for_writing_has_no_limits(shared_store: Store) -> None:
    assert len(shared_store.query_rows("SELECT number FROM numbers(2000)")) == 2_000


def test_it_closes_with_the_store(engine: Store) -> None:
    store = engine.beside("default")
    reader = store.reader(LIMITS)
    assert reader.query_rows("SELECT 1 AS one") == [{"one": 1}]
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        reader.query_rows("SELECT 1 AS one")


@pytest.mark.parametrize("limits", [None, LIMITS], ids=["writer", "reader"])
def test_a_query_that_fails_half_way_leaves_nothing_to_the_next(engine: Store, limits: QueryLimits | None) -> None:
    store = engine.beside("default")
    asked = store.reader(limits) if limits else store
    with pytest.raises(WatchkeeperError):
        asked.query_arrow("SELECT throwIf(number = 1000000) AS n FROM numbers(2000000)")
    assert asked.query_rows("SELECT 1 AS one") == [{"one": 1}]
    store.close()
