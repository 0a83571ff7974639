"""The best that could be done: Page's CUSUM that knows the law before and the law after the change.

Its threshold comes from simulation. The statistic starts anew whenever it is back at 0, so the average run length is

    ARL(h) = E0[length of a cycle] / P0(a cycle ends above h)

and the rare second event is counted under the law *after* the change, where it is common, and weighted back by the
likelihood ratio: P0(above) = E1[exp(-S); above] (Siegmund, Sequential Analysis, 1985). log ARL grows by about 1 per
unit of h, so three steps find h.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.detection.seeds import generator
from benchmarks.detection.streams import Change, LogRatio, Stream
from detectors.columns import Bools, Floats

_WALKS = 500_000
_STEPS = 3
_LONGEST = 1_000_000
_CHUNK = 50_000


@dataclass(frozen=True, slots=True)
class Cusum:
    """CUSUM over known log likelihood ratios; after an alarm it starts at 0."""

    log_ratio: LogRatio
    threshold: float

    def alarms(self, calls: Floats) -> Iterator[int]:
        """Positions of the calls that raise an alarm."""
        increments, start, carried = self.log_ratio(calls), 0, 0.0
        while start < len(increments):
            part = increments[start : start + _CHUNK].copy()
            part[0] += carried
            walk = np.cumsum(part)
            statistic = walk - np.minimum(np.minimum.accumulate(walk), 0.0)
            above = int(np.argmax(statistic >= self.threshold))
            found = bool(statistic[above] >= self.threshold)
            start, carried = (start + above + 1, 0.0) if found else (start + len(part), float(statistic[-1]))
            if found:
                yield start - 1


def oracle(stream: Stream, change: Change, arl: float, seed: int) -> Cusum:
    """The CUSUM for ``change`` with one false alarm per ``arl`` calls.

    Raises :class:`ValueError` where the laws are unknown.
    """
    if change.log_ratio is None:
        raise ValueError(f"{stream.name}, {change.name}: no oracle, the likelihood ratio is unknown")
    threshold = np.log(arl)
    for _ in range(_STEPS):
        threshold -= np.log(average_run_length(stream, change, float(threshold), seed) / arl)
    return Cusum(change.log_ratio, float(threshold))


def average_run_length(stream: Stream, change: Change, threshold: float, seed: int) -> float:
    """Calls per false alarm at ``threshold``, simulated over cycles; equal seeds: equal calls at every threshold."""
    length, _ = _cycles(stream, change, threshold, generator(seed, stream.name, change.name, "cycles"), after=False)
    _, above = _cycles(stream, change, threshold, generator(seed, stream.name, change.name, "above"), after=True)
    return length / max(above, 1e-300)


def _cycles(
    stream: Stream, change: Change, threshold: float, random: np.random.Generator, *, after: bool
) -> tuple[float, float]:
    """Mean calls of a cycle, and mean of exp(-S) over those that end above, 0 for others.

    Under the law before the change, or the law ``after`` it.
    """
    walks, calls, weight = np.zeros(_WALKS), 0, 0.0
    for _ in range(_LONGEST):
        calls += len(walks)
        walks, ended_at = _step(walks, _increments(stream, change, random, len(walks), after=after), threshold)
        weight += float(np.exp(-ended_at).sum())
        if not len(walks):
            return calls / _WALKS, weight / _WALKS
    raise RuntimeError(f"{stream.name}, {change.name}: cycles of more than {_LONGEST} calls")


def _step(walks: Floats, increments: Floats, threshold: float) -> tuple[Floats, Floats]:
    """The walks that go on, and where those ended that are above."""
    moved = walks + increments
    above: Bools = moved >= threshold
    return moved[(moved > 0) & ~above], moved[above]


def _increments(stream: Stream, change: Change, random: np.random.Generator, n: int, *, after: bool) -> Floats:
    if change.log_ratio is None:
        raise ValueError(f"{stream.name}, {change.name}: the likelihood ratio is unknown")
    calls = stream.draw(random, n)
    return change.log_ratio(change.apply(random, calls) if after else calls)
