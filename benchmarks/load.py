"""OTLP requests for load tests, cheap enough to share the machine with what is measured.

A :class:`RequestTemplate` is built once through the protobuf classes; each further request is a copy of its
bytes with ids and times written over. Ids come from a counter through a bijection, so they never repeat.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Final

import numpy as np
import numpy.typing as npt
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

ATTRIBUTES: Final = 17
"""Attributes on every span."""

_SCOPE = ("opentelemetry.instrumentation.genai.openai", "1.3b0")
_SCHEMA_URL = "https://opentelemetry.io/schemas/1.37.0"
_SPACING_NS = 1_000
_RESPONSE_PREFIX = "chatcmpl-"
_OUTCOME_OF = {"stop": "ok", "length": "truncated", "content_filter": "filtered"}
_HEX: npt.NDArray[np.uint8] = np.frombuffer(b"".join(b"%02x" % n for n in range(256)), np.uint8).reshape(256, 2)

Value = str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Who calls what, in equal shares."""

    services: tuple[str, ...] = ("checkout-bot", "support-agent", "doc-search", "contract-review")
    models: tuple[tuple[str, str], ...] = (
        ("gpt-4o-mini", "gpt-4o-mini-2024-07-18"),
        ("gpt-4.1", "gpt-4.1-2025-04-14"),
        ("gpt-4.1-mini", "gpt-4.1-mini-2025-04-14"),
        ("gpt-5-mini", "gpt-5-mini-2025-08-07"),
    )


