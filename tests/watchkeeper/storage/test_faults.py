"""Which faults of the store are worth another try."""

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError, ProgrammingError

from watchkeeper.errors import StoreRejected, StoreUnavailable, WatchkeeperError
from watchkeeper.storage.faults import statement_fault


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DatabaseError("Code: 252", code=252, name="TOO_MANY_PARTS"), StoreUnavailable),
        (DatabaseError("Code: 159", code=159, name="TIMEOUT_EXCEEDED"), StoreUnavailable),
        (DatabaseError("Code: 243", code=243, name="NOT_ENOUGH_SPACE"), StoreUnavailable),
        (DatabaseError("HTTP driver received HTTP status 503, server response: busy"), StoreUnavailable),
        (OperationalError("Error reading from the server"), StoreUnavailable),
        (OSError("broken pipe"), StoreUnavailable),
        (DatabaseError("Code: 117", code=117, name="INCORRECT_DATA"), StoreRejected),
        (DatabaseError("HTTP driver received HTTP status 404"), StoreRejected),
        (ProgrammingError("closed"), StoreRejected),
    ],
)
@pytest.mark.parametrize("table", ["", "calls"])
def test_only_what_may_pass_is_tried_again(error: Exception, expected: type[WatchkeeperError], table: str) -> None:
    with pytest.raises(expected), statement_fault(table):
        raise error


def test_the_stack_of_the_engine_is_cut_off() -> None:
    with pytest.raises(StoreRejected) as caught, statement_fault():
        raise DatabaseError("Code: 1. Wrong, Stack trace (when copying):\n0. frame", code=1)
    assert str(caught.value) == "the store refused: Code: 1. Wrong"


def test_values_bound_to_a_statement_are_in_no_message() -> None:
    text = (
        "Error HTTPConnectionPool(host='127.0.0.1', port=8123): Max retries exceeded with url: /?database=watchkeeper"
        "&param_user=jane%40example.com&query_id=1 (Caused by NewConnectionError(...)) executing (http://db:8123)"
    )
    with pytest.raises(StoreUnavailable) as caught, statement_fault():
        raise OperationalError(text)
    assert "jane" not in str(caught.value) and "param_" not in str(caught.value)
    assert "port=8123): Max retries exceeded with url: / (Caused by NewConnectionError" in str(caught.value)
