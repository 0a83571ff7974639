"""How much is measured, and by how many processes."""

import multiprocessing
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.detection.figures import Delay, Frequency
from benchmarks.detection.measuring import Cell, exposure, measure

Task = TypeVar("Task")
Answer = TypeVar("Answer")
Row = tuple[str, str, str]
"""Detector, stream, change."""
_QUICK_STREAMS = frozenset({"failures 1.0%", "latency s=0.9"})


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of one run of the suite."""

    seed: int = 1
    quick: bool = False
    processes: int = 2
    null_share: float = 1.0
    """Of each detector's calls without change."""
    run_share: float = 1.0
    """Of each detector's runs with a change."""

    @classmethod
    def of(cls, *, quick: bool, seed: int, processes: int = 2) -> "Plan":
        """The full measurement, or one that takes under a minute."""
        return cls(seed, quick, processes, 0.01, 0.05) if quick else cls(seed, quick, processes)

    def runs(self, full: int, least: int = 5) -> int:
        """Runs of this plan where a full measurement has ``full``."""
        return min(full, max(least, round(full * self.run_share)))

    def streams(self, names: Iterable[str]) -> list[str]:
        """All of them, or in a quick run one of each kind."""
        return [name for name in names if not self.quick or name in _QUICK_STREAMS]

    def size(self, full: int, quick: int) -> int:
        """One of the two."""
        return quick if self.quick else full

    def exceeds(self, estimate: float, low: float, limit: float) -> bool:
        """Is the limit broken? By the estimate; in a quick run only if the whole 95 % interval lies above it."""
        return (low if self.quick else estimate) > limit

    def each(self, work: Callable[[Task], Answer], tasks: Sequence[Task], says: str) -> list[Answer]:
        """``work`` of each task, in their order, in at most ``processes`` processes; what ran is told on stderr."""
        print(f"{says}: {len(tasks)} parts", file=sys.stderr, flush=True)
        if self.processes < 2 or len(tasks) < 2:
            return [work(task) for task in tasks]
        with ProcessPoolExecutor(self.processes, multiprocessing.get_context("spawn")) as pool:
            return list(pool.map(work, tasks))


@dataclass(frozen=True, slots=True)
class Measured:
    """Runs by table row: what :func:`.measuring.measure` gave."""

    runs: dict[Row, list[float]]
    exposure: dict[Row, float]

    def frequency(self, detector: str, stream: str) -> Frequency:
        """False alarms per million calls."""
        row = (detector, stream, "")
        return Frequency.of([int(count) for count in self.runs[row]], self.exposure[row])

    def delay(self, detector: str, stream: str, change: str) -> Delay:
        """Calls to the alarm."""
        return Delay.of(self.runs[detector, stream, change])


def measured(plan: Plan, cells: Iterable[Cell], says: str) -> Measured:
    """All cells, by row."""
    wanted = list(cells)
    runs: dict[Row, list[float]] = defaultdict(list)
    parts: dict[Row, list[Cell]] = defaultdict(list)
    for cell, numbers in zip(wanted, plan.each(measure, wanted, says), strict=True):
        row = (cell.subject, cell.stream, cell.change)
        runs[row] += numbers
        parts[row].append(cell)
    return Measured(dict(runs), {row: exposure(cells) for row, cells in parts.items()})
