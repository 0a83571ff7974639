"""The API's HTTP server on a thread of its own, so that ``up`` can run it beside the pipeline."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from watchkeeper.clock import Clock
from watchkeeper.errors import ConfigError
from watchkeeper.streams.otlp_http_server import bounded_protocol

_START_S = 10.0
_MOST_CONNECTIONS = 1_000
_RECEIVE_S = 30.0
"""Longest time a client may take to send one request."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen, and the TLS files, both or none."""

    host: str
    port: int
    setting: str
    """Name of the setting that chooses the port, for the error message."""
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None


class ApiServer:
    """uvicorn on a background thread. Start and stop from any one thread."""

    def __init__(self, app: FastAPI, listen: Listen, clock: Clock, closing: threading.Event | None = None) -> None:
        self._listen = listen
        self._clock = clock
        self._closing = closing or threading.Event()
        """Tells streams, which would go on for ever, to end."""
        self._socket: socket.socket | None = None
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=bounded_protocol(_MOST_CONNECTIONS, _RECEIVE_S),
                ws="none",
                server_header=False,
                log_level="warning",
                access_log=False,
                lifespan="off",
                ssl_certfile=listen.tls_cert_file,
                ssl_keyfile=listen.tls_key_file,
                timeout_graceful_shutdown=5,
            )
        )
        self._thread: threading.Thread | None = None

    def start(self) -> int:
        """Listen; returns the actual port. Raises :class:`ConfigError` when the port cannot be had."""
        bound = _bind(self._listen)
        self._socket = bound
        self._thread = threading.Thread(target=self._server.run, args=([bound],), name="api", daemon=True)
        self._thread.start()
        self._wait_for(lambda: self._server.started)
        port: int = bound.getsockname()[1]
        return port

    def stop(self) -> None:
        """Answer what is in work and stop. Safe to call twice."""
        self._closing.set()
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=8)
        if self._socket is not None:
            self._socket.close()

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = self._clock.monotonic() + _START_S
        while not condition() and self._clock.monotonic() < deadline and self._thread and self._thread.is_alive():
            self._clock.sleep(0.01)
        if not condition():
            raise ConfigError(f"the API did not start within {_START_S:.0f} s")


def _bind(listen: Listen) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((listen.host, listen.port))
    except OSError as error:
        bound.close()
        raise ConfigError(
            f"cannot listen on {listen.host}:{listen.port} ({error.strerror}); "
            f"choose another port with {listen.setting}"
        ) from None
    bound.listen(128)
    bound.setblocking(False)
    return bound
