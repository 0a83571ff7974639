"""A provider's side of the wire: a loopback server that gives every request the same body."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JSON = "application/json"
EVENTS = "text/event-stream"


@contextmanager
def answering(body: object, *, status: int = 200) -> Iterator[str]:
    """Serve ``body``, a JSON document or the text of an event stream; yields the address of the server."""
    text, kind = (body, EVENTS) if isinstance(body, str) else (json.dumps(body), JSON)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("content-type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *arguments: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def event_stream(events: Sequence[Mapping[str, Any]], *, named: bool = False, done: bool = False) -> str:
    """Server-sent events; ``named`` by their type as Anthropic and the Responses API do; ``done`` ends with [DONE]."""
    lines = [
        (f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event, ensure_ascii=False)}\n\n"
        for event in events
    ]
    return "".join(lines) + ("data: [DONE]\n\n" if done else "")
