"""Made-up calls in the schema of stored ones, for tests of findings."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from detectors.columns import CallColumns, call_columns
from detectors.finding import FindingDetector
from detectors.group_calls import by_model
from detectors.records import Regression
from detectors.series import ANY, SeriesKey
from watchkeeper.schema import CALLS_SCHEMA

Floats = npt.NDArray[np.float64]
START = 1_756_684_800.0
"""Monday, 2025-09-01 00:00 UTC."""
PARENT = SeriesKey(ANY, ANY, "openai", "gpt-x", ANY)
HOUR = 3_600.0
DAY = 86_400.0

_DEFAULTS: dict[str, Any] = {
    "calls": 1,
    "service": "shop",
    "route": "chat",
    "provider": "openai",
    "request_model": "gpt-x",
    "model": "gpt-x-2026-05-01",
    "outcome": "ok",
    "duration_us": 1_000_000,
    "duration_complete": True,
    "is_stream": False,
    "input_tokens": 1_000,
    "output_tokens": 100,
    "variant": "primary",
    "attempt": 1,
    "gateway_cache_hit": False,
}


def calls(ts: Sequence[float] | Floats, **columns: Any) -> pa.Table:
    """One call a moment of ``ts``; a column is one value for all, or one a call."""
    fields = {"ts": np.round(np.asarray(ts) * 1e6).astype(np.int64), **{**_DEFAULTS, **columns}}
    made = [_column(field, fields.get(field.name), len(ts)) for field in CALLS_SCHEMA]
    return pa.table(made, schema=CALLS_SCHEMA)


def _column(field: pa.Field, value: Any, rows: int) -> pa.Array:
    many = isinstance(value, np.ndarray | list)
    if value is None:
        return pa.nulls(rows, field.type)
    plain = list(value) if many else [value] * rows
    if pa.types.is_decimal(field.type):
        plain = [None if one is None or one != one else Decimal(f"{one:.9f}") for one in plain]
    if pa.types.is_dictionary(field.type):
        return pa.array(plain, pa.string()).dictionary_encode().cast(field.type)
    if field.name == "ts":
        return pa.array(value, pa.timestamp("us", tz="UTC"))
    return pa.array(plain, field.type)


def unless(gone: npt.NDArray[np.bool_], values: Any) -> list[Any]:
    """``values`` (one, or one a call), unknown where ``gone``."""
    return [None if away else one for away, one in zip(gone, np.broadcast_to(values, gone.shape).tolist(), strict=True)]


def arrivals(rng: np.random.Generator, begin: float, end: float, per_hour: Callable[[float], float]) -> Floats:
    """Poisson moments in [begin, end) at ``per_hour(moment)`` calls an hour, constant over ten minutes."""
    edges = np.arange(begin, end, 600.0)
    counts = rng.poisson([per_hour(edge) / 6 for edge in edges])
    return np.sort(np.repeat(edges, counts) + rng.random(counts.sum()) * 600.0)


def office(moment: float) -> float:
    """0 … 1: busy on weekdays by day, nearly nothing at night and on weekends (START is a Monday)."""
    day, hour = int((moment - START) // DAY) % 7, (moment % DAY) / HOUR
    return 1.0 if day < 5 and 8 <= hour < 18 else 0.005


def day_and_night(moment: float) -> float:
    """0.3 … 1 over the day, a little less on weekends."""
    day, hour = int((moment - START) // DAY) % 7, (moment % DAY) / HOUR
    return (0.65 - 0.35 * float(np.cos(2 * np.pi * (hour - 3) / 24))) * (0.7 if day >= 5 else 1.0)


def units(table: pa.Table, seconds: float) -> Iterator[tuple[CallColumns, float]]:
    """``table`` (by time) cut every ``seconds``, each part with the moment it was received."""
    whole = call_columns(table)
    bins = (whole.ts // seconds).astype(np.int64)
    cuts = [0, *(np.flatnonzero(np.diff(bins)) + 1).tolist(), len(bins)]
    for begin, end in zip(cuts, cuts[1:], strict=False):
        yield _cut(whole, begin, end), float(whole.ts[end - 1]) + 1.0


def _cut(whole: CallColumns, begin: int, end: int) -> CallColumns:
    part = slice(begin, end)
    return replace(
        whole,
        ts=whole.ts[part],
        series=whole.series[part],
        counted=whole.counted[part],
        bad=whole.bad[part],
        values=whole.values[part],
        prompt_bucket=whole.prompt_bucket[part],
        output_bucket=whole.output_bucket[part],
        table=whole.table.slice(begin, end - begin),
    )


def run(detector: FindingDetector, table: pa.Table, seconds: float = 60.0) -> list[Regression]:
    """What ``detector`` tells about ``table``, cut into units of ``seconds``."""
    return feed(detector, units(table, seconds))


def feed(detector: FindingDetector, parts: Iterable[tuple[CallColumns, float]]) -> list[Regression]:
    """What ``detector`` tells about ``parts``; ends with checks of its state and of its transitions' numbers."""
    told: list[Regression] = []
    for part, now in parts:
        for group in by_model(part):
            told += detector.feed(group, now)
    kept = detector.state()
    detector.restore(json.loads(json.dumps(kept)))
    assert detector.state() == kept
    sequence: dict[str, int] = {}
    for record in told:
        sequence[record.id] = sequence.get(record.id, 0) + 1
        assert record.seq == sequence[record.id]
    return told
