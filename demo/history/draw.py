"""The calls of one hour, drawn: how many, when, how long, how they end. Equal arguments give equal calls."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demo.history.dialects import Ending
from demo.history.events import EVENTS, Event
from demo.history.workloads import Workload

HOUR_S = 3_600.0
_ENDINGS = tuple(Ending)
_WEEKEND = 0.45
_FIRST_WEEKDAY = 2
"""The history begins on a Wednesday, whatever day it is: so it is the same on every day that it is made."""
_LOAD = 0.10
"""How much slower answers are at twice the usual traffic."""
_WANDER = 0.02
"""Standard deviation of the load of an hour, beyond what the traffic explains."""
_TRY_AGAIN = 0.5
_PATIENCE_S = 15.0
_TIMEOUT_S = 60.0

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """``n`` calls of one workload in columns [n]; ``kinds`` tells, by ``kind``, what their spans have in common."""

    start_s: Floats
    """Seconds from the start of the history."""
    duration_s: Floats
    first_s: Floats
    input: Counts
    output: Counts
    cache_read: Counts
    cache_write: Counts
    kind: npt.NDArray[np.int64]
    """Position in ``kinds``."""
    kinds: tuple["Kind", ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """What spans are alike in but for numbers."""

    ending: Ending
    broken: bool
    served: str
    version: str
    prompt_version: str


def activity(hour: float) -> float:
    """Traffic at this hour from the start of the history, relative to the average."""
    day, clock = divmod(hour, 24)
    weekday = (int(day) + _FIRST_WEEKDAY) % 7
    daily = 1.0 + 0.62 * math.sin(2 * math.pi * (clock - 7.5) / 24) + 0.12 * math.sin(4 * math.pi * (clock - 8) / 24)
    return daily * (_WEEKEND if weekday >= 5 else 1.22)


def expected_calls(calls_per_hour: float, hours: float) -> int:
    """Of a workload in the first ``hours`` of the history, repetitions left out."""
    whole = sum(activity(hour + 0.5) for hour in range(int(hours)))
    return round(calls_per_hour * (whole + hours % 1 * activity(hours)))


class Drawing:
    """Draws one workload's calls. ``index`` tells it from the others of the same seed."""

    def __init__(self, workload: Workload, index: int, seed: int) -> None:
        self.workload = workload
        self._key = (seed, index)
        self._events = tuple(event for event in EVENTS if event.scope.has(workload))

    def hour(self, number: int) -> Drawn:
        """The calls that begin in hour ``number`` of the history, and the repetitions of those that failed."""
        random = np.random.default_rng((*self._key, number))
        # All workloads feel the same load: their own noise would be of no traffic that exists.
        load = 1 + _LOAD * (activity(number + 0.5) - 1)
        load *= math.exp(_WANDER * np.random.default_rng((self._key[0], 999, number)).standard_normal())
        count = random.poisson(self._busy(number) * self.workload.calls_per_hour * activity(number + 0.5))
        first = self._attempt(random, number * HOUR_S + np.sort(random.random(count)) * HOUR_S, load)
        return _joined([first, *self._repeated(random, first, load)])

    def _busy(self, number: int) -> float:
        lasting = (event.change.busier for event in self._events if event.begin <= number < event.end)
        return math.prod(lasting)

    def _repeated(self, random: np.random.Generator, failed: Drawn, load: float) -> Iterator[Drawn]:
        for _ in range(2):
            endings = np.array([_is_failure(kind.ending) for kind in failed.kinds], bool)[failed.kind]
            again = endings & (random.random(len(endings)) < _TRY_AGAIN)
            ends = failed.start_s[again] + failed.duration_s[again]
            failed = self._attempt(random, ends + random.exponential(_PATIENCE_S, int(again.sum())), load)
            yield failed

    def _attempt(self, random: np.random.Generator, start_s: Floats, load: float) -> Drawn:
        n, workload, active = len(start_s), self.workload, [(e, _during(e, start_s)) for e in self._events]
        prompt = workload.prompt_tokens - workload.cached_prefix
        fresh = np.rint(prompt * np.exp(0.45 * random.standard_normal(n))).astype(np.int64) + 20
        lost = _any(n, [mask for e, mask in active if e.change.cache_lost])
        hit = (random.random(n) < 0.97) & ~lost if workload.cached_prefix else np.zeros(n, bool)
        read = np.where(hit, workload.cached_prefix, 0)
        written = np.where(hit | lost, 0, workload.cached_prefix)
        output = np.rint(workload.output_tokens * np.exp(0.5 * random.standard_normal(n))).astype(np.int64) + 4
        ending = self._endings(random, n, active)
        broken = self._broken(random, n, active) & (ending == _ENDINGS.index(Ending.ANSWER))
        output = np.where(ending == _ENDINGS.index(Ending.REFUSAL), 30 + output % 25, output)
        sent = fresh + workload.cached_prefix
        first, total = self._times(random, (sent - read, output), load, active)
        kind, kinds = self._kinds(n, ending, broken, active)
        duration = _shortened(random, ending, total)
        return Drawn(start_s, duration, first, sent, output, read, written, kind, kinds)

    def _times(
        self, random: np.random.Generator, tokens: tuple[Counts, Counts], load: float, active: list[tuple[Event, Bools]]
    ) -> tuple[Floats, Floats]:
        """(to the first token, in all)."""
        read, written = tokens
        model, n = self.workload.model, len(read)
        slower = load * _product(n, [(e.change.slower, mask) for e, mask in active])
        first = slower * (model.first_s + read * 2.2e-5) * np.exp(0.32 * random.standard_normal(n))
        each = slower * model.token_s * np.exp(0.18 * random.standard_normal(n))
        return first, first + each * written

    def _endings(self, random: np.random.Generator, n: int, active: list[tuple[Event, Bools]]) -> Counts:
        odds = self.workload.odds
        usual = {
            Ending.REFUSAL: odds.refused,
            Ending.TRUNCATED: odds.truncated,
            Ending.ERROR: odds.error,
            Ending.RATE_LIMITED: odds.rate_limited,
            Ending.TIMEOUT: odds.timeout,
        }
        chance = np.tile([usual.get(ending, 0.0) for ending in _ENDINGS], (n, 1))
        for event, mask in active:
            if event.change.refused:
                chance[mask, _ENDINGS.index(Ending.REFUSAL)] = event.change.refused
            if event.change.failing:
                chance[mask] = 0.0
                chance[mask, _ENDINGS.index(Ending.ERROR)] = event.change.failing * 0.8
                chance[mask, _ENDINGS.index(Ending.TIMEOUT)] = event.change.failing * 0.2
        chance[:, 0] = 1 - chance[:, 1:].sum(axis=1)
        drawn: Counts = (random.random(n)[:, None] > np.cumsum(chance, axis=1)).sum(axis=1)
        return np.minimum(drawn, len(_ENDINGS) - 1)

    def _broken(self, random: np.random.Generator, n: int, active: list[tuple[Event, Bools]]) -> Bools:
        chance = np.full(n, self.workload.odds.broken)
        for event, mask in active:
            if event.change.broken:
                chance[mask] = event.change.broken
        found: Bools = random.random(n) < chance
        return found

    def _kinds(
        self, n: int, ending: Counts, broken: Bools, active: list[tuple[Event, Bools]]
    ) -> tuple[Counts, tuple[Kind, ...]]:
        words = [(self.workload.model.served, self.workload.version, self.workload.prompt_version)]
        said = np.zeros(n, np.int64)
        for event, mask in active:
            change, (served, version, prompt) = event.change, words[0]
            if mask.any() and (change.served or change.version or change.prompt_version):
                said[mask] = len(words)
                words.append((change.served or served, change.version or version, change.prompt_version or prompt))
        code = (said * 2 + broken) * len(_ENDINGS) + ending
        codes, kind = np.unique(code, return_inverse=True)
        kinds = (
            Kind(_ENDINGS[c % len(_ENDINGS)], bool(c // len(_ENDINGS) % 2), *words[c // len(_ENDINGS) // 2])
            for c in codes.tolist()
        )
        return kind.astype(np.int64), tuple(kinds)


def _is_failure(ending: Ending) -> bool:
    return ending in (Ending.ERROR, Ending.RATE_LIMITED, Ending.TIMEOUT)


def _shortened(random: np.random.Generator, ending: Counts, total: Floats) -> Floats:
    """Errors come fast, timeouts when the client's patience ends."""
    fast = 0.08 + 0.4 * random.random(len(total))
    failed = np.isin(ending, [_ENDINGS.index(Ending.ERROR), _ENDINGS.index(Ending.RATE_LIMITED)])
    shortened: Floats = np.where(failed, fast, total)
    return np.where(ending == _ENDINGS.index(Ending.TIMEOUT), _TIMEOUT_S, shortened)


def _during(event: Event, start_s: Floats) -> Bools:
    mask: Bools = (start_s >= event.begin * HOUR_S) & (start_s < event.end * HOUR_S)
    return mask


def _product(n: int, factors: list[tuple[float, Bools]]) -> Floats:
    product = np.ones(n)
    for factor, mask in factors:
        product[mask] *= factor
    return product


def _any(n: int, masks: list[Bools]) -> Bools:
    found = np.zeros(n, bool)
    for mask in masks:
        found |= mask
    return found


def _joined(parts: list[Drawn]) -> Drawn:
    kinds = tuple(kind for part in parts for kind in part.kinds)
    first = np.cumsum([0, *(len(part.kinds) for part in parts)])
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in Drawn.__slots__[:-2]}
    kind = np.concatenate([part.kind + base for part, base in zip(parts, first[:-1], strict=True)])
    return Drawn(**columns, kind=kind, kinds=kinds)
