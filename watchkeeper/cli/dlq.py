"""``watchkeeper dlq``: messages that could not be read."""

import sys
from base64 import b64decode
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from rich.console import Console
from rich.table import Table

from api.models import DeadLetterItem, dead_letter_item
from watchkeeper.cli import wiring
from watchkeeper.cli.access import Remote, store_or_api
from watchkeeper.cli.replaying import replay_into
from watchkeeper.clock import SystemClock
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.storage.dead_letters import DeadLetter, DeadLetterFilter, get_dead_letter, list_dead_letters
from watchkeeper.streams.kafka_sink import KafkaSinkConfig, KafkaSpanSink

_SHOWN = ("id", "received_at", "source", "partition", "offset", "signal", "reason", "detail", "replayed_at")
_KAFKA_S = 5.0
"""A person waits for the answer."""


def listing(settings: Settings, reason: str, waiting: bool, limit: int) -> list[dict[str, Any]]:
    """Dead letters, newest first."""
    with store_or_api(settings) as access:
        if isinstance(access, Remote):
            found: list[dict[str, Any]] = access.get("/v1/dead-letters", reason=reason, waiting=waiting, limit=limit)
            return found
        letters = list_dead_letters(access, DeadLetterFilter(reason=reason, waiting_only=waiting), limit)
        return [dead_letter_item(letter).model_dump(mode="json") for letter in letters]


def print_listing(rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    """One line of JSON a letter, or a table."""
    if as_json:
        for row in rows:
            sys.stdout.write(orjson.dumps(row).decode() + "\n")
        return
    table = Table(*_SHOWN)
    for row in rows:
        table.add_row(*(str(row[name] if row[name] is not None else "") for name in _SHOWN))
    Console().print(table)


def body(settings: Settings, letter_id: UUID) -> tuple[DeadLetterItem, bytes]:
    """One letter and its bytes."""
    with store_or_api(settings) as access:
        if isinstance(access, Remote):
            item = DeadLetterItem.model_validate(access.get(f"/v1/dead-letters/{letter_id}"))
            return item, b64decode(item.body_base64)
        letter = _existing(access, letter_id)
        return dead_letter_item(letter), letter.body


def replay(settings: Settings, ids: Sequence[UUID]) -> list[str]:
    """Send letters again; for each the reason it failed, or an empty string.

    A running ``up`` takes them itself; otherwise they go back to Kafka, where the collector reads them.
    """
    with store_or_api(settings) as access:
        if isinstance(access, Remote):
            wanted = [str(letter_id) for letter_id in ids]
            failures: list[str] = access.post("/v1/dead-letters/replay", {"ids": wanted})["failures"]
            return failures
        return _replay_through_kafka(settings, access, [_existing(access, letter_id) for letter_id in ids])


def _existing(store: Store, letter_id: UUID) -> DeadLetter:
    letter = get_dead_letter(store, letter_id)
    if letter is None:
        raise ConfigError(f"no dead letter {letter_id}; 'watchkeeper dlq list' shows what is there")
    return letter


def _replay_through_kafka(settings: Settings, store: Store, letters: Sequence[DeadLetter]) -> list[str]:
    clock = SystemClock()
    connection = wiring.kafka_connection(settings, _KAFKA_S)
    config = KafkaSinkConfig(connection, settings.kafka_topics[0], settings.kafka_log_topics[0])
    sink = KafkaSpanSink(config, clock)
    try:
        return list(replay_into(sink, store, clock)(letters))
    finally:
        sink.close()
