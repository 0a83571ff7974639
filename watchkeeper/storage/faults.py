"""What goes wrong in the store, as our exceptions.

Texts of the engine may quote values, so an insert's error carries the engine's code and its name only.
"""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clickhouse_connect.driver.exceptions import ClickHouseError, Error, OperationalError

from watchkeeper.errors import (
    ConfigError,
    QueryOverLimit,
    StoreLocked,
    StoreRejected,
    StoreUnavailable,
    WatchkeeperError,
)

_TRANSIENT_CODES = frozenset(
    {
        3,  # UNEXPECTED_END_OF_FILE: the request broke off
        74,  # CANNOT_READ_FROM_FILE_DESCRIPTOR
        75,  # CANNOT_WRITE_TO_FILE_DESCRIPTOR: the disk is full
        159,  # TIMEOUT_EXCEEDED
        202,  # TOO_MANY_SIMULTANEOUS_QUERIES
        209,  # SOCKET_TIMEOUT
        210,  # NETWORK_ERROR
        236,  # ABORTED: the server shuts down
        241,  # MEMORY_LIMIT_EXCEEDED
        242,  # TABLE_IS_READ_ONLY
        243,  # NOT_ENOUGH_SPACE
        252,  # TOO_MANY_PARTS
        279,  # ALL_CONNECTION_TRIES_FAILED
        319,  # UNKNOWN_STATUS_OF_INSERT
        394,  # QUERY_WAS_CANCELLED
        439,  # CANNOT_SCHEDULE_TASK
        999,  # KEEPER_EXCEPTION
    }
)
_LIMITS = {159: "time", 160: "time", 158: "rows", 396: "rows", 241: "memory"}
"""Codes of queries that go beyond limits: TIMEOUT_EXCEEDED, TOO_SLOW, TOO_MANY_ROWS, TOO_MANY_ROWS_OR_BYTES, memory."""
_OF_EVERYBODY = "(total)"
"""In the text of MEMORY_LIMIT_EXCEEDED when it is the server's memory that is full, whoever filled it."""
_OVERLOADED = re.compile(r"HTTP status (5\d\d|429|408)\b")
"""What a proxy in front of the server says."""
_BOUND = re.compile(r"(?<=/)\?[^\s'\")]+")
"""Of an address: statements of the HTTP client carry the values bound to them there, whatever users asked for."""
_MAX_TEXT = 400


@contextmanager
def statement_fault(inserted_into: str = "") -> Iterator[None]:
    """Translate what a statement raises; ``inserted_into`` names the table of an insert."""
    try:
        yield
    except ClickHouseError as error:
        # The cause is cut off where it may quote rows.
        raise _fault(error, inserted_into) from (None if inserted_into else error)
    except OSError as error:
        raise StoreUnavailable(f"the store did not answer: {type(error).__name__}") from error


@contextmanager
def query_fault(*, limited: bool) -> Iterator[None]:
    """As :func:`statement_fault`, for a query; a ``limited`` one raises :class:`QueryOverLimit` beyond its limits."""
    with statement_fault():
        try:
            yield
        except Error as error:
            if limited and error.code in _LIMITS and _OF_EVERYBODY not in str(error):
                raise QueryOverLimit(_LIMITS[error.code]) from error
            raise


def _fault(error: ClickHouseError, inserted_into: str) -> WatchkeeperError:
    text = f"insert into {inserted_into}: {_label(error)}" if inserted_into else _first_line(error)
    if _is_transient(error):
        return StoreUnavailable(f"the store is not available now: {text}")
    return StoreRejected(f"the store refused: {text}")


def _label(error: ClickHouseError) -> str:
    if isinstance(error, Error) and error.code:
        return f"error {error.code} ({error.name})"
    return type(error).__name__


def _is_transient(error: Exception) -> bool:
    if not isinstance(error, Error):
        return isinstance(error, OSError)
    if error.code is None:
        return isinstance(error, OperationalError) or bool(_OVERLOADED.search(str(error)))
    return error.code in _TRANSIENT_CODES


def opening_fault(error: Exception, data_dir: Path | None, url: str) -> WatchkeeperError:
    """Why the store could not be opened."""
    if data_dir is not None:
        return _engine_fault(error, data_dir)
    if _is_transient(error):
        return StoreUnavailable(
            f"no ClickHouse answers at {url}: start it, or correct WATCHKEEPER_CLICKHOUSE_URL ({_first_line(error)})"
        )
    return ConfigError(f"ClickHouse at {url} does not let us in: {_first_line(error)}")


def _engine_fault(error: Exception, data_dir: Path) -> WatchkeeperError:
    text = _first_line(error)
    if "already initialized with path" in text:
        return ConfigError(f"cannot open {data_dir}: this process has another data directory open, and may have one")
    if _is_locked(data_dir / "status"):
        return StoreLocked(
            f"the data directory {data_dir} is open in another process: stop that one (is `watchkeeper up` "
            "running?), talk to its API instead, or choose another directory with --data-dir"
        )
    return ConfigError(f"cannot open the data directory {data_dir}: {text}")


def _is_locked(status_file: Path) -> bool:
    # The engine's own exception does not say so; its lock is an flock on this file.
    try:
        with status_file.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _first_line(error: Exception) -> str:
    return _BOUND.sub("", str(error).partition("\n")[0].partition(", Stack trace")[0])[:_MAX_TEXT]
