"""Histograms of a model's calls over workload, prompt size and output size, and how far one is from another."""

import numpy as np

from detectors.columns import Floats

MOST_CELLS = 192
_REST = "other"
Cell = tuple[str, int, int]
"""Workload as ``service/route``, log2 of the prompt's and of the answer's tokens."""


class Histogram:
    """Calls a cell. Cells beyond :data:`MOST_CELLS` share one."""

    def __init__(self) -> None:
        self.cells: dict[Cell, int] = {}
        self.calls = 0

    def add(self, cell: Cell, calls: int) -> None:
        """Count ``calls`` of ``cell``."""
        known = cell in self.cells or len(self.cells) < MOST_CELLS
        cell = cell if known else (_REST, 0, 0)
        self.cells[cell] = self.cells.get(cell, 0) + calls
        self.calls += calls

    def shares(self, position: int) -> dict[str | int, float]:
        """Share of the calls by one of a cell's three parts."""
        found: dict[str | int, float] = {}
        for cell, calls in self.cells.items():
            found[cell[position]] = found.get(cell[position], 0.0) + calls / self.calls
        return found

    def mean_bucket(self, position: int) -> float:
        """Mean log2 of the tokens of prompts (1) or answers (2)."""
        return sum(float(value) * share for value, share in self.shares(position).items())

    def state(self) -> list[list[str | int]]:
        """As JSON knows it."""
        return [[*cell, calls] for cell, calls in self.cells.items()]

    @classmethod
    def of(cls, state: list[list[str | int]]) -> "Histogram":
        """The inverse of :meth:`state`."""
        histogram = cls()
        for route, prompt, output, calls in state:
            histogram.add((str(route), int(prompt), int(output)), int(calls))
        return histogram


def pooled(histograms: list[Histogram]) -> Histogram:
    """All together, every cell of them."""
    pool = Histogram()
    for histogram in histograms:
        for cell, calls in histogram.cells.items():
            pool.cells[cell] = pool.cells.get(cell, 0) + calls
        pool.calls += histogram.calls
    return pool


def psi(before: Histogram, after: Histogram) -> float:
    """Population stability index less what samples of this size differ by chance; 0.25 and more is a large shift.

    Cells with less than 1 % of the calls in both are put together.
    """
    cells = {**before.cells, **after.cells}
    old = np.array([[before.cells.get(cell, 0) for cell in cells]], np.float64)
    new = np.array([[after.cells.get(cell, 0) for cell in cells]], np.float64)
    return float(_psi(old, new)[0])


def largest_psi(periods: list[Histogram]) -> float:
    """The largest :func:`psi` of one of ``periods`` (two or more) against all others together."""
    cells = list(dict.fromkeys(cell for period in periods for cell in period.cells))
    counts = np.array([[period.cells.get(cell, 0) for cell in cells] for period in periods], np.float64)
    return float(_psi(counts.sum(axis=0) - counts, counts).max())


def _psi(old: Floats, new: Floats) -> Floats:
    """[k] of ``old`` and ``new`` [k, cells], counts of calls."""
    calls_old, calls_new = old.sum(axis=1, keepdims=True), new.sum(axis=1, keepdims=True)
    small = (old < 0.01 * calls_old) & (new < 0.01 * calls_new)
    parts = [np.where(small, 0, counts) for counts in (old, new)]
    rest = [np.where(small, counts, 0).sum(axis=1, keepdims=True) for counts in (old, new)]
    was = np.hstack([parts[0], rest[0]]) / calls_old
    now = np.hstack([parts[1], rest[1]]) / calls_new
    used = ~np.hstack([small, np.zeros_like(calls_old, bool)])
    floor = np.maximum(0.5 / calls_new, 0.001)
    steps = (np.maximum(now, floor) - np.maximum(was, floor)) * np.log(np.maximum(now, floor) / np.maximum(was, floor))
    chance = (used.sum(axis=1) - 1) * (1 / calls_old + 1 / calls_new)[:, 0]
    distances: Floats = np.where(used, steps, 0).sum(axis=1) - chance
    return distances


def told(before: Histogram, after: Histogram) -> str:
    """What moved, in words: workloads first, then sizes."""
    parts = []
    old, new = before.shares(0), after.shares(0)
    moves = sorted({**old, **new}, key=lambda route: (-abs(new.get(route, 0) - old.get(route, 0)), str(route)))
    for route in moves[:3]:
        was, now = old.get(route, 0.0), new.get(route, 0.0)
        if abs(now - was) >= 0.1:
            word = "new workload " if was < 0.005 else "gone: " if now < 0.005 else ""
            parts.append(f"{word}{route} {was:.0%} -> {now:.0%} of the calls")
    for position, name in ((1, "prompts"), (2, "answers")):
        times = 2 ** (after.mean_bucket(position) - before.mean_bucket(position))
        if not 1 / 1.4 < times < 1.4:
            parts.append(f"{name} ×{times:.1f}" if times >= 1 else f"{name} ÷{1 / times:.1f}")
    return ", ".join(parts) or "sizes of prompts and answers within the workloads"
