"""A receiver of alerts on this machine that can be away, and can see to it that a sender dies before it hears back."""

import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_NUMBER = re.compile(r"model-(\d+)\.")
_SLACK_KEY = re.compile(r"message ([0-9a-f]{32})")

Told = tuple[int, bool]
"""Number of the planned regression, and whether it is told to be over."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One message that a receiver took: what it tells, and by what the receiver knows a repetition."""

    channel: str
    key: str
    told: Told
    at: float
    """Unix seconds."""
    made_at: float | None = None
    """When it was decided to send it, where the form tells."""


@dataclass(slots=True)
class Receivers:
    """Channels by the path they are at: ``/webhook``, ``/slack``, ``/pagerduty`` and ``/other``."""

    url: str = ""
    away: frozenset[str] = frozenset()
    """Channels that take nothing now: they answer 503 and hang up, by turns."""
    taken: list[Taken] = field(default_factory=list)
    refused: int = 0
    last_words: Callable[[Taken], None] = lambda _: None
    """Called with what was taken before it is answered."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, channel: str) -> list[Taken]:
        """What ``channel`` took, in its order."""
        with self.lock:
            return [one for one in self.taken if one.channel == channel]

    def take(self, channel: str, headers: dict[str, str], body: dict[str, Any]) -> None:
        """Keep one message."""
        made_at = datetime.fromisoformat(body["at"]).timestamp() if "at" in body else None
        one = Taken(channel, _key(headers, body), _told(body), time.time(), made_at)
        with self.lock:
            self.taken.append(one)
        self.last_words(one)

    def refuse(self) -> int:
        """How often something was refused, this time included."""
        with self.lock:
            self.refused += 1
            return self.refused


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Silent about senders that die, which is what they are here for."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def receiving() -> Iterator[Receivers]:
    """Receivers on a free port."""
    receivers = Receivers()
    server = _Server(("127.0.0.1", 0), _handler(receivers))
    receivers.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receivers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(receivers: Receivers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            channel = self.path.split("/")[1]
            if channel in receivers.away:
                self._refuse()
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            receivers.take(channel, headers, json.loads(body))
            self._answer(202)

        def _refuse(self) -> None:
            if receivers.refuse() % 2:
                self._answer(503)
            else:
                self.close_connection = True

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    return Handler


def _key(headers: dict[str, str], body: dict[str, Any]) -> str:
    if "idempotency-key" in headers:
        return headers["idempotency-key"]
    if "dedup_key" in body:
        return f"{body['dedup_key']} {body['event_action']}"
    found = _SLACK_KEY.search(json.dumps(body))
    return found[1] if found else ""


def _told(body: dict[str, Any]) -> Told:
    text = json.dumps(body)
    found = _NUMBER.search(text)
    over = body.get("verdict") == "end" or body.get("event_action") == "resolve" or "] Over after " in text
    return int(found[1]) if found else -1, over
