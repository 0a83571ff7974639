"""One interface to ClickHouse, whether a server (HTTP) or embedded in this process (chDB)."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import clickhouse_connect
import pyarrow as pa
import pyarrow.compute as pc
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from watchkeeper.errors import ConfigError, StoreUnavailable, WatchkeeperError
from watchkeeper.storage.faults import opening_fault, query_fault, statement_fault
from watchkeeper.storage.names import identifier
from watchkeeper.storage.query_limits import QueryLimits

Parameters = Mapping[str, Any]

INSERT_SETTINGS: Mapping[str, str] = {
    "async_insert": "0",
    "insert_deduplicate": "1",
    "deduplicate_blocks_in_dependent_materialized_views": "1",
    "max_insert_threads": "1",
    # Views hand over rows that are aggregated already; to merge them with nothing before they are written cost as much
    # as to write them.
    "optimize_on_insert": "0",
}
"""One insert is one block a partition, written when the call returns, and known by its token in every view."""


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Where the store is. ``kind`` decides which of the fields count."""

    kind: Literal["chdb", "clickhouse"]
    database: str
    data_dir: Path | None = None
    """Directory of the embedded store; one per process, and one process per directory."""
    url: str = ""
    user: str = "default"
    password: str = field(default="", repr=False)
    connect_timeout_s: float = 5.0
    timeout_s: float = 60.0
    max_clients: int = 8
    """Most statements that run at the same time; further threads wait."""
    limits: QueryLimits | None = None
    """Of a store that only reads; see :meth:`Store.reader`."""


class Store:
    """Statements against one database. Safe to share between threads; never touch it after a fork."""

    def __init__(self, config: StoreConfig) -> None:
        identifier(config.database)
        self.config = config
        self._idle: list[Client] = []
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(config.max_clients)
        self._readers: dict[QueryLimits, Store] = {}
        self._closed = False

    @classmethod
    def open(cls, config: StoreConfig) -> "Store":
        """Connect to the store. The database itself may not exist yet, see :class:`~.migrate.Migrator`.

        Raises :class:`~watchkeeper.errors.StoreLocked` when another process holds the data directory,
        :class:`~watchkeeper.errors.StoreUnavailable` when a server does not answer and
        :class:`~watchkeeper.errors.ConfigError` when the address, user or directory is wrong.
        """
        store = cls(config)
        store._idle.append(store._connect())
        return store

    def query_arrow(self, sql: str, parameters: Parameters | None = None) -> pa.Table:
        """The result in columns. ``DateTime`` comes as a number of seconds; select ``DateTime64`` to get times."""
        with self._client() as client, self._query_fault():
            return client.query_arrow(sql, parameters=dict(parameters or {}))

    def query_rows(self, sql: str, parameters: Parameters | None = None) -> list[dict[str, Any]]:
        """The result as dictionaries, times aware and in UTC."""
        with self._client() as client, self._query_fault():
            result = client.query(sql, parameters=dict(parameters or {}), query_tz="UTC", tz_mode="aware")
            return [dict(row) for row in result.named_results()]

    def command(self, sql: str, parameters: Parameters | None = None) -> None:
        """Run a statement that returns nothing."""
        with self._client() as client, statement_fault():
            client.command(sql, parameters=dict(parameters or {}))

    def insert_arrow(self, table: str, data: pa.Table, token: str) -> None:
        """Insert ``data`` once: another insert with the same ``token`` is dropped, in the table and in its views.

        Raises :class:`~watchkeeper.errors.StoreUnavailable` when the outcome is unknown; repeat the same rows with
        the same token then. Never use a token again for other rows.
        """
        if data.num_rows == 0:
            return
        settings = {**INSERT_SETTINGS, "insert_deduplication_token": token}
        block = _one_block(data)
        with self._client() as client, statement_fault(table):
            client.insert_arrow(identifier(table), block, settings=settings)

    def create_database(self) -> None:
        """Create the database, if it is not there, with an engine whose DDL is atomic."""
        client = self._connect(in_database=False)
        try:
            with statement_fault():
                client.command(f"CREATE DATABASE IF NOT EXISTS {identifier(self.config.database)} ENGINE = Atomic")
        finally:
            client.close()

    def drop_database(self) -> None:
        """Remove the database and everything in it."""
        client = self._connect(in_database=False)
        try:
            with statement_fault():
                client.command(f"DROP DATABASE IF EXISTS {identifier(self.config.database)} SYNC")
        finally:
            client.close()

    def beside(self, database: str) -> "Store":
        """Another database of the same server or engine, with clients of its own."""
        return Store(replace(self.config, database=database))

    def reader(self, limits: QueryLimits) -> "Store":
        """The same database for reading only, each query within ``limits``, with clients of its own.

        It closes with this one. Its queries raise :class:`~watchkeeper.errors.QueryOverLimit` beyond them; whatever
        would write is refused.
        """
        with self._lock:
            if limits not in self._readers:
                self._readers[limits] = Store(replace(self.config, limits=limits))
            return self._readers[limits]

    def close(self) -> None:
        """Let go of the store; statements under way finish first. Safe to call twice."""
        with self._lock:
            self._closed, idle, self._idle = True, self._idle, []
            readers = tuple(self._readers.values())
        for reader in readers:
            reader.close()
        for client in idle:
            client.close()

    def _query_fault(self) -> AbstractContextManager[None]:
        return query_fault(limited=self.config.limits is not None)

    @contextmanager
    def _client(self) -> Iterator[Client]:
        if not self._turns.acquire(timeout=self.config.timeout_s):
            raise StoreUnavailable(f"all {self.config.max_clients} clients of the store are busy")
        try:
            client = self._take()
            try:
                yield client
            except BaseException:
                self._give_up(client)
                raise
            self._give_back(client)
        finally:
            self._turns.release()

    def _take(self) -> Client:
        with self._lock:
            if self._closed:
                raise StoreUnavailable("the store is closed")
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _give_back(self, client: Client) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(client)
                return
        client.close()

    def _give_up(self, client: Client) -> None:
        """Of the embedded engine, a client whose query failed half-way hands the rest of its result to the next one."""
        if self.config.kind == "clickhouse":
            self._give_back(client)
            return
        # The new one first: the engine would stop with its last client.
        with suppress(WatchkeeperError):
            self._give_back(self._connect())
        client.close()

    def _connect(self, *, in_database: bool = True) -> Client:
        try:
            client = clickhouse_connect.get_client(**_arguments(self.config))
        except (ClickHouseError, OSError, ValueError) as error:
            raise opening_fault(error, self.config.data_dir, self.config.url) from None
        if in_database:
            # Set afterwards: the handshake would fail while the database does not exist yet.
            client.database = self.config.database
        return client


