"""Streams of 0/1: failures that come singly, in bursts, or creep up."""

import numpy as np
import numpy.typing as npt

from benchmarks.detection.streams import Apply, Change, Draw, LogRatio, Stream, by_name
from detectors.columns import Bools, Floats
from detectors.metrics import Kind

_BAD_IN_BASELINE = 50
_BASELINE = 10_000
_WINDOW = {2: 300, 3: 100, 5: 50}
"""Expected failures before the change that the window is long, by the multiple of the rate."""


def bernoulli(p: float) -> Draw:
    """Independent failures at rate ``p``."""

    def draw(random: np.random.Generator, n: int) -> Floats:
        return (random.random(n, dtype=np.float32) < p).astype(np.float64)

    return draw


def bursts(p: float, within: float, length: float, gap: float) -> Draw:
    """Independent failures at rate ``p``, and at rate ``within`` in episodes.

    Episodes and the stretches between have geometric lengths with means ``length`` and ``gap`` calls: a Markov chain of
    two states.
    """

    def draw(random: np.random.Generator, n: int) -> Floats:
        rate = np.where(_episodes(random, n, length, gap), within, p)
        return (random.random(n, dtype=np.float32) < rate).astype(np.float64)

    return draw


def _episodes(random: np.random.Generator, n: int, length: float, gap: float) -> Bools:
    lengths: list[npt.NDArray[np.int64]] = []
    calls = 0
    while calls < n:
        pairs = np.empty(2 * int(n / (length + gap) + 16), np.int64)
        pairs[0::2] = random.geometric(1 / gap, len(pairs) // 2)
        pairs[1::2] = random.geometric(1 / length, len(pairs) // 2)
        lengths.append(pairs)
        calls += int(pairs.sum())
    every = np.concatenate(lengths)
    return np.repeat(np.arange(len(every)) % 2 == 1, every)[:n]


def more_failures(p: float, to: float) -> Apply:
    """Independent failures on top of those there are, so that a rate of ``p`` becomes ``to``."""
    share = (to - p) / (1 - p)

    def apply(random: np.random.Generator, calls: Floats) -> Floats:
        return np.maximum(calls, random.random(len(calls), dtype=np.float32) < share)

    return apply


def creeping(p: float, to: float, over: int) -> Apply:
    """A rate that climbs from ``p`` to ``to`` in a straight line over ``over`` calls and stays there."""

    def apply(random: np.random.Generator, calls: Floats) -> Floats:
        way = np.minimum(np.arange(1, len(calls) + 1) / over, 1.0)
        return np.maximum(calls, random.random(len(calls)) < way * (to - p) / (1 - p))

    return apply


def bernoulli_log_ratio(p: float, to: float) -> LogRatio:
    """Of a call at rate ``to`` against rate ``p``."""
    good, bad = float(np.log((1 - to) / (1 - p))), float(np.log(to / p))

    def log_ratio(calls: Floats) -> Floats:
        return good + (bad - good) * calls

    return log_ratio


def _multiple(p: float, factor: int, known: bool = True) -> Change:
    log_ratio = bernoulli_log_ratio(p, factor * p) if known else None
    return Change(f"x{factor}", more_failures(p, factor * p), int(_WINDOW[factor] / p), log_ratio)


def _independent(p: float) -> Stream:
    baseline = max(_BASELINE, int(_BAD_IN_BASELINE / p))
    changes = tuple(_multiple(p, factor) for factor in (2, 3, 5))
    return Stream(f"failures {p:.1%}", Kind.RATE, baseline, int(1.2 * baseline), bernoulli(p), changes)


def _bursty(name: str, draw: Draw) -> Stream:
    return Stream(name, Kind.RATE, 20_000, 24_000, draw, (_multiple(0.01, 3, known=False),))


INDEPENDENT = by_name(_independent(p) for p in (0.001, 0.01, 0.05))
BURSTS = by_name(
    (
        _bursty("mild error bursts", bursts(0.01, 0.10, length=20, gap=1_000)),
        _bursty("strong error bursts", bursts(0.01, 0.50, length=30, gap=1_000)),
    )
)
CREEP = by_name(
    (
        Stream(
            "creeping failures",
            Kind.RATE,
            20_000,
            24_000,
            bernoulli(0.01),
            (Change("1 % to 3 % over 300,000 calls", creeping(0.01, 0.03, 300_000), 400_000),),
        ),
    )
)
