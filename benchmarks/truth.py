"""What the store must hold after a run, and what it holds.

The expectation is computed from the very messages that are sent: counts and tokens by the load generator, which knows
them by construction; costs by one pass through :class:`collector.stage.Stage` in this process.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.load import Totals
from collector.memory import CallMemory
from collector.price_book import PriceBook
from collector.stage import Stage, StageOptions
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.streams.source import Batch, RawMessage

DATABASE = "watchkeeper"
ROLLUPS = ("calls_1m", "calls_1h", "calls_1d")
_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens")
_AT_A_TIME = 20


@dataclass(frozen=True, slots=True)
class Sums:
    """Calls, tokens and cost of a set of calls; equal only if all are."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cost_usd: Decimal = Decimal(0)

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cost_usd + other.cost_usd,
        )

    @classmethod
    def of(cls, calls: pa.Table) -> Self:
        """The sums of rows as the collector stores them."""
        counts = {name: int(pc.sum(calls[name]).as_py() or 0) for name in ("calls", *_TOKENS)}
        cost = pc.sum(calls["cost_usd"].cast(pa.decimal128(38, 9))).as_py() or Decimal(0)
        return cls(**counts, cost_usd=cost)


def expected(bodies: Iterable[bytes], totals: Totals | None = None) -> Sums:
    """What OTLP trace requests hold, priced. Raises ``AssertionError`` where that contradicts ``totals``."""
    stage = Stage(CallMemory(2_000_000), PriceBook.load(None), StageOptions())
    found, waiting = Sums(), list[bytes]()
    for body in bodies:
        waiting.append(body)
        if len(waiting) == _AT_A_TIME:
            found, waiting = found + _read(stage, waiting), []
    found = found + _read(stage, waiting) if waiting else found
    if totals is not None:
        known = (totals.calls, totals.input_tokens, totals.output_tokens, totals.cache_read_tokens)
        assert known == (found.calls, found.input_tokens, found.output_tokens, found.cache_read_tokens), found
    return found


def _read(stage: Stage, bodies: list[bytes]) -> Sums:
    staged = stage.read(Batch("truth", 0, [RawMessage(body, 0) for body in bodies], "token"))
    assert not staged.bad, staged.bad
    stage.stored(staged)
    return Sums.of(staged.calls)


@dataclass(frozen=True, slots=True)
class Stored:
    """What one data directory holds."""

    rows: int
    spans: int
    """Distinct (trace id, span id)."""
    sums: Mapping[str, Sums]
    """By table: the raw calls and both rollups."""

    def differences(self, wanted: Sums) -> list[str]:
        """How it differs from exactly ``wanted``, one call a span; empty where it does not."""
        found = [f"{table}: {sums} instead of {wanted}" for table, sums in self.sums.items() if sums != wanted]
        if (self.rows, self.spans) != (wanted.calls, wanted.calls):
            found.append(f"{self.rows} rows of {self.spans} spans instead of {wanted.calls}")
        return found


def open_data(data_dir: Path) -> Store:
    """The embedded store of a process that has ended. One directory in a process's life."""
    return Store.open(StoreConfig(kind="chdb", database=DATABASE, data_dir=data_dir))


def stored(store: Store) -> Stored:
    """Read everything back."""
    counts = store.query_rows("SELECT count() AS n, uniqExact(trace_id, span_id) AS spans FROM calls")[0]
    return Stored(counts["n"], counts["spans"], {table: _sums(store, table) for table in ("calls", *ROLLUPS)})


def _sums(store: Store, table: str) -> Sums:
    counts = ", ".join(f"sum(t.{name}) AS {name}" for name in ("calls", *_TOKENS))
    cost = "sum(toDecimal128(ifNull(t.cost_usd, 0), 9)) AS cost_usd"
    row = store.query_rows(f"SELECT {counts}, {cost} FROM {table} AS t")[0]
    return Sums(**{name: int(row[name] or 0) for name in ("calls", *_TOKENS)}, cost_usd=Decimal(row["cost_usd"]))
