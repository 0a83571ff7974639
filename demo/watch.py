"""Follows the traffic workers to their end and shows how far they are, on a terminal or in plain lines."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from demo.part import DemoFailed, Part
from watchkeeper.clock import Clock

_LOOK_EVERY_S = 0.2
_SPEAK_EVERY_S = 5.0


class Display(Protocol):
    """Shows figures as they come."""

    def update(self, figures: dict[str, tuple[int, int]]) -> None:
        """Calls made and calls planned, by worker."""
        ...


def follow(workers: Sequence[Part], limit_s: float, clock: Clock, display: Display) -> None:
    """Until every worker ended well. Raises :class:`DemoFailed` if one fails or ``limit_s`` is over."""
    deadline = clock.monotonic() + limit_s
    while True:
        finished = [worker.ended for worker in workers]
        display.update({worker.name: _figures(worker) for worker in workers})
        for worker in workers:
            if worker.ended and worker.process.returncode != 0:
                raise worker.failure(f"ended with code {worker.process.returncode}")
        if all(finished):
            return
        if clock.monotonic() > deadline:
            late = ", ".join(worker.name for worker in workers if not worker.ended)
            raise DemoFailed(f"{late} did not finish within {limit_s:.0f} s; is the machine very busy?")
        clock.sleep(_LOOK_EVERY_S)


@contextmanager
def displaying(console: Console, clock: Clock) -> Iterator[Display]:
    """Moving bars on a terminal, a line every 5 s elsewhere."""
    if not console.is_terminal:
        yield _Lines(console, clock)
        return
    columns = (TextColumn("{task.description:16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        yield _Bars(progress)


class _Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def update(self, figures: dict[str, tuple[int, int]]) -> None:
        for name, (made, planned) in figures.items():
            if name not in self._tasks:
                self._tasks[name] = self._progress.add_task(name, total=None)
            self._progress.update(self._tasks[name], completed=made, total=planned or None)


class _Lines:
    def __init__(self, console: Console, clock: Clock) -> None:
        self._console = console
        self._clock = clock
        self._next_s = clock.monotonic() + _SPEAK_EVERY_S

    def update(self, figures: dict[str, tuple[int, int]]) -> None:
        if self._clock.monotonic() < self._next_s:
            return
        self._next_s += _SPEAK_EVERY_S
        made = ", ".join(f"{name} {made:,}/{planned:,}" for name, (made, planned) in figures.items())
        self._console.print(f"  {made}")


def _figures(worker: Part) -> tuple[int, int]:
    line = worker.last_line()
    if not line.startswith("{"):
        return 0, 0
    told = json.loads(line)
    return int(told["calls"]), int(told["of"])
