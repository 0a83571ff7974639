"""A child process of the demo: started, watched, stopped within a bounded time, its log kept."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

_ROOT = Path(__file__).resolve().parent.parent
_FOREIGN = ("ANTHROPIC_", "OPENAI_", "OPENINFERENCE_", "OTEL_", "TRACELOOP_", "WATCHKEEPER_")
"""Settings of the caller's own shell that would change what the demo shows."""
_TAIL_LINES = 15
_KILL_S = 5.0


class DemoFailed(Exception):
    """The demo cannot go on; the text says which part failed, why, and shows the end of its log."""


@dataclass(frozen=True, slots=True)
class Part:
    """A running child. ``output`` is its standard output, ``log`` its standard error."""

    name: str
    process: subprocess.Popen[bytes]
    output: Path
    log: Path

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def last_line(self) -> str:
        """The last complete line of standard output; empty before the first."""
        lines = self.output.read_text(errors="replace").rsplit("\n", 2)
        return lines[-2] if len(lines) > 1 else ""

    def failure(self, what: str) -> DemoFailed:
        """``what`` went wrong, with the end of this part's log."""
        lines = self.log.read_text(errors="replace").splitlines() or self.output.read_text().splitlines()
        tail = "\n".join(f"    {line}" for line in lines[-_TAIL_LINES:]) or "    (its log is empty)"
        return DemoFailed(f"{self.name} {what}. The end of its log:\n{tail}")

    def stop(self, grace_s: float) -> None:
        """Ask it to end, then make it. Safe to call twice."""
        if self.ended:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(_KILL_S)


@contextmanager
def part(
    name: str,
    module_arguments: Sequence[str],
    directory: Path,
    grace_s: float = 5.0,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Part]:
    """Run ``python -m <module_arguments>`` for the time of the ``with`` block; logs go to ``directory``.

    ``settings`` are added to its environment. It gets a session of its own, so that Ctrl-C reaches the demo
    alone, which then stops its parts in order.
    """
    output, log = directory / f"{name}.out", directory / f"{name}.log"
    with output.open("wb") as out, log.open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", *module_arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=_ROOT,
            env={**child_environment(os.environ), **settings},
            start_new_session=True,
        )
    running = Part(name, process, output, log)
    try:
        yield running
    finally:
        running.stop(grace_s)


def child_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """``ours`` without what would change the demo."""
    kept = {name: value for name, value in ours.items() if not name.startswith(_FOREIGN)}
    # A proxy from the shell must not come between parts that talk over loopback.
    return kept | {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
