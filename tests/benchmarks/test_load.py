"""The load generator makes what it says it makes."""

from collections import Counter

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from benchmarks.load import ATTRIBUTES, Load, spans_request, spans_totals

_START_NS = 1_763_000_000_000_000_000


def _spans(body: bytes) -> list[Span]:
    request = ExportTraceServiceRequest.FromString(body)
    return [span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]


def _int(span: Span, name: str) -> int:
    return next(pair.value.int_value for pair in span.attributes if pair.key == name)


def _text(span: Span, name: str) -> str:
    return next(pair.value.string_value for pair in span.attributes if pair.key == name)


def test_every_span_has_17_attributes_and_a_length() -> None:
    spans = _spans(spans_request(64, 1, _START_NS))
    assert len(spans) == 64
    for span in spans:
        assert len({pair.key for pair in span.attributes}) == len(span.attributes) == ATTRIBUTES
        assert _START_NS <= span.start_time_unix_nano < span.end_time_unix_nano


def test_ids_never_repeat_over_requests() -> None:
    load = Load(spans=100, templates=3)
    spans = [span for body in load.requests(20, _START_NS) for span in _spans(body)]
    for ids in (
        {span.trace_id for span in spans},
        {span.span_id for span in spans},
        {_text(span, "gen_ai.response.id") for span in spans},
    ):
        assert len(ids) == len(spans) == 2_000
    assert {len(span.trace_id) for span in spans} == {16}
    assert {len(span.span_id) for span in spans} == {8}


def test_the_totals_are_those_of_the_spans() -> None:
    load = Load(spans=50, templates=3, seed=4)
    spans = [span for body in load.requests(7, _START_NS) for span in _spans(body)]
    totals = load.totals(7)
    assert totals.calls == len(spans) == 350
    assert totals.input_tokens == sum(_int(span, "gen_ai.usage.input_tokens") for span in spans)
    assert totals.output_tokens == sum(_int(span, "gen_ai.usage.output_tokens") for span in spans)
    assert totals.cache_read_tokens == sum(_int(span, "gen_ai.usage.cache_read.input_tokens") for span in spans)
    assert totals.by_model == Counter(_text(span, "gen_ai.response.model") for span in spans)
    assert sum(totals.by_outcome.values()) == sum(totals.by_service.values()) == 350


def test_equal_arguments_give_equal_bytes() -> None:
    assert spans_request(20, 1, _START_NS) == spans_request(20, 1, _START_NS)
    assert spans_request(20, 1, _START_NS) != spans_request(20, 2, _START_NS)
    assert spans_totals(20, 1).calls == 20


def test_later_requests_start_later() -> None:
    load = Load(spans=10, templates=2)
    starts = [span.start_time_unix_nano for body in load.requests(5, _START_NS) for span in _spans(body)]
    assert len(set(starts)) == 50
    assert min(starts) == _START_NS
