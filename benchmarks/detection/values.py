"""Streams of positive numbers: latencies of several shapes, with and without dependence, and token counts."""

import numpy as np
from scipy.signal import lfilter

from benchmarks.detection.streams import Apply, Change, Draw, LogRatio, Stream, by_name
from detectors.columns import Floats
from detectors.metrics import Kind

MEDIAN_S = 2.0
SPREADS = (0.6, 0.9, 1.2)
"""Standard deviations of log latency; those of real LLM calls are 0.3 to 1.3."""

_BASELINE, _BEFORE = 10_000, 12_000
_WINDOW = {1.1: 60_000, 1.2: 20_000, 1.5: 6_000}
_TAIL_WINDOW = 100_000


def lognormal(spread: float) -> Draw:
    """Independent latencies in seconds, median :data:`MEDIAN_S`; logarithms have standard deviation ``spread``."""

    def draw(random: np.random.Generator, n: int) -> Floats:
        return MEDIAN_S * np.exp(spread * random.standard_normal(n))

    return draw


def autoregressive(spread: float, memory: float) -> Draw:
    """As :func:`lognormal`, but each logarithm correlates with the one before by ``memory`` (AR(1), stationary)."""

    def draw(random: np.random.Generator, n: int) -> Floats:
        return MEDIAN_S * np.exp(spread * _memory_process(random, n, memory))

    return draw


def wandering(spread: float, wander: float, calls: float) -> Draw:
    """Lognormal latency times a load that wanders.

    The load's logarithm has standard deviation ``wander`` and is forgotten over ``calls`` calls.
    """

    def draw(random: np.random.Generator, n: int) -> Floats:
        load = wander * _memory_process(random, n, float(np.exp(-1 / calls)))
        return MEDIAN_S * np.exp(load + spread * random.standard_normal(n))

    return draw


def _memory_process(random: np.random.Generator, n: int, memory: float) -> Floats:
    """[n] Gaussian AR(1) with mean 0 and variance 1, stationary from the first call on."""
    start = random.standard_normal()
    shocks = random.standard_normal(n)
    process: Floats = lfilter([np.sqrt(1 - memory**2)], [1.0, -memory], shocks, zi=[memory * start])[0]
    return process


def cached_or_not(hits: float) -> Draw:
    """A share ``hits`` of answers from a cache, median 0.3 s, the others median 2 s.

    Of those, 2 % have a Pareto tail of index 2.
    """

    def draw(random: np.random.Generator, n: int) -> Floats:
        full = MEDIAN_S * np.exp(0.6 * random.standard_normal(n))
        full *= np.where(random.random(n) < 0.02, 1 + random.pareto(2.0, n), 1.0)
        return np.where(random.random(n) < hits, 0.3 * np.exp(0.3 * random.standard_normal(n)), full)

    return draw


def output_tokens(median: float, spread: float) -> Draw:
    """Whole numbers, at least 1, of a lognormal law."""

    def draw(random: np.random.Generator, n: int) -> Floats:
        return np.maximum(1.0, np.rint(median * np.exp(spread * random.standard_normal(n))))

    return draw


def slower(factor: float) -> Apply:
    """Every call takes ``factor`` times as long."""

    def apply(_: np.random.Generator, calls: Floats) -> Floats:
        return calls * factor

    return apply


def more_tokens(factor: float) -> Apply:
    """Every answer has ``factor`` times as many tokens, rounded."""

    def apply(_: np.random.Generator, calls: Floats) -> Floats:
        return np.maximum(1.0, np.rint(calls * factor))

    return apply


def slow_tail(share: float, factor: float) -> Apply:
    """A random ``share`` of the calls takes ``factor`` times as long: the median hardly moves."""

    def apply(random: np.random.Generator, calls: Floats) -> Floats:
        return calls * np.where(random.random(len(calls)) < share, factor, 1.0)

    return apply


def another(law: Draw) -> Apply:
    """Calls of another law altogether."""

    def apply(random: np.random.Generator, calls: Floats) -> Floats:
        return law(random, len(calls))

    return apply


def shift_log_ratio(spread: float, factor: float) -> LogRatio:
    """Of a lognormal latency ``factor`` times as long against one that is not."""
    shift = float(np.log(factor)) / spread

    def log_ratio(calls: Floats) -> Floats:
        return shift * (np.log(calls / MEDIAN_S) / spread) - shift**2 / 2

    return log_ratio


def percent(factor: float) -> str:
    """``1.2`` is ``+20%``, ``1.025`` is ``+2.5%``."""
    return f"{(factor - 1) * 100:+.3g}%"


def _slower(factor: float, spread: float | None = None) -> Change:
    log_ratio = shift_log_ratio(spread, factor) if spread else None
    return Change(percent(factor), slower(factor), _WINDOW[factor], log_ratio)


TAIL = Change("tail: 3% x8", slow_tail(0.03, 8.0), _TAIL_WINDOW)


def _independent(spread: float) -> Stream:
    changes = (*(_slower(factor, spread) for factor in (1.1, 1.2, 1.5)), TAIL)
    return Stream(f"latency s={spread}", Kind.VALUE, _BASELINE, _BEFORE, lognormal(spread), changes)


def _dependent(name: str, draw: Draw) -> Stream:
    return Stream(name, Kind.VALUE, 20_000, 24_000, draw, (_slower(1.5),))


INDEPENDENT = by_name(_independent(spread) for spread in SPREADS)
SHAPES = by_name(
    (
        Stream(
            "latency with cache hits",
            Kind.VALUE,
            _BASELINE,
            _BEFORE,
            cached_or_not(0.30),
            (_slower(1.2), _slower(1.5), Change("hits 30% to 15%", another(cached_or_not(0.15)), 20_000)),
        ),
        Stream(
            "output tokens",
            Kind.VALUE,
            _BASELINE,
            _BEFORE,
            output_tokens(200.0, 0.9),
            (Change("+20%", more_tokens(1.2), 20_000), Change("+50%", more_tokens(1.5), 6_000)),
        ),
    )
)
DEPENDENT = by_name(
    (
        _dependent("AR(1) 0.6 latency", autoregressive(0.9, 0.6)),
        _dependent("load wander 10% over 1,000", wandering(0.9, 0.10, 1_000)),
        _dependent("load wander 20% over 3,000", wandering(0.9, 0.20, 3_000)),
    )
)
