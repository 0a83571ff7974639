"""Processes under measurement: start, ask how much CPU they used, wait until they rest, stop."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent


def free_port() -> int:
    """A port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 60.0, every_s: float = 0.02) -> None:
    """Poll until ``condition`` holds. Raises ``TimeoutError`` naming ``what``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} not within {seconds:.0f} s")
        time.sleep(every_s)


def port_answers(port: int) -> bool:
    """Does anybody accept connections there?"""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.2):
        return True
    return False


@dataclass(slots=True)
class Measured:
    """A running process."""

    process: subprocess.Popen[bytes]
    log: Path

    def check_alive(self) -> None:
        """Raises ``RuntimeError`` with the end of its log where it has ended."""
        if self.process.poll() is not None:
            said = " / ".join(self.log.read_text(errors="replace").strip().splitlines()[-5:])
            raise RuntimeError(f"{self.process.args!r} ended with {self.process.returncode}: {said}")

    @property
    def _info(self) -> psutil.Process:
        return psutil.Process(self.process.pid)

    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far."""
        times = self._info.cpu_times()
        return float(times.user + times.system)

    def resident_mb(self) -> float:
        """Resident set in MB (10^6 bytes)."""
        return float(self._info.memory_info().rss) / 1e6

    def settle(self, quiet_s: float = 1.5, limit_s: float = 60.0) -> None:
        """Wait until it uses almost no CPU: batches flushed, merges done."""
        deadline = time.monotonic() + limit_s
        quiet_since, before = time.monotonic(), self.cpu_seconds()
        while time.monotonic() < deadline and time.monotonic() - quiet_since < quiet_s:
            time.sleep(0.25)
            now = self.cpu_seconds()
            if now - before > 0.02:
                quiet_since = time.monotonic()
            before = now

    def stop(self) -> None:
        """Ask it to end, then insist."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def running(command: list[str], log: Path, **environment: str) -> Iterator[Measured]:
    """``command`` as a process of its own; its output goes to ``log``."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("WATCHKEEPER_", "ROTEL_"))}
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**clean, **environment}, cwd=ROOT)
    measured = Measured(process, log)
    try:
        yield measured
    finally:
        if process.poll() is None:
            measured.stop()


def python_module(*arguments: str) -> list[str]:
    """A command that runs a module with this interpreter."""
    return [sys.executable, "-m", *arguments]
