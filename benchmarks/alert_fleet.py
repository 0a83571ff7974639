"""A fleet of 120 series for a month, in which a provider goes out once and three models get worse for some hours."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.detection.call_table import Calls, call_table
from benchmarks.detection.seeds import generator
from detectors.columns import Bools, Floats

DAY_S, HOUR_S = 86_400.0, 3_600.0
START = 1_788_134_400.0
"""Monday 2026-08-31 00:00 UTC."""
PROVIDERS = ("anthropic", "google", "openai")
MODELS, ROUTES = 4, 10
"""Of each provider, of each model."""
_ERRORS = 0.01


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that happens to the calls of some series from ``begin`` on; days since :data:`START`."""

    name: str
    begin: float
    hours: float
    provider: str
    model: int | None = None
    """None: all of the provider's."""
    route: int | None = None
    errors: float = _ERRORS
    slower: float = 1.0

    @property
    def since(self) -> float:
        """Unix seconds."""
        return START + self.begin * DAY_S

    @property
    def until(self) -> float:
        """Unix seconds."""
        return self.since + self.hours * HOUR_S

    def concerns(self, calls: "Drawn") -> Bools:
        """[n]"""
        chosen: Bools = (calls.ts >= self.since) & (calls.ts < self.until) & (calls.provider == self.provider)
        if self.model is not None:
            chosen &= calls.number == self.model
        if self.route is not None:
            chosen &= calls.route == self.route
        return chosen


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Which calls are made when, in columns [n]."""

    ts: Floats
    provider: npt.NDArray[np.str_]
    number: npt.NDArray[np.int64]
    """Of the model, within its provider."""
    route: npt.NDArray[np.int64]


def troubles(days: int) -> tuple[Trouble, ...]:
    """The outage and the three regressions, after the detectors have learnt for more than a third of the time."""
    return (
        Trouble("outage of openai", int(0.40 * days) + 0.45, 50 / 60, "openai", errors=1.0),
        Trouble("anthropic's model 1 is slower", int(0.55 * days) + 0.30, 9, "anthropic", model=1, slower=1.6),
        Trouble(
            "google's model 2 fails on route 3", int(0.70 * days) + 0.40, 10, "google", model=2, route=3, errors=0.25
        ),
        Trouble("openai's model 0 fails now and then", int(0.85 * days) + 0.35, 9, "openai", model=0, errors=0.08),
    )


def days_of(days: int, calls_a_day: int, seed: int) -> Iterator[pa.Table]:
    """The calls of each day, in the order of time; busier by day than by night."""
    happening = troubles(days)
    for day in range(days):
        random = generator(seed, "alert fleet", day)
        yield _day(_drawn(random, START + day * DAY_S, calls_a_day), happening, random)


def _drawn(random: np.random.Generator, begin: float, n: int) -> Drawn:
    hour = np.arange(24)
    load = 0.65 - 0.35 * np.cos(2 * np.pi * (hour - 3) / 24)
    at = random.choice(24, n, p=load / load.sum()) * HOUR_S + random.random(n) * HOUR_S
    share = 1.0 / (2 + np.arange(ROUTES))
    return Drawn(
        ts=begin + np.sort(at),
        provider=np.array(PROVIDERS)[random.integers(0, len(PROVIDERS), n)],
        number=random.integers(0, MODELS, n),
        route=random.choice(ROUTES, n, p=share / share.sum()),
    )


def _day(drawn: Drawn, happening: tuple[Trouble, ...], random: np.random.Generator) -> pa.Table:
    n = len(drawn.ts)
    errors, slower = np.full(n, _ERRORS), np.ones(n)
    for trouble in happening:
        chosen = trouble.concerns(drawn)
        errors[chosen], slower[chosen] = trouble.errors, trouble.slower
    prompt = np.rint(np.exp(6.5 + 0.8 * random.standard_normal(n))) + 1
    output = np.rint(np.exp(5.0 + 0.9 * random.standard_normal(n))) + 1
    load = np.exp(0.4 * random.standard_normal(n)) * slower
    first = load * (0.3 + 0.0001 * prompt)
    calls = Calls(
        ts=drawn.ts,
        model=np.char.add(np.char.add(drawn.provider, "-"), drawn.number.astype(str)),
        route=np.char.add("route-", drawn.route.astype(str)),
        duration_s=first + load * 0.02 * output,
        first_token_s=first,
        input_tokens=prompt,
        output_tokens=output,
        failed=random.random(n) < errors,
    )
    table = call_table(calls, random)
    names = pa.array(drawn.provider.tolist()).dictionary_encode().cast(table.schema.field("provider").type)
    return table.set_column(table.schema.get_field_index("provider"), table.schema.field("provider"), names)
