"""OTLP over gRPC: the three ``Export`` methods with bytes in and bytes out.

gRPC's own decompression is switched off: it is three times slower than ours and would cost more than
everything else here. A compressed message is recognised by its first byte, which no OTLP message starts
with (they start with field 1; gzip's first byte is no valid field tag, zlib's would be field 15).

| status | when | retry? |
| --- | --- | --- |
| OK | stored; with ``partial_success`` where some spans never can be | no |
| INVALID_ARGUMENT | the message cannot be decompressed or decoded | no |
| UNAUTHENTICATED | no known token or key in the ``authorization`` metadata | no |
| RESOURCE_EXHAUSTED | larger than ``max_request_bytes`` after decompression | no |
| UNAVAILABLE + RetryInfo | queue full, store down, keys cannot be checked, shutting down, not stored in time | yes |
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, Never, TypeAlias

import grpc
import grpc.aio

from watchkeeper.streams.otlp_auth import Doors
from watchkeeper.streams.otlp_config import ReceiverConfig, port_in_use
from watchkeeper.streams.otlp_endpoints import ENDPOINTS, Endpoint
from watchkeeper.streams.otlp_exchange import Answered, Exchange, Observe
from watchkeeper.streams.otlp_failure import Failure, Refused, busy
from watchkeeper.streams.otlp_inflate import Inflater
from watchkeeper.streams.source import Encoding

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Found: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"

_CODES: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}
_GZIP = b"\x1f\x8b"
_ZLIB = b"\x78"
_ENDPOINTS: dict[str, Endpoint] = {endpoint.grpc_method: endpoint for endpoint in ENDPOINTS}


class OtlpGrpcService(grpc.GenericRpcHandler):
    """Finds the method for a call, or turns the call away before its message is read."""

    def __init__(self, exchange: Exchange, config: ReceiverConfig, observe: Observe) -> None:
        self._exchange = exchange
        self._doors = Doors(config.tokens, config.admit)
        self._max_bytes = config.max_request_bytes
        self._max_calls = config.max_connections
        self._calls = 0
        self._observe = observe
        self._handlers = {method: self._handler(endpoint) for method, endpoint in _ENDPOINTS.items()}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Found:
        handler = self._handlers.get(handler_call_details.method)
        if handler is None:
            return None
        failure = self._refusal(handler_call_details)
        if failure is None:
            return handler
        # A handler of a stream is called before the first message is received.
        endpoint = _ENDPOINTS[handler_call_details.method]
        return grpc.stream_unary_rpc_method_handler(partial(self._refuse, endpoint, failure))

    def _handler(self, endpoint: Endpoint) -> Handler:
        behaviour: Callable[[bytes, Context], Awaitable[bytes]] = partial(self._export, endpoint)
        return grpc.unary_unary_rpc_method_handler(behaviour)

    def _refusal(self, details: grpc.HandlerCallDetails) -> Failure | None:
        if (failure := self._doors.refusal(_authorization(details))) is not None:
            return failure
        if self._calls >= self._max_calls:
            return busy("too many requests are in work; send again later")
        return None

    async def _export(self, endpoint: Endpoint, message: bytes, context: Context) -> bytes:
        self._calls += 1
        try:
            body = _inflated(message, self._max_bytes)
            answer = await self._exchange.export(endpoint, Encoding.PROTOBUF, body)
        except Refused as refused:
            return await self._abort(endpoint, refused.failure, context)
        finally:
            self._calls -= 1
        self._observe(Answered("grpc", endpoint.name, grpc.StatusCode.OK.name))
        return answer

    async def _refuse(
        self, endpoint: Endpoint, failure: Failure, messages: AsyncIterator[bytes], context: Context
    ) -> bytes:
        return await self._abort(endpoint, failure, context)

    async def _abort(self, endpoint: Endpoint, failure: Failure, context: Context) -> Never:
        code = _CODES[failure.grpc_code]
        self._observe(Answered("grpc", endpoint.name, code.name))
        await context.abort(code, failure.message, _trailers(failure))


def _authorization(details: grpc.HandlerCallDetails) -> bytes:
    for key, value in details.invocation_metadata:
        if key == "authorization":
            return value if isinstance(value, bytes) else value.encode()
    return b""


def _inflated(message: bytes, max_bytes: int) -> bytes:
    if message.startswith(_GZIP):
        encoding = b"gzip"
    elif message.startswith(_ZLIB):
        encoding = b"deflate"
    else:
        return message
    inflater = Inflater(encoding, max_bytes)
    body = b"".join(inflater.feed(message))
    inflater.finish()
    return body


def _trailers(failure: Failure) -> tuple[tuple[str, bytes], ...]:
    status = ("grpc-status-details-bin", failure.status().SerializeToString())
    retry_info = failure.retry_info()
    if retry_info is None:
        return (status,)
    # OpenTelemetry's Python exporter looks for RetryInfo under a name of its own.
    return status, ("google.rpc.retryinfo-bin", retry_info.SerializeToString())


class GrpcServer:
    """The gRPC server on the running event loop."""

    def __init__(self, service: OtlpGrpcService, config: ReceiverConfig) -> None:
        self._config = config
        self._server = grpc.aio.server(handlers=[service], options=_options(config))

    async def start(self) -> int:
        """Listen and return the port; raises :class:`ConfigError` where the address cannot be had."""
        port = self._bind()
        await self._server.start()
        return port

    async def stop(self, grace_s: float) -> None:
        """Accept nothing more, let answers go out for ``grace_s``, then cut the calls that are left."""
        await self._server.stop(grace_s)

    def _bind(self) -> int:
        host, port = self._config.host, self._config.grpc_port
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        tls = self._config.tls_bytes()
        try:
            if tls is None:
                return self._server.add_insecure_port(address)
            return self._server.add_secure_port(address, grpc.ssl_server_credentials([tls]))
        except RuntimeError:
            raise port_in_use("OTLP/gRPC", host, port, "WATCHKEEPER_OTLP_GRPC_PORT") from None


def _options(config: ReceiverConfig) -> list[tuple[str, Any]]:
    return [
        ("grpc.so_reuseport", 0),  # or a second process would share the port silently
        ("grpc.per_message_decompression", 0),
        ("grpc.max_receive_message_length", config.max_request_bytes),
        ("grpc.max_concurrent_streams", 100),
        ("grpc.max_allowed_incoming_connections", config.max_connections),
        ("grpc.keepalive_permit_without_calls", 1),  # the OpenTelemetry Collector pings idle connections
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ]
