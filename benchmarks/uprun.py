"""``watchkeeper up`` as benchmarks start it, and requests to it."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.collectors import answers_ready
from benchmarks.processes import Measured, free_port, python_module, running, wait_for

PROTOBUF = "application/x-protobuf"
_START_S = 90.0


@dataclass(slots=True)
class Up:
    """A running ``up``."""

    measured: Measured
    http: int
    api: int

    def is_ready(self) -> bool:
        """Does it say so itself? Raises ``RuntimeError`` where it has ended."""
        self.measured.check_alive()
        return answers_ready(self.api)


@contextmanager
def starting_up(folder: Path) -> Iterator[Up]:
    """``watchkeeper up`` on ``folder / "data"``, perhaps not ready yet."""
    folder.mkdir(parents=True, exist_ok=True)
    http_port, grpc_port, api_port = free_port(), free_port(), free_port()
    command = python_module("watchkeeper.cli", "up", "--data-dir", str(folder / "data"))
    command += ["--otlp-http-port", str(http_port), "--otlp-grpc-port", str(grpc_port), "--api-port", str(api_port)]
    with running(command, folder / "up.log") as measured:
        yield Up(measured, http_port, api_port)


@contextmanager
def serving_up(folder: Path) -> Iterator[Up]:
    """The same, ready."""
    with starting_up(folder) as up:
        wait_for(up.is_ready, "watchkeeper up ready", _START_S)
        yield up


class OtlpConnection:
    """One HTTP connection that posts traces one after another."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def post(self, body: bytes, content_type: str = PROTOBUF) -> int:
        """Send and return the status; opens the connection anew where the server has closed it."""
        self._connection.request("POST", "/v1/traces", body, {"Content-Type": content_type})
        answer = self._connection.getresponse()
        answer.read()
        return answer.status

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
