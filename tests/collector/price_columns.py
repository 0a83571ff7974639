"""Building price inputs a call at a time, for tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from collector.pricing import PriceInput, PriceOutput


@dataclass(frozen=True, slots=True)
class Call:
    """One call to price."""

    provider: str = "openai"
    request_model: str = "gpt-4o"
    model: str = ""
    tier: str = ""
    at: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)
    input: int | None = None
    output: int | None = None
    read: int | None = None
    write: int | None = None
    reasoning: int | None = None
    reported: Decimal | None = None
    cached: bool = False


def columns(calls: Sequence[Call]) -> PriceInput:
    """``calls`` as the normaliser hands them over."""

    def words(values: Sequence[str]) -> pa.Array:
        return pa.array(values, pa.string()).dictionary_encode()

    def tokens(values: Sequence[int | None]) -> pa.Array:
        return pa.array(values, pa.uint32())

    return PriceInput(
        provider=words([c.provider for c in calls]),
        request_model=words([c.request_model for c in calls]),
        model=words([c.model for c in calls]),
        service_tier=words([c.tier for c in calls]),
        ts=np.array([round(c.at.timestamp() * 1_000_000) for c in calls], np.int64),
        input_tokens=tokens([c.input for c in calls]),
        output_tokens=tokens([c.output for c in calls]),
        cache_read_tokens=tokens([c.read for c in calls]),
        cache_write_tokens=tokens([c.write for c in calls]),
        reasoning_tokens=tokens([c.reasoning for c in calls]),
        cost_reported=pa.array([c.reported for c in calls], pa.decimal128(18, 9)),
        gateway_cache_hit=np.array([c.cached for c in calls], np.bool_),
    )


def rows(output: PriceOutput) -> list[dict[str, Any]]:
    """A priced batch as one dictionary a call."""
    names = [name for name in output.__slots__ if name != "unpriced"]
    table = pa.table({name: getattr(output, name) for name in names})
    found: list[dict[str, Any]] = table.to_pylist()
    return found
