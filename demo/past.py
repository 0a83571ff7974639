"""The history of the demo: made before Watchkeeper starts, going on while it is up, judged at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console

from demo.backend import Backend
from demo.history.requests import Traffic
from demo.history.tail import Tail, going_on
from demo.history.workloads import HOURS
from demo.part import DemoFailed, part
from demo.story.acting import Team
from demo.story.chat import Chat
from demo.story.report import show_acts, show_story, show_verdict
from demo.story.told import read_told
from demo.story.verdict import judge
from demo.watch import displaying, follow
from watchkeeper.clock import Clock

_HOUR_S = 3_600.0
_DAY_S = 24 * _HOUR_S
_LIMIT_S = 900.0
_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Ears:
    """Where Watchkeeper is asked, and where it tells of itself."""

    backend: Backend
    chat: Chat


@dataclass(frozen=True, slots=True)
class Past:
    """Two weeks and the begun day before ``end_s``; Unix times."""

    begin_s: float
    end_s: float
    seed: int

    @classmethod
    def until(cls, now_s: float, seed: int) -> "Past":
        """Begins at midnight UTC, so that what is planted is the same whenever the demo runs."""
        return cls(now_s // _DAY_S * _DAY_S - HOURS * _HOUR_S, now_s, seed)


def fill(console: Console, past: Past, directory: Path, clock: Clock) -> None:
    """Put the history into the data directory. Raises :class:`DemoFailed` where that fails."""
    console.print("Two weeks of calls go through the collector and the detectors:")
    command = ["demo.history", "--data-dir", str(directory / "data"), "--seed", str(past.seed)]
    command += ["--begin", str(past.begin_s), "--end", str(past.end_s)]
    with part("history", command, directory) as filling, displaying(console, clock) as display:
        begun = clock.monotonic()
        follow([filling], _LIMIT_S, clock, display)
    console.print(f"History: done in {clock.monotonic() - begun:.0f} s.")


@contextmanager
def continued(past: Past, backend: Backend, clock: Clock) -> Iterator[None]:
    """The applications of the history go on calling for the time of the ``with`` block."""
    tail = Tail(Traffic(past.begin_s, past.seed), past.begin_s, past.end_s)
    with going_on(tail, backend.otlp, clock):
        yield


def tell(console: Console, past: Past, ears: Ears, check: bool) -> bool:
    """Print what was found; with ``check`` also whether it is what was planted. False where it is not.

    Then a team acts on it, so that there is something of everything to look at.
    """
    api, good = ears.backend.api, True
    with httpx.Client(timeout=_PATIENCE_S, trust_env=False) as client:
        try:
            told = read_told(client, api)
            show_story(console, told, client, api, past.begin_s)
            if check:
                verdict = judge(told, past.begin_s)
                show_verdict(console, verdict)
                good = not verdict.problems
            show_acts(console, Team(client, ears.backend).act(told, ears.chat))
        except httpx.HTTPError as error:
            raise DemoFailed(f"the API at {api} did not tell the story: {error}") from error
    return good
