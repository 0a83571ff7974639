"""Where the demo's spans go: a running Watchkeeper, and the addresses of its doors."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import httpx

from demo.part import Part, part
from watchkeeper.clock import Clock

_READY_S = 40.0
SHUTDOWN_S = 15.0
_SETTINGS = {"WATCHKEEPER_API_TIMEOUT_S": "120"}
"""The demo shares a machine of any size with its own traffic: an answer may take longer than a page would wait."""
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Backend:
    """A Watchkeeper that is ready. ``otlp`` or ``kafka`` says where spans are sent; the other is empty."""

    api: str
    otlp: str = ""
    kafka: str = ""

    def export_option(self) -> list[str]:
        """How a traffic worker is told where to send its spans."""
        return ["--kafka", self.kafka] if self.kafka else ["--otlp", f"{self.otlp}/v1/traces"]


@contextmanager
def embedded(directory: Path, clock: Clock, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[Backend]:
    """``watchkeeper up`` on a data directory inside ``directory``, ready; with ``settings`` in its environment.

    Raises :class:`DemoFailed` when it does not become ready.
    """
    api, http, grpc = free_ports(3)
    command = ["watchkeeper.cli", "up", "--data-dir", str(directory / "data"), "--host", HOST]
    command += ["--otlp-http-port", str(http), "--otlp-grpc-port", str(grpc), "--api-port", str(api)]
    with part("watchkeeper-up", command, directory, SHUTDOWN_S, {**_SETTINGS, **settings}) as up:
        backend = Backend(api=f"http://{HOST}:{api}", otlp=f"http://{HOST}:{http}")
        wait_until_ready(backend.api, up, clock)
        yield backend


def wait_until_ready(api: str, server: Part, clock: Clock) -> None:
    """Until ``/readyz`` answers 200. Raises :class:`DemoFailed` if ``server`` ends or takes over 40 s."""
    deadline = clock.monotonic() + _READY_S
    with httpx.Client(timeout=2.0, trust_env=False) as client:
        while clock.monotonic() < deadline:
            if server.ended:
                raise server.failure(f"ended with code {server.process.returncode} before it was ready")
            if _is_ready(client, api):
                return
            clock.sleep(0.1)
    raise server.failure(f"was not ready after {_READY_S:.0f} s")


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago, all different."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    try:
        return [int(listener.getsockname()[1]) for listener in sockets]
    finally:
        for listener in sockets:
            listener.close()


def _is_ready(client: httpx.Client, api: str) -> bool:
    try:
        return client.get(f"{api}/readyz").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
