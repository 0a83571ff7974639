"""What a claim's measurement comes to: tables in Markdown, a verdict, and the same as JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

from benchmarks.verdict import Verdict

FIGURES = "<!-- figures -->"


@dataclass(frozen=True, slots=True)
class Table:
    """One table; the first column names the row."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """As the docs show it."""
        head = [f"**{self.title}**", "", _line(self.columns), _line(["---"] * len(self.columns))]
        return "\n".join([*head, *map(_line, self.rows), ""])


@dataclass(frozen=True, slots=True)
class Result:
    """One claim, measured."""

    claim: str
    figure: str
    measured: str
    holds: bool | None
    """None: not measured, ``measured`` says why."""
    tables: Sequence[Table] = ()

    def line(self) -> str:
        """As :mod:`benchmarks.verdict` has it; no verdict where nothing was measured."""
        if self.holds is None:
            return f"skipped: detection {self.claim}: {self.measured}"
        return Verdict(f"detection {self.claim}", self.figure, self.measured, self.holds).line()

    def markdown(self) -> str:
        """Heading, tables, verdict."""
        told = {True: " The claim holds.", False: " The claim **fails**.", None: ""}[self.holds]
        head = f"## {self.claim}\n\nClaimed: {self.figure}. Measured: {self.measured}.{told}\n"
        return "\n".join([head, *(table.markdown() for table in self.tables)])


def as_json(results: Sequence[Result], *, seed: int, quick: bool, seconds: float) -> dict[str, Any]:
    """What ``--json`` writes."""
    return {
        "seed": seed,
        "quick": quick,
        "seconds": round(seconds, 1),
        "versions": {"python": python_version()} | {name: version(name) for name in ("numpy", "river", "scipy")},
        "results": [asdict(result) for result in results],
    }


def write_figures(page: Path, results: Sequence[Result], *, seed: int, quick: bool) -> None:
    """Put the tables where ``page`` has its figures: everything behind the line :data:`FIGURES` is written anew.

    Raises :class:`ValueError` if the page has no such line.
    """
    text, mark, _ = page.read_text(encoding="utf-8").partition(FIGURES)
    if not mark:
        raise ValueError(f"{page} has no line {FIGURES}: put it where the figures belong")
    size = "A quick run, too small to prove anything" if quick else "A full run"
    head = f"{size}: seed {seed}, river {version('river')}, numpy {version('numpy')}, Python {python_version()}."
    tables = "\n".join(result.markdown() for result in results)
    page.write_text(f"{text}{mark}\n\n{head}\n\n{tables}", encoding="utf-8")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
