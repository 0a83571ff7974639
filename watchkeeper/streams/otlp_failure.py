"""How an OTLP request can fail: one description, two transports.

The OTLP specification lets clients retry 429, 502, 503 and 504 over HTTP and ``UNAVAILABLE`` over gRPC;
everything else makes them drop the data. "Try later" is always 503 here, never 429: older Python
exporters of OpenTelemetry drop the batch at 429, and every exporter retries 503.
"""

from dataclasses import dataclass

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.code_pb2 import (  # type: ignore[import-untyped]
    INVALID_ARGUMENT,
    RESOURCE_EXHAUSTED,
    UNAUTHENTICATED,
    UNAVAILABLE,
    UNIMPLEMENTED,
)
from google.rpc.error_details_pb2 import BadRequest, RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from watchkeeper.streams.otlp_sink import Reply, Verdict

_LONGEST_MESSAGE = 500
BUSY_RETRY_S = 1
UNAVAILABLE_RETRY_S = 2
"""Short, because exporters give up after 10 s by default, and a longer delay makes them give up at once."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request was not stored. ``retry_after_s`` above 0 asks the client to send it again."""

    http_status: int
    grpc_code: int
    message: str
    retry_after_s: int = 0

    def status(self) -> Status:
        """As ``google.rpc.Status``, the body of every error answer."""
        details = [_any(detail) for detail in self._details()]
        return Status(code=self.grpc_code, message=self.message, details=details)

    def retry_info(self) -> RetryInfo | None:
        if not self.retry_after_s:
            return None
        return RetryInfo(retry_delay=Duration(seconds=self.retry_after_s))

    def _details(self) -> list[Message]:
        if self.http_status == 400:
            violation = BadRequest.FieldViolation(field="body", description=self.message)
            return [BadRequest(field_violations=[violation])]
        retry_info = self.retry_info()
        return [] if retry_info is None else [retry_info]


class Refused(Exception):
    """A request is answered with ``failure`` instead of being taken on."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def malformed(message: str) -> Failure:
    return Failure(400, INVALID_ARGUMENT, message[:_LONGEST_MESSAGE])


def unauthenticated() -> Failure:
    text = (
        "send `Authorization: Bearer KEY` with a key of scope ingest ('watchkeeper keys create NAME --scope ingest') "
        "or one of WATCHKEEPER_TOKENS"
    )
    return Failure(401, UNAUTHENTICATED, text)


def not_found(path_hint: str) -> Failure:
    return Failure(404, UNIMPLEMENTED, f"no such path; OTLP is taken at {path_hint}")


def wrong_method() -> Failure:
    return Failure(405, UNIMPLEMENTED, "OTLP requests are sent with POST")


def too_large(limit_bytes: int) -> Failure:
    text = (
        f"the request is larger than {limit_bytes} bytes (after decompression); send smaller batches "
        "or raise WATCHKEEPER_MAX_REQUEST_BYTES"
    )
    return Failure(413, RESOURCE_EXHAUSTED, text)


def unsupported(message: str) -> Failure:
    return Failure(415, INVALID_ARGUMENT, message)


def busy(message: str) -> Failure:
    return Failure(503, UNAVAILABLE, message, BUSY_RETRY_S)


def unavailable(message: str) -> Failure:
    return Failure(503, UNAVAILABLE, message, UNAVAILABLE_RETRY_S)


def failure_of(reply: Reply) -> Failure | None:
    """What ``reply`` means to the client, or None where the data is stored (perhaps in part)."""
    match reply.verdict:
        case Verdict.MALFORMED:
            return malformed(reply.message)
        case Verdict.BUSY:
            return busy(reply.message)
        case Verdict.UNAVAILABLE:
            return unavailable(reply.message)
    return None


def _any(message: Message) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(message)
    return packed
