"""The live part of the demo, in order: provider, traffic, table, comparison."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import httpx
from rich.console import Console

from demo.applications import APPLICATIONS
from demo.backend import Backend
from demo.crosscheck import Comparison, compare
from demo.mock_provider import MockProvider, serving
from demo.part import DemoFailed, Part, part
from demo.report import show
from demo.summary import SummaryRow, read_summary
from demo.truth import Truth
from demo.watch import displaying, follow
from watchkeeper.clock import Clock

_SETTLE_S = 15.0
"""Longest wait for the last spans to be stored after the workers have delivered them."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """How much, and which."""

    seconds: float
    seed: int

    @property
    def limit_s(self) -> float:
        """Even a busy machine should be through after this."""
        return 2 * self.seconds + 60


def run(console: Console, traffic: Traffic, backend: Backend, directory: Path, clock: Clock) -> bool:
    """Send ``traffic`` to ``backend``, show what it made of it; do both sides' books agree?

    Raises :class:`DemoFailed` when a part fails.
    """
    provider = MockProvider(traffic.seed)
    with serving(provider) as address:
        console.print(f"Four applications make LLM calls for about {traffic.seconds:.0f} s:")
        _send(console, traffic, [address, *backend.export_option()], directory, clock)
        _wait_until_idle(provider.truth, clock)
    rows, comparison = _settled(provider.truth, backend, clock)
    show(console, rows)
    console.print(f"\n{comparison.sentence}", style="red" if comparison.problems else "green")
    return not comparison.problems


def wait_for_ctrl_c(console: Console) -> None:
    """Returns only by :class:`KeyboardInterrupt`."""
    console.print("Watchkeeper stays up; Ctrl-C stops it.")
    Event().wait()


def _send(console: Console, traffic: Traffic, doors: list[str], directory: Path, clock: Clock) -> None:
    with ExitStack() as stack:
        workers = [stack.enter_context(worker) for worker in _workers(traffic, doors, directory)]
        display = stack.enter_context(displaying(console, clock))
        follow(workers, traffic.limit_s, clock, display)


def _workers(traffic: Traffic, doors: list[str], directory: Path) -> Iterator[AbstractContextManager[Part]]:
    for name in APPLICATIONS:
        arguments = ["demo.traffic", "--application", name, "--seconds", str(traffic.seconds)]
        yield part(name, [*arguments, "--seed", str(traffic.seed), "--provider", *doors], directory)


def _wait_until_idle(truth: Truth, clock: Clock) -> None:
    """A client that gave up is noticed a moment later; until then its call is not in the books."""
    deadline = clock.monotonic() + _SETTLE_S
    while truth.in_flight and clock.monotonic() < deadline:
        clock.sleep(0.05)


def _settled(truth: Truth, backend: Backend, clock: Clock) -> tuple[Sequence[SummaryRow], Comparison]:
    """The summary once it agrees with the provider, or as it is when the wait is over."""
    calls = truth.calls()
    names = {call.application for call in calls}
    deadline = clock.monotonic() + _SETTLE_S
    with httpx.Client(timeout=10.0, trust_env=False) as client:
        while True:
            # The store holds more than this provider answered: the history, and what goes on of it.
            rows = [row for row in _read(client, backend) if row.service in names]
            comparison = compare(calls, rows)
            if not comparison.problems or clock.monotonic() > deadline:
                return rows, comparison
            clock.sleep(0.5)


def _read(client: httpx.Client, backend: Backend) -> Sequence[SummaryRow]:
    try:
        return read_summary(client, backend.api)
    except httpx.HTTPError as error:
        raise DemoFailed(f"the API at {backend.api} did not give its summary: {error}") from error
