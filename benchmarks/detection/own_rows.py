"""Watchkeeper's detectors as the suite runs them: with their defaults, learning from the stream's first calls."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from benchmarks.detection.streams import Stream
from benchmarks.detection.subjects import Subject, Watcher
from detectors.columns import Floats
from detectors.metrics import Kind
from detectors.rate_sr import RateSR
from detectors.score_sr import ScoreSR

OWN = "e-detector"
CALL_BY_CALL = "e-detector, call by call"
"""Blocks of one call and no cap: the statistic by itself, without what guards it against bursts."""


class Batchwise(Protocol):
    """What both e-detectors offer beside river's ``update``."""

    def update_many(self, x: Floats, /) -> int | None:
        """Position of the first alarm, or None; testing then goes on behind it."""
        ...


@dataclass(frozen=True, slots=True)
class Own:
    """One of ours on one stream."""

    detector: Batchwise

    def alarms(self, calls: Floats) -> Iterator[int]:
        """Positions of the calls that raise an alarm."""
        start = 0
        while (found := self.detector.update_many(calls[start:])) is not None:
            start += found + 1
            yield start - 1


def e_detector(stream: Stream, arl: float, _seed: int = 0, *, tolerance: float = 0.0) -> Callable[[], Watcher]:
    """The default detector of the stream's kind, designed for one false alarm per ``arl`` calls."""

    def watcher() -> Own:
        make = RateSR if stream.kind is Kind.RATE else ScoreSR
        return Own(make(patience=arl, learn=stream.baseline, tolerance=tolerance))

    return watcher


def call_by_call(stream: Stream, arl: float, _seed: int = 0) -> Callable[[], Watcher]:
    """The statistic by itself: each call a block, no cap on its evidence."""

    def watcher() -> Own:
        make = RateSR if stream.kind is Kind.RATE else ScoreSR
        return Own(make(patience=arl, learn=stream.baseline, block=1, cap=math.inf))

    return watcher


_RATE = Subject(OWN, Kind.RATE, e_detector, 20_000_000, 400)
_SINGLE = Subject(CALL_BY_CALL, Kind.RATE, call_by_call, 4_000_000, 400)
OWN_ROWS: tuple[Subject, ...] = tuple(replace(row, kind=kind) for kind in Kind for row in (_RATE, _SINGLE))
