"""What the pages about advice, migrations and what arrives show besides: a migration to act on, dead letters, saves."""

from datetime import datetime, timedelta

import pyarrow as pa

from tests.web.traffic import NOW
from watchkeeper.storage import model_migrations, route_weights
from watchkeeper.storage.client import Store
from watchkeeper.storage.dead_letters import NewLetter, letters_table
from watchkeeper.storage.detector_state import DetectorState, StatePlace, save_state
from watchkeeper.storage.model_migrations import MigrationDecision, ModelMigration, Served
from watchkeeper.storage.route_weights import RouteWeights, Target

ACTED_ON = "m2"
"""A migration of the route ``summaries``, in its second canary."""
_FROM, _TO = Served("google", "gemini-2.5-flash"), Served("openai", "gpt-4o-mini")
_BEFORE = (Target("google", "gemini-2.5-flash", 100, "primary"),)
_NOW = (Target("google", "gemini-2.5-flash", 75, "primary"), Target("openai", "gpt-4o-mini", 25, "canary"))
_HOUR = timedelta(hours=1)


def stored_soon(calls: pa.Table) -> pa.Table:
    """``calls`` with the times they were stored: five seconds after their begin."""
    seconds = [at.as_py() // 1_000_000 + 5 for at in calls["ts"].cast(pa.int64())]
    return calls.append_column("ingested_at", pa.array(seconds, pa.timestamp("s", tz="UTC")))


def seed(store: Store) -> None:
    """All of it."""
    _migration(store, NOW - 3 * _HOUR)
    letters = [
        NewLetter("otlp_spans", 0, 7, "traces", "protobuf", "malformed_protobuf", "no OTLP trace export", b"x", _us(2)),
        NewLetter("otlp_http", 0, 8, "traces", "json", "malformed_json", "not JSON at position 3", b"{", _us(1)),
        NewLetter("otlp_http", 0, 9, "traces", "json", "of_tomorrow", "", b"{", _us(1)),
    ]
    store.insert_arrow("dead_letters", letters_table(letters, _us(0)), "letters")
    save_state(
        store, StatePlace("detectors", "llm_calls", 0, "1"), DetectorState(1, 9, b"x"), NOW - timedelta(minutes=1)
    )


def _migration(store: Store, start: datetime) -> None:
    begun = ModelMigration(
        ACTED_ON, "summaries", 1, _FROM, _TO, {}, {}, "", "", "a third of the cost", _BEFORE, (), (), "ops", start
    )
    model_migrations.begin(store, begun)
    for seq, (step, phase) in enumerate((("start", "canary_5"), ("promote", "canary_25")), 1):
        at = start + seq * _HOUR
        decision = MigrationDecision(ACTED_ON, seq, f"e{seq}", step, phase, at, False, step, {}, "ops", at, 2, {})
        model_migrations.decide(store, decision)
    for version, targets in enumerate((_BEFORE, _NOW), 1):
        route_weights.write(store, RouteWeights("summaries", version, targets, (), (), "x", ACTED_ON, "ops", start))


def _us(hours_ago: int) -> int:
    return int((NOW - hours_ago * _HOUR).timestamp() * 1_000_000)
