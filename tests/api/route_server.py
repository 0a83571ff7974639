"""A real server of the API, for those who wait for weights."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from api.app import ApiParts, create_app
from api.server import ApiServer, Listen
from watchkeeper.clock import SystemClock
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import Metrics

PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Served:
    """A server and a client of it."""

    url: str
    http: httpx.Client
    server: ApiServer


@contextmanager
def served(store: Store, port: int = 0, **parts: Any) -> Iterator[Served]:
    """The API on ``port``; it ends with the block."""
    clock, closing = SystemClock(), threading.Event()
    app = create_app(ApiParts(store, Metrics(), clock, checks=dict, closing=closing, **parts))
    server = ApiServer(app, Listen("127.0.0.1", port, "a test"), clock, closing)
    url = f"http://127.0.0.1:{server.start()}"
    try:
        with httpx.Client(base_url=url, timeout=PATIENCE_S, trust_env=False) as http:
            yield Served(url, http, server)
    finally:
        server.stop()
