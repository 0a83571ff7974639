"""The store's client: inserts once, clear errors, one engine for many threads."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from tests.fixtures.store import call_rows
from watchkeeper.errors import ConfigError, StoreLocked, StoreRejected, StoreUnavailable
from watchkeeper.storage.client import Store, StoreConfig

pytestmark = pytest.mark.clickhouse

TABLES = ("calls", "calls_1m", "calls_1h", "calls_1d")
DAY_US = 86_400_000_000
ROOT = Path(__file__).parents[3]


def counts(store: Store) -> list[int]:
    return [store.query_rows(f"SELECT sum(calls) AS n FROM {table}")[0]["n"] for table in TABLES]


def two_days(n: int) -> pa.Table:
    rows = call_rows(n)
    ts = pa.array([t.as_py().timestamp() * 1e6 + (i % 2) * DAY_US for i, t in enumerate(rows["ts"])])
    return call_rows(n, ts=ts.cast(pa.int64()))


def test_a_repeated_insert_is_dropped_in_the_raw_table_and_all_rollups(shared_store: Store) -> None:
    rows = two_days(1_000)
    for _ in range(3):
        shared_store.insert_arrow("calls", rows, "token")
    assert counts(shared_store) == [1_000] * len(TABLES)


def test_another_token_with_the_same_rows_is_stored(shared_store: Store) -> None:
    rows = call_rows(10)
    shared_store.insert_arrow("calls", rows, "one")
    shared_store.insert_arrow("calls", rows, "two")
    assert counts(shared_store) == [20] * len(TABLES)


def test_a_repeated_insert_is_dropped_after_the_engine_was_opened_again(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from tests.watchkeeper.storage.crash_writer import batch, open_store\n"
        "store = open_store(Path(sys.argv[1]))\n"
        "store.insert_arrow('calls', batch(1), 'token')\n"
        f"print([store.query_rows(f'SELECT sum(calls) AS n FROM {{t}}')[0]['n'] for t in {TABLES}])\n"
        "store.close()"
    )
    for _ in range(2):
        run = [sys.executable, "-c", program, str(tmp_path / "data")]
        done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=100, check=True)
        assert str([2000] * len(TABLES)) in done.stdout


def test_chunks_and_dictionaries_that_repeat_a_word_are_taken(shared_store: Store) -> None:
    rows = call_rows(4)
    repeated = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, 1], pa.int32()), pa.array(["a", "b", "a"]))
    rows = rows.set_column(rows.schema.get_field_index("service"), "service", repeated)
    shared_store.insert_arrow("calls", pa.concat_tables([rows, call_rows(2, service="c")]), "token")
    found = shared_store.query_rows("SELECT service, count() AS n FROM calls GROUP BY service ORDER BY service")
    assert [(row["service"], row["n"]) for row in found] == [("a", 2), ("b", 2), ("c", 2)]


def test_an_insert_of_nothing_does_nothing(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(0), "token")
    assert counts(shared_store)[0] == 0


def test_times_come_back_aware_and_in_utc(shared_store: Store) -> None:
    row = shared_store.query_rows("SELECT toDateTime('2026-01-02 03:04:05') AS at, toDateTime(0, 'UTC') AS zero")[0]
    assert row["at"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC) and row["at"].tzinfo is not None
    assert row["zero"] == datetime(1970, 1, 1, tzinfo=UTC)


def test_threads_share_a_store(shared_store: Store) -> None:
    def work(number: int) -> int:
        shared_store.insert_arrow("calls", call_rows(100, seed=number), f"token {number}")
        return int(shared_store.query_rows("SELECT count() AS n FROM calls")[0]["n"])

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(work, range(16))) == 1_600
    assert counts(shared_store) == [1_600] * len(TABLES)


def test_a_wrong_statement_is_rejected(shared_store: Store) -> None:
    with pytest.raises(StoreRejected, match="UNKNOWN_TABLE"):
        shared_store.query_rows("SELECT * FROM nowhere")


def test_an_error_of_an_insert_quotes_no_rows(shared_store: Store) -> None:
    wrong = pa.table({"ts": ["secret text"], "text": ["secret text"]})
    with pytest.raises(StoreRejected) as caught:
        shared_store.insert_arrow("content", wrong, "token")
    assert "secret" not in str(caught.value) and "content" in str(caught.value)
    assert caught.value.__cause__ is None


def test_only_names_get_into_sql(shared_store: Store) -> None:
    with pytest.raises(ConfigError, match="no name"):
        shared_store.insert_arrow("calls; DROP TABLE calls", call_rows(1), "token")
    with pytest.raises(ConfigError, match="no name"):
        shared_store.beside("x; DROP")


def test_a_closed_store_says_so(bare_store: Store) -> None:
    other = bare_store.beside("default")
    other.close()
    other.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        other.query_rows("SELECT 1")


def test_a_second_process_on_the_data_directory_is_told_what_to_do(engine_path: str) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from watchkeeper.errors import StoreLocked\n"
        "from watchkeeper.storage.client import Store, StoreConfig\n"
        "try: Store.open(StoreConfig('chdb', 'default', data_dir=Path(sys.argv[1])))\n"
        "except StoreLocked as error: print(error)"
    )
    run = [sys.executable, "-c", program, engine_path]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=100, check=True)
    assert engine_path in done.stdout and "stop that one" in done.stdout


def test_a_second_data_directory_in_one_process_is_refused(engine: Store, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="another data directory"):
        Store.open(StoreConfig("chdb", "default", data_dir=tmp_path))


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    config = StoreConfig("clickhouse", "default", url="http://127.0.0.1:9", password="hidden", connect_timeout_s=1)
    with pytest.raises(StoreUnavailable, match=r"http://127\.0\.0\.1:9") as caught:
        Store.open(config)
    assert "hidden" not in str(caught.value) + repr(config)


@pytest.mark.parametrize("config", [StoreConfig("chdb", "d"), StoreConfig("clickhouse", "d", url="localhost")])
def test_a_store_without_a_place_is_a_wrong_setting(config: StoreConfig) -> None:
    with pytest.raises(ConfigError, match="WATCHKEEPER_"):
        Store.open(config)


def test_locked_is_not_transient() -> None:
    assert not issubclass(StoreLocked, StoreUnavailable)
