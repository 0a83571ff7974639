"""A fleet of two days in which something of everything happened, for the panels to show."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from tests.dashboards.seed_events import seed_events
from tests.dashboards.seed_plans import seed_plans
from tests.fixtures.store import call_rows
from watchkeeper.storage.client import Store

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=2)
CALLS = 2_880
"""One a minute."""

_OUTCOMES = (*["ok"] * 12, "error", "timeout", "rate_limited", "refused", "filtered", "truncated", "format_invalid")
_NAMES = ("service", "route", "provider", "request_model", "model", "variant")
_USES = (
    ("shop", "chat", "openai", "gpt-4o", "gpt-4o-2024-08-06", "primary"),
    ("shop", "chat", "anthropic", "claude-sonnet-4", "claude-sonnet-4-20250514", "canary"),
    ("search", "rank", "openai", "gpt-4o-mini", "gpt-4o-mini-2024-07-18", "primary"),
)


def seed(store: Store) -> None:
    """Fill the tables that panels read."""
    store.insert_arrow("calls", _calls(), "calls")
    seed_events(store, BEGIN, END)
    seed_plans(store, BEGIN, END)


def _calls() -> pa.Table:
    """gpt-4o-mini has no price; from the second day on, gpt-4o is another model."""
    times = [int(BEGIN.timestamp()) + 60 * place for place in range(CALLS)]
    calls = call_rows(
        CALLS, seed=2, ts=pa.array([at * 1_000_000 for at in times]), **_names(), **_answers(), **_costs()
    )
    return calls.append_column("ingested_at", pa.array([at + 5 for at in times], pa.timestamp("s", tz="UTC")))


def _names() -> dict[str, Any]:
    uses = [_USES[place % 3] for place in range(CALLS)]
    found = {name: [use[at] for use in uses] for at, name in enumerate(_NAMES)}
    moved = [place >= CALLS // 2 and use[3] == "gpt-4o" for place, use in enumerate(uses)]
    models = ["gpt-4o-2024-11-20" if new else use[4] for use, new in zip(uses, moved, strict=True)]
    return {**found, "model": models, "environment": "production"}


def _answers() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    outcomes = rng.choice(_OUTCOMES, CALLS).tolist()
    return {
        "outcome": outcomes,
        "format_valid": [outcome != "format_invalid" if place % 2 else None for place, outcome in enumerate(outcomes)],
        "ttft_us": pa.array(rng.lognormal(12, 0.5, CALLS).astype(np.uint64)),
        "is_stream": True,
        "cache_read_tokens": 400,
    }


def _costs() -> dict[str, Any]:
    def unless_unpriced(nano_dollars: int) -> list[int | None]:
        return [None if place % 3 == 2 else nano_dollars for place in range(CALLS)]

    return {
        "cost_usd": unless_unpriced(3_500_000),
        "cost_input_usd": unless_unpriced(2_200_000),
        "cost_cache_read_usd": unless_unpriced(200_000),
        "cost_cache_write_usd": unless_unpriced(100_000),
        "cost_output_usd": unless_unpriced(1_000_000),
        "cost_status": ["unpriced" if place % 3 == 2 else "priced" for place in range(CALLS)],
    }
