"""OTLP over HTTP as a bare ASGI application, because a framework costs more than the work itself.

``POST /v1/traces``, ``/v1/logs`` and ``/v1/metrics``; protobuf (``application/x-protobuf``) and JSON
(``application/json``); bodies plain, ``gzip`` or ``deflate``, with a length or chunked. Answers are in the
encoding of the request. An empty body is an empty request and succeeds.

| status | when | should a client retry? |
| --- | --- | --- |
| 200 | stored; with ``partial_success`` where some spans never can be | no |
| 400 | the body cannot be decompressed or decoded | no |
| 401, 404, 405 | no known token or key, wrong path, wrong method | no |
| 413 | larger than ``max_request_bytes`` after decompression | no, smaller batches |
| 415 | another content type or encoding | no |
| 503 + ``Retry-After`` | queue full, store down, keys cannot be checked, shutting down, not stored in time | yes |

Metrics are answered with 200 and a ``partial_success`` that says they are discarded: exporters take that as
success and show the text as a warning, whereas an error status would make each of them report a failure at
every export.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from watchkeeper.streams.otlp_auth import Doors
from watchkeeper.streams.otlp_body import ClientGone, ReceiveBudget, read_body, read_inflated
from watchkeeper.streams.otlp_config import ReceiverConfig
from watchkeeper.streams.otlp_endpoints import ENDPOINTS, Endpoint, written
from watchkeeper.streams.otlp_exchange import Answered, Exchange, Observe
from watchkeeper.streams.otlp_failure import (
    Failure,
    Refused,
    not_found,
    too_large,
    unsupported,
    wrong_method,
)
from watchkeeper.streams.otlp_inflate import WINDOW_BITS, Inflater
from watchkeeper.streams.source import Encoding

Header = tuple[bytes, bytes]

_ENDPOINTS: dict[str, Endpoint] = {endpoint.path: endpoint for endpoint in ENDPOINTS}
_ENCODINGS: dict[bytes, Encoding] = {
    b"application/x-protobuf": Encoding.PROTOBUF,
    b"application/protobuf": Encoding.PROTOBUF,
    b"application/json": Encoding.JSON,
}
_JSON = b"application/json"


@dataclass(slots=True)
class _Headers:
    """The request headers that matter here."""

    content_type: bytes = b""
    content_encoding: bytes = b""
    content_length: int = 0
    authorization: bytes = b""

    @classmethod
    def of(cls, headers: Iterable[Header]) -> "_Headers":
        found = cls()
        for name, value in headers:
            if name == b"content-type":
                found.content_type = value.partition(b";")[0].strip().lower()
            elif name == b"content-length":
                found.content_length = int(value)
            elif name == b"content-encoding":
                found.content_encoding = value.strip().lower()
            elif name == b"authorization":
                found.authorization = value
        return found


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content_type: bytes
    body: bytes
    headers: tuple[Header, ...] = ()


class OtlpHttpApp:
    """The ASGI application. Does not buffer, queue or decode: that is the sink's business."""

    def __init__(self, exchange: Exchange, config: ReceiverConfig, observe: Observe) -> None:
        self._exchange = exchange
        self._doors = Doors(config.tokens, config.admit)
        self._max_bytes = config.max_request_bytes
        self._budget = ReceiveBudget(config.receiving_max_bytes)
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = _Headers.of(scope["headers"])
        endpoint = _ENDPOINTS.get(scope["path"])
        try:
            body = await self._export(endpoint, scope["method"], headers, receive)
            answer = _Answer(200, headers.content_type, body)
        except Refused as refused:
            answer = _failed(refused.failure, headers.content_type)
        except ClientGone:
            return
        self._observe(Answered("http", endpoint.name if endpoint else "unknown", str(answer.status)))
        await _send(send, answer)

    async def _export(self, endpoint: Endpoint | None, method: str, headers: _Headers, receive: Receive) -> bytes:
        """The answer's body; raises :class:`Refused`. What can be refused by the headers alone is, first."""
        if endpoint is None:
            raise Refused(not_found(", ".join(_ENDPOINTS)))
        if method != "POST":
            raise Refused(wrong_method())
        if (failure := self._doors.refusal(headers.authorization)) is not None:
            raise Refused(failure)
        self._exchange.check_open()
        encoding = _encoding(headers.content_type)
        body = await self._read(headers, receive) if endpoint.signal is not None else b""
        return await self._exchange.export(endpoint, encoding, body)

    async def _read(self, headers: _Headers, receive: Receive) -> bytes:
        if headers.content_length > self._max_bytes:
            raise Refused(too_large(self._max_bytes))
        with self._budget.account() as account:
            if headers.content_encoding in (b"", b"identity"):
                return await read_body(receive, self._max_bytes, account)
            if headers.content_encoding not in WINDOW_BITS:
                raise Refused(unsupported("unknown Content-Encoding; send gzip, deflate or identity"))
            return await read_inflated(receive, Inflater(headers.content_encoding, self._max_bytes), account)


def _encoding(content_type: bytes) -> Encoding:
    encoding = _ENCODINGS.get(content_type)
    if encoding is None:
        raise Refused(unsupported("unknown Content-Type; send application/x-protobuf or application/json"))
    return encoding


def _failed(failure: Failure, content_type: bytes) -> _Answer:
    answer_type = content_type if content_type in _ENCODINGS else _JSON
    body = written(failure.status(), _ENCODINGS[answer_type])
    return _Answer(failure.http_status, answer_type, body, tuple(_failure_headers(failure)))


def _failure_headers(failure: Failure) -> Iterable[Header]:
    if failure.retry_after_s:
        yield b"retry-after", str(failure.retry_after_s).encode()
    if failure.http_status == 401:
        yield b"www-authenticate", b"Bearer"
    if failure.http_status == 405:
        yield b"allow", b"POST"


async def _send(send: Send, answer: _Answer) -> None:
    headers = [
        (b"content-type", answer.content_type),
        (b"content-length", str(len(answer.body)).encode()),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
