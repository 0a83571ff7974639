"""The HTTP server around the application: uvicorn, with bounds on connections and on slow clients."""

import asyncio
import socket

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from watchkeeper.streams.otlp_config import ReceiverConfig, port_in_use
from watchkeeper.streams.otlp_failure import BUSY_RETRY_S
from watchkeeper.streams.otlp_http import OtlpHttpApp

_KEEP_ALIVE_S = 75
"""Exporters send every 5 s or more; a new connection each time would cost them and us a handshake."""
_TOO_MANY_CONNECTIONS = (
    f"HTTP/1.1 503 Service Unavailable\r\nretry-after: {BUSY_RETRY_S}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
).encode()
_MOST_HEAD_BYTES = 64 * 1024
"""Of the address and headers of a request, after the first piece of them that came."""
_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises :class:`ConfigError` where the address cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError:
        raise port_in_use("OTLP/HTTP", host, port, "WATCHKEEPER_OTLP_HTTP_PORT") from None


class HttpServer:
    """Serves one application on one bound socket, inside the running event loop."""

    def __init__(self, app: OtlpHttpApp, config: ReceiverConfig, listener: socket.socket) -> None:
        self._listener = listener
        self._server = uvicorn.Server(_uvicorn_config(app, config))
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return when connections are accepted."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        while not self._server.started and not self._task.done():
            await asyncio.sleep(0)
        if self._task.done():
            self._task.result()

    async def stop(self, grace_s: float) -> None:
        """Accept nothing more, let answers go out for ``grace_s``, then cut the connections that are left."""
        if self._task is None:
            return
        self._server.should_exit = True
        done, _ = await asyncio.wait({self._task}, timeout=grace_s)
        if not done:
            for connection in tuple(self._server.server_state.connections):
                connection.transport.abort()
        await self._task


def _uvicorn_config(app: OtlpHttpApp, config: ReceiverConfig) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=bounded_protocol(config.max_connections, config.receive_timeout_s),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        ssl_certfile=config.tls_cert_file,
        ssl_keyfile=config.tls_key_file,
    )


def bounded_protocol(max_connections: int, receive_timeout_s: float) -> type[HttpToolsProtocol]:
    """uvicorn's HTTP protocol with bounds; by itself it waits for ever for the rest of a request."""

    class BoundedProtocol(HttpToolsProtocol):
        _deadline: asyncio.TimerHandle | None = None
        _in_head = False
        _head_bytes = 0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if len(self.connections) > max_connections:
                transport.write(_TOO_MANY_CONNECTIONS)
                transport.close()
            else:
                self._start_deadline()

        def data_received(self, data: bytes) -> None:
            if self._deadline is None:
                self._start_deadline()
            was_in_head = self._in_head
            super().data_received(data)
            # The parser keeps whatever comes until the headers end.
            self._head_bytes += len(data) if was_in_head and self._in_head else 0
            if self._head_bytes > _MOST_HEAD_BYTES:
                self.transport.write(_HEAD_TOO_LARGE)
                self.transport.close()

        def on_message_begin(self) -> None:
            self._in_head, self._head_bytes = True, 0
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._in_head = False
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            self._stop_deadline()
            super().on_message_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_deadline()
            super().connection_lost(exc)

        def _start_deadline(self) -> None:
            self._deadline = self.loop.call_later(receive_timeout_s, self.transport.abort)

        def _stop_deadline(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

    return BoundedProtocol
