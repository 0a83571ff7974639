"""One call as three layers report it: a framework, the vendor's SDK under it, and a gateway on the way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

LAYERS: Final = ("framework", "sdk", "gateway")
_SCOPES = {
    "framework": "opentelemetry.instrumentation.langchain",
    "sdk": "opentelemetry.instrumentation.genai.openai",
    "gateway": "litellm",
}
_SERVICES = {"framework": "checkout-bot", "sdk": "checkout-bot", "gateway": "llm-gateway"}
_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class LayeredCall:
    """One call; its ids come from its number."""

    number: int
    begin_ns: int
    input_tokens: int
    output_tokens: int

    def view(self, layer: str) -> Span:
        """The span of ``layer``. The gateway joins the trace for even numbers and has one of its own for odd ones."""
        depth = LAYERS.index(layer)
        own_trace = layer == "gateway" and self.number % 2 == 1
        return Span(
            trace_id=self._id(9 if own_trace else 8, 16),
            span_id=self._id(depth + 1, 8),
            parent_span_id=b"" if depth == 0 or own_trace else self._id(depth, 8),
            name="chat gpt-4o-mini",
            kind=Span.SPAN_KIND_CLIENT,
            start_time_unix_nano=self.begin_ns + depth * 2 * _MS,
            end_time_unix_nano=self.begin_ns + 900 * _MS - depth * 2 * _MS,
            attributes=self._attributes(),
        )

    def _id(self, kind: int, size: int) -> bytes:
        return bytes([0xA0 + kind]) + self.number.to_bytes(size - 1, "big")

    def _attributes(self) -> list[KeyValue]:
        words = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
            "gen_ai.response.id": f"chatcmpl-layers-{self.number:08}",
        }
        numbers = {
            "gen_ai.usage.input_tokens": self.input_tokens,
            "gen_ai.usage.output_tokens": self.output_tokens,
        }
        stop = AnyValue(array_value=ArrayValue(values=[AnyValue(string_value="stop")]))
        return [
            *(KeyValue(key=key, value=AnyValue(string_value=word)) for key, word in words.items()),
            *(KeyValue(key=key, value=AnyValue(int_value=number)) for key, number in numbers.items()),
            KeyValue(key="gen_ai.response.finish_reasons", value=stop),
        ]


def layered_calls(count: int, begin_ns: int, seed: int = 1) -> list[LayeredCall]:
    """Calls a tenth of a second apart, so that many overlap."""
    dice = Random(seed)
    return [
        LayeredCall(number, begin_ns + number * 100 * _MS, dice.randint(10, 3_000), dice.randint(1, 800))
        for number in range(count)
    ]


def one_request(views: Sequence[tuple[str, Span]]) -> bytes:
    """A request with these spans; each layer is a process or library of its own."""
    request = ExportTraceServiceRequest()
    for layer in LAYERS:
        spans = [span for name, span in views if name == layer]
        if not spans:
            continue
        resource = request.resource_spans.add()
        resource.resource.attributes.append(KeyValue(key="service.name", value=AnyValue(string_value=_SERVICES[layer])))
        scope = resource.scope_spans.add()
        scope.scope.name = _SCOPES[layer]
        scope.spans.extend(spans)
    return request.SerializeToString()


def rounds(calls: Sequence[LayeredCall], orders: Sequence[Sequence[str]]) -> Iterator[list[tuple[str, Span]]]:
    """Three rounds of views: each call's first, second and third in the order that its number chooses."""
    for turn in range(len(LAYERS)):
        yield [(layer, call.view(layer)) for call in calls for layer in [orders[call.number // 2 % len(orders)][turn]]]
