"""Real spans with content, from real instrumentations: none of it may leave, and the platform reads the same calls."""

from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common._internal import _encode_attributes
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collector.any_value import plain
from tests.collector.otlp import read, stage
from tests.collector.test_captures import EMITTERS, SECRETS, _bodies
from watchkeeper_sdk.privacy import Privacy

SAME = """
    provider model request_model operation input_tokens output_tokens cache_read_tokens cache_write_tokens
    reasoning_tokens finish_reason error_type response_id service route is_stream ttft_us cost_status calls outcome
"""

LOST = {
    "genkit": {"cache_read_tokens", "model", "response_id"},
    "google-adk-1": {"finish_reason", "outcome"},
    "langfuse-langchain": {"outcome"},
    "langsmith-langchain": {"model", "outcome", "response_id"},
    "litellm-native": {"cache_read_tokens", "reasoning_tokens"},
    "litellm-native-v2": {"outcome"},
    "logfire-openai-v1": {"outcome"},
    "nested-smolagents+openai-openinference": {"response_id"},
    "openinference-groq": {"outcome", "response_id"},
    "openinference-mistralai": {"outcome", "response_id"},
    "openinference-openai-agents": {"response_id"},
    "openinference-smolagents": {"finish_reason", "outcome", "response_id"},
    "traceloop-openai-0.40": {"outcome"},
    "variant-limits-traceloop-openai": {"outcome"},
    "vercel-ai-sdk-v7": {"outcome"},
}
"""Facts that these emitters write nowhere but within content: mostly refusals and broken formats seen in the text."""


def _as_given(attributes: Any) -> dict[str, Any]:
    given = {one.key: plain(one.value) for one in attributes}
    return {key: value for key, value in given.items() if isinstance(value, (str, bool, int, float, list))}


def _cleaned(body: bytes, privacy: Privacy) -> bytes:
    """The request as our exporter path would send it."""
    request = ExportTraceServiceRequest.FromString(body)
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                owners: tuple[Any, ...] = (span, *span.events)
                for owner in owners:
                    kept = privacy.attributes(_as_given(owner.attributes))
                    del owner.attributes[:]
                    owner.attributes.extend(_encode_attributes(kept) or ())
                operation = _as_given(span.attributes).get("gen_ai.operation.name")
                span.name = privacy.span_name(span.name, operation)
                named = [event for event in span.events if privacy.event_name(event.name)]
                del span.events[:]
                span.events.extend(named)
                span.status.message = privacy.failure(span.status.message) or ""
    return request.SerializeToString()


@pytest.mark.parametrize("emitter", EMITTERS)
def test_no_content_leaves_and_the_calls_stay_the_same(emitter: str) -> None:
    bodies = _bodies(emitter)
    cleaned = [_cleaned(body, Privacy()) for body in bodies]
    assert not [mark for mark in SECRETS for body in cleaned if mark in body]
    before = {row["span_id"]: row for row in read(stage(), *bodies).calls.to_pylist()}
    after = {row["span_id"]: row for row in read(stage(), *cleaned).calls.to_pylist()}
    assert after.keys() == before.keys()
    changed = {name for key, row in before.items() for name in SAME.split() if row[name] != after[key][name]}
    assert changed == LOST.get(emitter, set())
