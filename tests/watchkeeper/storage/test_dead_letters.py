"""Dead letters: listed, read, marked."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from watchkeeper.storage.client import Store
from watchkeeper.storage.dead_letters import (
    DEAD_LETTERS_SCHEMA,
    DeadLetterFilter,
    get_dead_letter,
    list_dead_letters,
    mark_replayed,
    waiting_dead_letters,
)

pytestmark = pytest.mark.clickhouse

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BODY = bytes(range(256))


def letter(number: int, **overrides: Any) -> dict[str, Any]:
    row = {
        "id": str(UUID(int=number)),
        "revision": 0,
        "source": "otlp_spans",
        "partition": 3,
        "offset": number,
        "signal": "traces",
        "encoding": "protobuf",
        "reason": "truncated",
        "detail": "",
        "body": BODY,
        "received_at": NOON.replace(minute=number),
        "stored_at": NOON,
        "replayed_at": None,
    }
    return {**row, **overrides}


def put(store: Store, *rows: dict[str, Any]) -> None:
    store.insert_arrow("dead_letters", pa.Table.from_pylist(list(rows), DEAD_LETTERS_SCHEMA), str(rows))


def offsets(store: Store, limit: int = 100, **chosen: Any) -> list[int]:
    return [found.offset for found in list_dead_letters(store, DeadLetterFilter(**chosen), limit)]


def test_a_message_comes_back_byte_for_byte(shared_store: Store) -> None:
    put(shared_store, letter(1))
    found = get_dead_letter(shared_store, UUID(int=1))
    assert found and found.body == BODY and found.size == 256
    assert (found.source, found.partition, found.received_at) == ("otlp_spans", 3, NOON.replace(minute=1))
    assert get_dead_letter(shared_store, UUID(int=2)) is None


def test_listing_is_newest_first_without_bytes(shared_store: Store) -> None:
    put(shared_store, *[letter(n) for n in range(5)])
    assert offsets(shared_store) == [4, 3, 2, 1, 0] and offsets(shared_store, 2) == [4, 3]
    assert list_dead_letters(shared_store, DeadLetterFilter())[0].body == b""


def test_listing_can_be_narrowed(shared_store: Store) -> None:
    put(shared_store, letter(1), letter(2, reason="not_protobuf"), letter(3, source="other"))
    assert offsets(shared_store, reason="not_protobuf") == [2]
    assert offsets(shared_store, source="other") == [3]
    assert offsets(shared_store, since_us=int(NOON.replace(minute=2).timestamp() * 1e6)) == [3, 2]


def test_the_same_letter_twice_is_one(shared_store: Store) -> None:
    put(shared_store, letter(1))
    put(shared_store, letter(1, stored_at=NOON.replace(hour=13)))
    assert offsets(shared_store) == [1]


def test_a_replayed_letter_stays_and_is_marked(shared_store: Store) -> None:
    put(shared_store, letter(1), letter(2))
    mark_replayed(shared_store, [UUID(int=1)], NOON)
    mark_replayed(shared_store, [UUID(int=1)], NOON.replace(hour=14))
    assert offsets(shared_store, waiting_only=True) == [2] and offsets(shared_store) == [2, 1]
    found = get_dead_letter(shared_store, UUID(int=1))
    assert found and found.replayed_at == NOON.replace(hour=14) and found.body == BODY
    assert waiting_dead_letters(shared_store) == {"truncated": 1}
