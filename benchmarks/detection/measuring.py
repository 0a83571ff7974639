"""One measurement: a detector, a stream, perhaps a change, some runs.

Equal names and seeds give every detector equal calls.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.detection.catalogue import STREAMS
from benchmarks.detection.oracle import oracle
from benchmarks.detection.own_rows import OWN_ROWS
from benchmarks.detection.river_rows import RIVER
from benchmarks.detection.seeds import generator
from benchmarks.detection.streams import Change, Stream
from benchmarks.detection.subjects import Subject, Watcher
from detectors.metrics import Kind

ORACLE = "oracle CUSUM"
ARL = 1e6
"""Calls per false alarm that detectors are designed for, where they can be."""
_NULL_RUN = 200_000
"""Most calls judged with one baseline."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Runs ``first`` to ``last - 1`` of one table cell. ``change`` is empty where false alarms are counted."""

    subject: str
    stream: str
    change: str
    first: int
    last: int
    calls: int
    """Calls judged in each run without change."""
    seed: int


def subjects(kind: Kind) -> tuple[Subject, ...]:
    """All rows for streams of ``kind``, ours first; the oracle is another matter."""
    return tuple(row for row in OWN_ROWS + RIVER if row.kind is kind)


def subject(kind: Kind, name: str) -> Subject:
    """The row of that name. Raises :class:`KeyError` if there is none."""
    for row in subjects(kind):
        if row.name == name:
            return row
    raise KeyError(f"no detector {name!r} for a {kind}")


def measure(cell: Cell) -> list[float]:
    """One number a run: false alarms, or calls from change to alarm (infinite: none within the change's window)."""
    stream = STREAMS[cell.stream]
    runs = range(cell.first, cell.last)
    if not cell.change:
        return [float(_false_alarms(cell, stream, run)) for run in runs]
    change = stream.change(cell.change)
    return [_delay(cell, stream, change, run) for run in runs]


def null_cells(row: Subject, stream: Stream, share: float, seed: int) -> list[Cell]:
    """Counting false alarms of ``row``, with ``share`` of a full measurement's calls."""
    wanted = max(_NULL_RUN // 10, int(row.null_calls * share))
    calls = min(_NULL_RUN, wanted)
    return _chunks(row.name, stream, "", max(1, wanted // calls), calls, seed)


def delay_cells(name: str, stream: Stream, change: Change, runs: int, seed: int) -> list[Cell]:
    """Measuring the delay of the detector ``name``."""
    return _chunks(name, stream, change.name, runs, 0, seed)


def _chunks(name: str, stream: Stream, change: str, runs: int, calls: int, seed: int, size: int = 25) -> list[Cell]:
    """A cell in parts that two processes can share."""
    return [
        Cell(name, stream.name, change, first, min(first + size, runs), calls, seed) for first in range(0, runs, size)
    ]


def _false_alarms(cell: Cell, stream: Stream, run: int) -> int:
    calls = stream.draw(generator(cell.seed, stream.name, "null", run), stream.baseline + cell.calls)
    alarms = _watcher(cell, stream).alarms(calls)
    return sum(position >= stream.baseline for position in alarms)


def _delay(cell: Cell, stream: Stream, change: Change, run: int) -> float:
    """Alarms before the change are false ones; the detector goes on as it does after any alarm."""
    calls = stream.changed(generator(cell.seed, stream.name, change.name, run), change)
    return first_after(_watcher(cell, stream).alarms(calls), stream.before)


def first_after(alarms: Iterator[int], moment: int) -> float:
    """Calls from ``moment`` to the first alarm since, that call included; infinite if there is none."""
    return next((float(position - moment + 1) for position in alarms if position >= moment), np.inf)


def _watcher(cell: Cell, stream: Stream) -> Watcher:
    if cell.subject == ORACLE:
        return _oracle(cell.stream, cell.change, cell.seed)
    return _prepared(cell.subject, cell.stream, cell.seed)()


@cache
def _oracle(stream: str, change: str, seed: int) -> Watcher:
    return oracle(STREAMS[stream], STREAMS[stream].change(change), ARL, seed)


@cache
def _prepared(name: str, stream: str, seed: int) -> Callable[[], Watcher]:
    row = subject(STREAMS[stream].kind, name)
    return row.prepare(STREAMS[stream], ARL, seed)


def exposure(cells: Sequence[Cell]) -> float:
    """Million calls judged."""
    return sum(cell.calls * (cell.last - cell.first) for cell in cells) / 1e6
