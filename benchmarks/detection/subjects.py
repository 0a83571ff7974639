"""What the suite measures: any detector, as a row of its tables."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from benchmarks.detection.streams import Stream
from detectors.columns import Floats
from detectors.metrics import Kind


class Watcher(Protocol):
    """One detector on one stream."""

    def alarms(self, calls: Floats) -> Iterator[int]:
        """Positions of the calls that raise an alarm, in order; computed as far as they are asked for."""
        ...


Prepare = Callable[[Stream, float, int], Callable[[], Watcher]]
"""For a stream, the calls per false alarm wanted and a seed: what makes a fresh detector for each run."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One row."""

    name: str
    kind: Kind
    prepare: Prepare
    null_calls: int
    """Calls without change that it is given in a full measurement: fewer for slow detectors."""
    delay_runs: int
    """Runs with a change in a full measurement; 0: none, it is too slow."""