def _arguments(config: StoreConfig) -> dict[str, Any]:
    settings = {"session_timezone": "UTC", **(config.limits.settings() if config.limits else {})}
    if config.kind == "chdb":
        if config.data_dir is None:
            raise ConfigError("the embedded store needs a data directory (WATCHKEEPER_DATA_DIR)")
        return {"interface": "chdb", "path": str(config.data_dir), "settings": settings}
    if not config.url.startswith(("http://", "https://")):
        raise ConfigError("the address of the ClickHouse server (WATCHKEEPER_CLICKHOUSE_URL) starts with http(s)://")
    return {
        "dsn": config.url,
        "username": config.user,
        "password": config.password,
        "connect_timeout": config.connect_timeout_s,
        "send_receive_timeout": config.timeout_s,
        # A session would allow one statement at a time.
        "autogenerate_session_id": False,
        "settings": settings,
    }


def _one_block(data: pa.Table) -> pa.Table:
    """``data`` in one chunk, as the token is checked per block; dictionaries as ClickHouse takes them."""
    data = data.unify_dictionaries().combine_chunks()
    for position, column in enumerate(data.schema):
        if pa.types.is_dictionary(column.type) and _repeats(data[position].chunk(0).dictionary):
            plain = data[position].cast(column.type.value_type)
            data = data.set_column(position, column, plain.dictionary_encode().cast(column.type))
    return data


def _repeats(dictionary: pa.Array) -> bool:
    # ClickHouse refuses a dictionary that holds a word twice.
    return len(dictionary) > 1 and pc.count_distinct(dictionary, mode="all").as_py() < len(dictionary)
