"""A Kafka broker for tests, demos and benchmarks: one that runs already, or one started on loopback.

with open_broker(directory) as broker:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
"""

import atexit
import os
import socket
import subprocess
import time
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from demo.broker_launch import BrokerUnavailable, Launcher, Seat, find_launcher

__all__ = ["Broker", "BrokerUnavailable", "ExternalBroker", "LocalBroker", "open_broker"]

_START_S = 90.0
_STOP_S = 30.0
_PROBE_MS = 2_000


class Broker(Protocol):
    """What a user of a broker needs to know."""

    name: str
    bootstrap: str
    """Comma-separated ``host:port``."""
    can_restart: bool
    is_complete: bool


class ExternalBroker(AbstractContextManager["ExternalBroker"]):
    """The broker that ``KAFKA_BOOTSTRAP_SERVERS`` names; neither started nor stopped here."""

    can_restart = False
    is_complete = True

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.name = f"KAFKA_BOOTSTRAP_SERVERS={bootstrap}"

    def __exit__(self, *_: object) -> None:
        return None


class LocalBroker(AbstractContextManager["LocalBroker"]):
    """One broker process on loopback; port and data stay the same from start to start.

    Raises :class:`BrokerUnavailable` where it does not come up, with the last lines of its log.
    """

    def __init__(self, directory: Path, launcher: Launcher | None = None, port: int | None = None) -> None:
        self._launcher = launcher if launcher is not None else find_launcher()
        self._seat = Seat(directory, port or _free_port(), _free_port())
        self._log = directory / "broker.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self.name = self._launcher.name
        self.bootstrap = f"127.0.0.1:{self._seat.port}"
        self.can_restart = self._launcher.keeps_data
        self.is_complete = self._launcher.is_complete
        self.started_in_s = 0.0

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process is not None else None

    def start(self) -> Self:
        """Start and wait until the broker answers."""
        if self._process is not None:
            return self
        began = time.monotonic()
        command = self._launcher.command(self._seat)
        with self._log.open("ab") as log:
            self._process = _spawn(command, log)
        self._guard = _guard(self._process.pid)
        atexit.register(self.kill)
        self._wait_until_it_answers(began + _START_S)
        self.started_in_s = time.monotonic() - began
        return self

    def stop(self) -> None:
        """Ask it to shut down; kill it if it takes longer than 30 s."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._forget()

    def kill(self) -> None:
        """As ``kill -9``: nothing is flushed, nobody is told."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._forget()

    def restart(self, *, hard: bool = False) -> None:
        """Stop (``hard``: kill) and start again on the same port and data."""
        if hard:
            self.kill()
        else:
            self.stop()
        self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def _forget(self) -> None:
        self._process = None
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
        atexit.unregister(self.kill)

    def _wait_until_it_answers(self, deadline: float) -> None:
        assert self._process is not None
        while not (_listens(self._seat.port) and _answers(self.bootstrap)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise BrokerUnavailable(f"{self.name} did not start; {self._log} ends with: {self._tail()}")
            time.sleep(0.05)

    def _tail(self) -> str:
        return " / ".join(self._log.read_text(errors="replace").strip().splitlines()[-5:])


def open_broker(directory: Path) -> ExternalBroker | LocalBroker:
    """The broker of ``KAFKA_BOOTSTRAP_SERVERS``, else one to be started in ``directory`` (use as a context).

    Raises :class:`BrokerUnavailable` with a sentence per way that was tried.
    """
    bootstrap = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")
    return ExternalBroker(bootstrap) if bootstrap else LocalBroker(directory)


def _spawn(command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C in the terminal must reach the user's program, not the broker under it.
    return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)


def _guard(pid: int) -> subprocess.Popen[bytes]:
    # Ends the broker when we die without saying so: its standard input closes with us, however we go.
    watch = ["sh", "-c", 'read -r _; kill -9 "$1"', "guard", str(pid)]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(watch, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, start_new_session=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(bootstrap: str) -> bool:
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, bootstrap_timeout_ms=_PROBE_MS)
    except KafkaError:
        return False
    try:
        return bool(admin.describe_cluster()["brokers"])
    except KafkaError:
        return False
    finally:
        admin.close()
