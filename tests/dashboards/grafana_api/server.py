"""A stand-in for Grafana's HTTP API on a port of its own, each request and answer held against the contract."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.dashboards.grafana_api.contract import answer_faults, operation, request_faults
from tests.dashboards.grafana_api.state import Answer, State, refused

Before = Callable[[str], Answer | None]


class StandIn:
    """One Grafana: its ``state``, and ``before``, which may answer an operation instead or change something first."""

    def __init__(self, prefix: str = "") -> None:
        self.state = State()
        self.before: Before = lambda operation: None
        self.prefix = f"{prefix}/api"
        self.faults: list[str] = []
        self.url = ""

    def answer(self, method: str, path: str, body: Any, authorization: str) -> Answer:
        """To one request; what breaks the contract is kept in ``faults``."""
        try:
            name, parameters = operation(method, path.removeprefix(self.prefix))
        except LookupError as error:
            self.faults.append(str(error))
            return refused(404, "Not found")
        if authorization != f"Bearer {self.state.token}":
            return refused(401, "Invalid API key")
        self.faults += request_faults(name, body)
        if (instead := self.before(name)) is not None:
            return instead
        status, answer = self.state.answer(name, parameters, body)
        self.faults += answer_faults(name, status, answer)
        return status, answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or did not trust the certificate, is part of a test."""


@contextmanager
def serving(stand_in: StandIn, tls: ssl.SSLContext | None = None) -> Iterator[StandIn]:
    """``stand_in`` with its ``url``, for as long as the block lasts."""
    server = _Server(("127.0.0.1", 0), _handler(stand_in))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    stand_in.url = (
        f"{'https' if tls else 'http'}://localhost:{server.server_port}{stand_in.prefix.removesuffix('/api')}"
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(stand_in: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet: else each answer waits for the client's delayed acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            path = urlsplit(self.path).path
            status, answer = stand_in.answer(self.command, path, body, self.headers.get("Authorization", ""))
            sent = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PUT = _answer

        def log_message(self, format: str, *args: Any) -> None:
            """Tests read what commands print."""

    return Handler
