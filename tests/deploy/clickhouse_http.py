"""ClickHouse's HTTP interface over the embedded engine: a server that several processes can share where none is there.

    WATCHKEEPER_CLICKHOUSE_PASSWORD=… python -m tests.deploy.clickhouse_http DIRECTORY PORT

Speaks what clickhouse-connect sends: statements and settings in the address, rows in the body (plain or compressed),
errors with ``X-ClickHouse-Exception-Code``. One user, ``watchkeeper``, over basic authentication. SQL runs on the same
engine as on a server; the network protocol, users and limits of a server are not tested by it.
"""

import base64
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb
import lz4.frame  # type: ignore[import-untyped]
import zstandard

USER = "watchkeeper"
_TRANSPORT = frozenset(
    {
        "query",
        "database",
        "query_id",
        "wait_end_of_query",
        "client_protocol_version",
        "send_progress_in_http_headers",
        "http_headers_progress_interval_ms",
        "enable_http_compression",
    }
)
"""Parameters of an address that are no settings of the engine."""
_INSERT = re.compile(rb"\s*INSERT\s+INTO\s+.*?\bFORMAT\s+\w+\s", re.IGNORECASE | re.DOTALL)
_FORMAT = re.compile(rb"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_CODE = re.compile(r"Code: (\d+)\.")
_AUTHENTICATION_FAILED = 516


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one statement."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Engine:
    """Statements on one engine, each on a handle of its own: settings end with their statement."""

    def __init__(self, directory: Path) -> None:
        self._directory = str(directory)
        # Held open, so that the engine does not stop between two statements.
        self._held = chdb.connect(self._directory)  # type: ignore[no-untyped-call]

    def answer(self, parameters: Mapping[str, str], body: bytes) -> Answer:
        """Run what ``parameters`` and ``body`` ask, as ClickHouse's HTTP interface does."""
        handle = chdb.connect(self._directory)  # type: ignore[no-untyped-call]
        try:
            return _run(handle, parameters, body)
        except RuntimeError as error:
            return _refused(str(error))
        finally:
            handle.close()


def _run(handle: Any, parameters: Mapping[str, str], body: bytes) -> Answer:
    if database := parameters.get("database"):
        handle.query(f"USE `{database}`")
    settings = {k: v for k, v in parameters.items() if k not in _TRANSPORT and not k.startswith("param_")}
    # Read-only last: no setting can be changed under it.
    for name in sorted(settings, key=lambda name: name == "readonly"):
        value = settings[name].replace("\\", "\\\\").replace("'", "\\'")
        handle.query(f"SET {name} = '{value}'")
    statement = parameters.get("query", "").encode()
    whole = statement + b"\n" + body if statement else body
    if insert := _INSERT.match(whole):
        return _insert(handle, insert.group(), whole[insert.end() :])
    bound = {name.removeprefix("param_"): value for name, value in parameters.items() if name.startswith("param_")}
    return _select(handle, whole, bound)


def _insert(handle: Any, statement: bytes, rows: bytes) -> Answer:
    into, _, form = statement.decode().strip().rpartition("FORMAT")
    with tempfile.NamedTemporaryFile() as file:
        file.write(rows)
        file.flush()
        handle.query(f"{into} FROM INFILE '{file.name}' FORMAT {form}")
    return Answer(200, b"", {})


def _select(handle: Any, statement: bytes, bound: Mapping[str, str]) -> Answer:
    text = statement.decode()
    if named := _FORMAT.search(statement):
        found = handle.query(text, "TabSeparated", params=bound).bytes() or b""
        return Answer(200, found, {"X-ClickHouse-Format": named.group(1).decode()})
    # A statement with a result has a line of names at least; a command prints nothing.
    found = handle.query(text, "TabSeparatedWithNames", params=bound).bytes() or b""
    return Answer(200, found.partition(b"\n")[2], {"X-ClickHouse-Format": "TabSeparated"} if found else {})


def _refused(text: str) -> Answer:
    code = _CODE.search(text)
    headers = {"X-ClickHouse-Exception-Code": code.group(1) if code else "1000"}
    return Answer(500, text[text.find("Code: ") :].encode() if code else text.encode(), headers)


def _plain(body: bytes, encoding: str) -> bytes:
    if encoding == "lz4":
        plain: bytes = lz4.frame.decompress(body)
        return plain
    return zstandard.ZstdDecompressor().stream_reader(body).read() if encoding == "zstd" else body


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    engine: Engine
    authorization: str

    def do_GET(self) -> None:
        if self.path == "/ping":
            self._send(Answer(200, b"Ok.\n", {}))
        else:
            self.do_POST()

    def do_POST(self) -> None:
        body = self._body()
        if self.headers.get("Authorization") != self.authorization:
            code = {"X-ClickHouse-Exception-Code": str(_AUTHENTICATION_FAILED)}
            self._send(Answer(403, b"Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)", code))
            return
        parameters = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        self._send(self.engine.answer(parameters, _plain(body, self.headers.get("Content-Encoding", ""))))

    def log_message(self, format: str, *args: Any) -> None:
        return

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().strip(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)


def main(directory: Path, port: int, password: str) -> None:
    """Serve on loopback until the process is ended."""
    _Handler.engine = Engine(directory)
    _Handler.authorization = "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()
    ThreadingHTTPServer(("127.0.0.1", port), _Handler).serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), os.environ["WATCHKEEPER_CLICKHOUSE_PASSWORD"])
