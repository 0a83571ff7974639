"""Calls of one model on several routes, as two cohorts would see them: a known law, and dependence in time."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ROUTES = ("chat", "search", "extract", "summary")
OUTPUT_TYPES = ("text", "text", "json", "text")
OK, ERROR, REFUSED, TRUNCATED, FORMAT_INVALID = range(5)
OUTCOMES = ("ok", "error", "refused", "truncated", "format_invalid")
SHARES = (0.4, 0.3, 0.2, 0.1)
MIXED_SHARES = (0.15, 0.2, 0.3, 0.35)
_RATES = np.array([[0.01, 0.02, 0.005, 0.03], [0.005, 0.01, 0.02, 0.005], [0.02, 0.01, 0.002, 0.04], [0, 0, 0.05, 0]])
"""[outcome, route] of errors, refusals, truncations, broken formats."""
_PROMPT = np.array([5.5, 6.5, 7.0, 8.5])
"""Mean logarithm of the prompt's tokens."""
_ANSWER = np.array([5.0, 4.0, 4.5, 6.0])
_SPREAD, _NOISE, _SLOPE = 0.8, 0.5, 0.2
_FIRST_US, _BASE_US = 1_780_000_000_000_000, 6.5
_USD_IN, _USD_OUT = 2.5e-6, 1e-5
_BURST_CALLS, _BURST_RATE = 20, 0.1


@dataclass(frozen=True, slots=True)
class Law:
    """How one cohort behaves: shares and length of prompts are its traffic, the rest its model and the load."""

    shares: tuple[float, ...] = SHARES
    longer: float = 0.0
    """Added to the logarithm of every prompt's tokens."""
    slower: float = 0.0
    """Added to the logarithm of every latency."""
    dearer: float = 0.0
    """Added to the logarithm of every cost."""
    rates: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    """Times the rates of errors, refusals, truncations and broken formats."""
    wander: float = 0.1
    """Standard deviation of a load that slows all calls of some time, in logarithms."""
    wander_s: float = 1_200.0
    """Its correlation time."""
    bursts: float = 0.002
    """Bursts of errors that begin, per call."""
    per_minute: tuple[float, float] = (1.0, 20.0)
    """Calls a minute, drawn once for a pair between these."""


@dataclass(frozen=True, slots=True, eq=False)
class Calls:
    """Calls [n] of one cohort in the order of time, in the units of the table ``calls``."""

    at_us: Ints
    route: Ints
    """Place in :data:`ROUTES`."""
    input_tokens: Ints
    output_tokens: Ints
    duration_us: Ints
    outcome: Ints = field(repr=False)
    """Place in :data:`OUTCOMES`."""
    cost_nano_usd: Ints = field(repr=False)


def drawn(law: Law, n: int, per_minute: float, random: np.random.Generator) -> Calls:
    """``n`` calls: lognormal lengths and latencies, longer prompts slower and dearer, rates by route."""
    at = np.cumsum(random.exponential(60.0 / per_minute, n))
    route = np.searchsorted(np.cumsum(law.shares[:-1]), random.random(n), side="right")
    prompt = np.exp(_PROMPT[route] + law.longer + _SPREAD * random.standard_normal(n)).astype(np.int64) + 1
    answer = np.exp(_ANSWER[route] + 0.6 * random.standard_normal(n)).astype(np.int64) + 1
    slow = _BASE_US + law.slower + _wander(law, at, random) + _NOISE * random.standard_normal(n)
    logarithm = slow + _SLOPE * np.log(prompt) + 0.8 * np.log(answer)
    cost = np.exp(law.dearer) * (_USD_IN * prompt + _USD_OUT * answer)
    return Calls(
        _FIRST_US + (at * 1e6).astype(np.int64),
        route,
        prompt,
        answer,
        (1_000 * np.exp(logarithm - _BASE_US + 1)).astype(np.int64) + 1,
        _outcomes(law, route, random),
        np.rint(cost * 1e9).astype(np.int64),
    )


def rate_of_pair(law: Law, random: np.random.Generator) -> float:
    """Calls a minute."""
    low, high = np.log(law.per_minute)
    return float(np.exp(random.uniform(low, high)))


def _wander(law: Law, at: Floats, random: np.random.Generator) -> Floats:
    """[n] an Ornstein-Uhlenbeck process at the times of the calls (seconds): what falls together is slow together."""
    keeps = np.exp(-np.diff(at, prepend=at[0]) / law.wander_s)
    shocks = np.sqrt(1 - keeps * keeps) * random.standard_normal(len(at))
    shocks[0] = random.standard_normal()
    level, levels = 0.0, np.empty(len(at))
    for place, (kept, shock) in enumerate(zip(keeps.tolist(), shocks.tolist(), strict=True)):
        level = kept * level + shock
        levels[place] = level
    return law.wander * levels


def _outcomes(law: Law, route: Ints, random: np.random.Generator) -> Ints:
    n = len(route)
    rates = (_RATES * np.array(law.rates)[:, None])[:, route]
    edges = np.cumsum(rates, axis=0)
    found = (random.random(n) < edges).sum(axis=0)
    outcome = np.where(found == 0, OK, len(OUTCOMES) - found)
    starts = np.flatnonzero(random.random(n) < law.bursts)
    burst = np.zeros(n, bool)
    for start, length in zip(starts, random.geometric(1 / _BURST_CALLS, len(starts)), strict=True):
        burst[start : start + length] = True
    hit = random.random(n) < _BURST_RATE * law.rates[0]
    return np.where(burst & hit, ERROR, outcome).astype(np.int64)
