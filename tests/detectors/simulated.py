"""Simulated workloads: calls in the schema of stored ones whose every property is known, and the engine driven by them.

Times are Unix seconds. All randomness comes from the generator that is passed in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from detectors.config import DAY_S, DetectorConfig
from detectors.engine import Engine
from detectors.records import FindingKind, Regression, State
from watchkeeper.schema import CALLS_SCHEMA

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
START = 1_780_272_000.0
"""Monday, 2026-06-01 00:00 UTC."""
HOUR_S = 3_600.0
_WORDS = {"service": "shop", "route": "answer", "provider": "openai", "request_model": "gpt-x", "model": "gpt-x"}


@dataclass(slots=True)
class Traffic:
    """``n`` calls before they become a table; a scenario changes what it is about."""

    ts: Floats
    """[n] ascending."""
    prompt: Floats
    """[n] input tokens."""
    output: Floats
    """[n] output tokens."""
    seconds: Floats
    """[n] latency."""
    outcome: npt.NDArray[np.str_]
    """[n] values of :class:`~watchkeeper.schema.Outcome`."""

    def __len__(self) -> int:
        return len(self.ts)

    def after(self, moment: float) -> Bools:
        """[n] did the call start at ``moment`` or later?"""
        return self.ts >= moment

    def slower(self, which: Bools, factor: float) -> None:
        """Those calls take ``factor`` times as long."""
        self.seconds = np.where(which, self.seconds * factor, self.seconds)

    def fail(self, rng: np.random.Generator, share: Floats | float, outcome: str = "error") -> None:
        """A ``share`` of the calls that were good end with ``outcome``."""
        chosen = (rng.random(len(self)) < share) & (self.outcome == "ok")
        self.outcome = np.where(chosen, outcome, self.outcome)

    def table(self, **columns: Any) -> pa.Table:
        """The calls; ``columns`` are further ones or other words than the usual, one for all or one a call."""
        made = {
            **_WORDS,
            "ts": np.round(self.ts * 1e6).astype(np.int64),
            "calls": 1,
            "outcome": self.outcome,
            "duration_us": self.seconds * 1e6,
            "duration_complete": True,
            "input_tokens": self.prompt,
            "output_tokens": self.output,
        } | columns
        return pa.table([_column(f, made.get(f.name), len(self)) for f in CALLS_SCHEMA], schema=CALLS_SCHEMA)


def _column(field: pa.Field, value: Any, rows: int) -> pa.Array:
    if value is None:
        return pa.nulls(rows, field.type)
    column = pa.array(np.broadcast_to(np.asarray(value), rows))
    if pa.types.is_dictionary(field.type):
        return column.cast(pa.string()).dictionary_encode().cast(field.type)
    return column.cast(field.type, safe=False)


def arrivals(rng: np.random.Generator, per_hour: float, days: float, begin: float = START) -> Floats:
    """Moments of a Poisson process."""
    count = rng.poisson(per_hour * 24 * days)
    return begin + np.sort(rng.random(count)) * days * DAY_S


def busy(rng: np.random.Generator, per_hour: float, days: float, begin: float = START) -> Floats:
    """Moments of traffic five times as large in the afternoon as at night, and half of that on weekends."""
    moments = arrivals(rng, per_hour, days, begin)
    return moments[rng.random(len(moments)) < load(moments)]


def load(ts: Floats) -> Floats:
    """[n] 0.1 … 1: how busy the hour is."""
    hours = (ts % DAY_S) / HOUR_S
    weekend = ((ts - START) % (7 * DAY_S)) >= 5 * DAY_S
    level: Floats = (0.6 - 0.4 * np.cos(2 * np.pi * (hours - 3) / 24)) * np.where(weekend, 0.5, 1.0)
    return level


def traffic(rng: np.random.Generator, ts: Floats, *, prompt: float = 400.0, output: float = 150.0) -> Traffic:
    """Calls at ``ts`` with lognormal token counts (medians given) and the latency that follows from them."""
    n = len(ts)
    prompts = np.floor(rng.lognormal(np.log(prompt), 1.0, n)) + 1
    outputs = np.floor(rng.lognormal(np.log(output), 0.8, n)) + 1
    seconds = (0.3 + 0.0002 * prompts + 0.01 * outputs) * rng.lognormal(0, 0.3, n)
    return Traffic(ts, prompts, outputs, seconds, np.full(n, "ok", dtype="<U16"))


def steady(rng: np.random.Generator, per_hour: float, days: float, errors: float = 0.01) -> Traffic:
    """A healthy workload of constant rate."""
    made = traffic(rng, arrivals(rng, per_hour, days))
    made.fail(rng, errors)
    return made


def units(table: pa.Table, seconds: float, begin: float = START) -> Iterator[tuple[pa.Table, float]]:
    """The calls as they arrive: those of every ``seconds`` (of the column ``ts``) together, and when."""
    table = table.take(pc.sort_indices(table["ts"]))
    slots = ((table["ts"].cast(pa.int64()).to_numpy() / 1e6 - begin) // seconds).astype(np.int64)
    edges = np.flatnonzero(np.diff(slots, prepend=slots[0] - 1)).tolist() if len(slots) else []
    for first, last in zip(edges, [*edges[1:], len(slots)], strict=True):
        yield table.slice(first, last - first), begin + (float(slots[first]) + 1) * seconds


def run(engine: Engine, table: pa.Table, seconds: float = HOUR_S, begin: float = START) -> list[Regression]:
    """Everything that ``engine`` tells about the calls, a clock tick after each unit."""
    told: list[Regression] = []
    for unit, received_at in units(table, seconds, begin):
        told += engine.process(unit, received_at)
        told += engine.advance(received_at)
    return told


def regressions(told: list[Regression]) -> list[Regression]:
    """The first transition of each regression: what somebody is paged for."""
    return [one for one in told if one.kind is FindingKind.REGRESSION and one.seq == 1]


def last(told: list[Regression], regression: Regression) -> Regression:
    """A regression as it stands at the end."""
    return [one for one in told if one.id == regression.id][-1]


def watched(table: pa.Table, config: DetectorConfig | None = None, seconds: float = HOUR_S) -> list[Regression]:
    """What a new engine tells about the calls."""
    return run(Engine(config or DetectorConfig()), table, seconds)


def metrics_of(regression: Regression) -> set[str]:
    """Names of the metrics that take part."""
    return {member.metric for member in regression.members}


def is_closed(regression: Regression) -> bool:
    """Is it over?"""
    return regression.state is State.CLOSED
