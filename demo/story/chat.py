"""A chat of the demo's own: a webhook on this machine that keeps the titles of the messages it gets."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from demo.backend import HOST

_MOST_BYTES = 100_000
_POLL_S = 0.05
RULES = {
    "channels": {
        "chat": {"type": "webhook", "url": {"secret": "chat"}, "signing_key": {"secret": "chat_key"}},
    },
    "rules": [{"name": "everything", "channels": ["chat"], "hold": "1s"}],
}
"""Alert rules that send everything to it."""


@dataclass(slots=True)
class Chat:
    """What came, in its order."""

    url: str
    titles: list[str] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def settings(self) -> Mapping[str, str]:
        """With which Watchkeeper may send to it."""
        secrets = {"chat": self.url, "chat_key": "a key for the demo alone"}
        return {"WATCHKEEPER_ALERT_PRIVATE_TARGETS": HOST, "WATCHKEEPER_ALERT_SECRETS": json.dumps(secrets)}

    def first(self, timeout_s: float) -> str:
        """The title of the first message; empty where none comes in time."""
        with self.came:
            self.came.wait_for(lambda: self.titles, timeout_s)
            return self.titles[0] if self.titles else ""


@contextmanager
def chatting() -> Iterator[Chat]:
    """Listens for the time of the ``with`` block."""
    server = ThreadingHTTPServer((HOST, 0), BaseHTTPRequestHandler)
    chat = Chat(f"http://{HOST}:{server.server_address[1]}/")

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(min(int(self.headers["Content-Length"]), _MOST_BYTES)))
            with chat.came:
                chat.titles.append(str(message["title"]))
                chat.came.notify_all()
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent: the demo prints what matters."""

    server.RequestHandlerClass = Taking
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,), daemon=True)
    thread.start()
    try:
        yield chat
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