@dataclass(slots=True)
class Totals:
    """What a reader of the requests must find."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    by_model: Counter[str] = field(default_factory=Counter)
    by_service: Counter[str] = field(default_factory=Counter)
    by_outcome: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.by_model + other.by_model,
            self.by_service + other.by_service,
            self.by_outcome + other.by_outcome,
        )


@dataclass(frozen=True, slots=True)
class _Call:
    service: str
    request_model: str
    model: str
    finish_reason: str
    input_tokens: int
    cached: int
    output_tokens: int
    ttft_s: float
    duration_ns: int
    stream: bool


class RequestTemplate:
    """An export request of ``spans`` spans with 17 attributes each; equal arguments give equal bytes."""

    def __init__(self, spans: int, seed: int, traffic: Traffic | None = None) -> None:
        calls = sorted(_calls(spans, Random(seed), traffic or Traffic()), key=lambda call: call.service)
        self.totals = sum(map(_totals, calls), Totals())
        raw = _request(calls).SerializeToString()
        self._bytes: npt.NDArray[np.uint8] = np.frombuffer(raw, np.uint8)
        numbers = range(spans)
        self._trace_ids = _places(raw, [_marker(b"t", n, 16) for n in numbers], 16)
        self._span_ids = _places(raw, [_marker(b"s", n, 8) for n in numbers], 8)
        self._starts = _places(raw, [_marker(b"b", n, 8) for n in numbers], 8)
        self._ends = _places(raw, [_marker(b"e", n, 8) for n in numbers], 8)
        self._responses = _places(raw, [_marker(b"r", n, 16) for n in numbers], 16)
        self._durations = np.array([call.duration_ns for call in calls], np.uint64)
        self._numbers = np.arange(spans, dtype=np.uint64)

    @property
    def size(self) -> int:
        """Bytes of one request."""
        return len(self._bytes)

    def request(self, first: int, start_ns: int) -> bytes:
        """Spans numbered from ``first`` (unique over all requests), starting from ``start_ns`` on."""
        body = self._bytes.copy()
        ids = _mixed(self._numbers + np.uint64(first))
        body[self._span_ids] = _as_bytes(ids)
        body[self._trace_ids[:, :8]] = _as_bytes(ids)
        body[self._trace_ids[:, 8:]] = _as_bytes(~ids)
        body[self._responses] = _HEX[_as_bytes(ids)].reshape(len(ids), 16)
        starts = self._numbers * np.uint64(_SPACING_NS) + np.uint64(start_ns)
        body[self._starts] = _as_bytes(starts)
        body[self._ends] = _as_bytes(starts + self._durations)
        return body.tobytes()


class Load:
    """A stream of requests from several templates, and what it adds up to."""

    def __init__(self, spans: int = 512, templates: int = 8, seed: int = 1, traffic: Traffic | None = None) -> None:
        self.spans = spans
        self._templates = [RequestTemplate(spans, seed * 1_000 + n, traffic) for n in range(templates)]

    def request(self, number: int, start_ns: int) -> bytes:
        """The request with this number; different numbers share no id."""
        return self._templates[number % len(self._templates)].request(number * self.spans, start_ns)

    def requests(self, count: int, start_ns: int) -> Iterator[bytes]:
        """Requests 0 to ``count`` - 1, each a millisecond of calls later than the one before."""
        for number in range(count):
            yield self.request(number, start_ns + number * self.spans * _SPACING_NS)

    def totals(self, count: int) -> Totals:
        """What the requests 0 to ``count`` - 1 hold together."""
        used = (self._templates[number % len(self._templates)].totals for number in range(count))
        return sum(used, Totals())


def spans_request(spans: int, seed: int, start_ns: int, first: int = 0) -> bytes:
    """One request of ``spans`` spans; ``first`` numbers the first span and must not repeat within a test."""
    return _template(spans, seed).request(first, start_ns)


def spans_totals(spans: int, seed: int) -> Totals:
    """What :func:`spans_request` with the same arguments holds."""
    return _template(spans, seed).totals


@lru_cache(maxsize=32)
def _template(spans: int, seed: int) -> RequestTemplate:
    return RequestTemplate(spans, seed)


def _calls(count: int, rng: Random, traffic: Traffic) -> Iterator[_Call]:
    for number in range(count):
        request_model, model = rng.choice(traffic.models)
        sent = round(rng.lognormvariate(6.6, 0.6)) + 8
        duration_s = rng.lognormvariate(0.2, 0.5)
        yield _Call(
            service=traffic.services[number % len(traffic.services)],
            request_model=request_model,
            model=model,
            finish_reason=rng.choices(("stop", "length", "content_filter"), (95, 4, 1))[0],
            input_tokens=sent,
            cached=(sent // 128) * 128 if rng.random() < 0.4 else 0,
            output_tokens=round(rng.lognormvariate(4.8, 0.6)) + 1,
            ttft_s=duration_s * rng.uniform(0.1, 0.4),
            duration_ns=int(duration_s * 1e9),
            stream=True,
        )


def _totals(call: _Call) -> Totals:
    return Totals(
        1,
        call.input_tokens,
        call.output_tokens,
        call.cached,
        Counter([call.model]),
        Counter([call.service]),
        Counter([_OUTCOME_OF[call.finish_reason]]),
    )


def _request(calls: list[_Call]) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    scope: ScopeSpans | None = None
    service = ""
    for number, call in enumerate(calls):
        if scope is None or call.service != service:
            service = call.service
            scope = _new_scope(request.resource_spans.add(), service)
        scope.spans.append(_span(number, call))
    return request


def _new_scope(resource: ResourceSpans, service: str) -> ScopeSpans:
    described: dict[str, Value] = {
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.version": "1.45.2",
        "service.name": service,
        "service.version": "1.4.2",
        "deployment.environment.name": "production",
    }
    resource.resource.attributes.extend(_pairs(described))
    scope = resource.scope_spans.add(schema_url=_SCHEMA_URL)
    scope.scope.name, scope.scope.version = _SCOPE
    return scope


def _span(number: int, call: _Call) -> Span:
    return Span(
        trace_id=_marker(b"t", number, 16),
        span_id=_marker(b"s", number, 8),
        name=f"chat {call.request_model}",
        kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=int.from_bytes(_marker(b"b", number, 8), "little"),
        end_time_unix_nano=int.from_bytes(_marker(b"e", number, 8), "little"),
        attributes=_pairs(_attributes(number, call)),
    )


def _attributes(number: int, call: _Call) -> dict[str, Value]:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": call.request_model,
        "server.address": "api.openai.com",
        "server.port": 443,
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.max_tokens": 1024,
        "gen_ai.response.finish_reasons": (call.finish_reason,),
        "gen_ai.response.model": call.model,
        "gen_ai.response.id": _RESPONSE_PREFIX + _marker(b"r", number, 16).decode(),
        "gen_ai.usage.input_tokens": call.input_tokens,
        "gen_ai.usage.output_tokens": call.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": call.cached,
        "gen_ai.request.stream": call.stream,
        "gen_ai.response.time_to_first_chunk": call.ttft_s,
        "openai.response.service_tier": "default",
        "openai.response.system_fingerprint": "fp_50cad350e4",
    }


def _pairs(attributes: dict[str, Value]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_any_value(value)) for key, value in attributes.items()]


def _any_value(value: Value) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(array_value=ArrayValue(values=[AnyValue(string_value=word) for word in value]))


def _marker(kind: bytes, number: int, size: int) -> bytes:
    """Readable bytes that occur nowhere else in the request, to be found again and written over."""
    return kind + b"%0*d" % (size - 1, number) if size > 8 else kind + b"~%05d~" % number


def _places(raw: bytes, markers: list[bytes], size: int) -> npt.NDArray[np.intp]:
    """Where each marker lies, as indices of its ``size`` bytes. Markers lie in their order."""
    starts, at = [], 0
    for marker in markers:
        at = raw.index(marker, at)
        starts.append(at)
    return np.array(starts, np.intp)[:, None] + np.arange(size, dtype=np.intp)


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Numbers that look random, one for one: xor-shifts and odd multipliers can be undone: none collide."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _as_bytes(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(numbers).view(np.uint8).reshape(len(numbers), 8)
