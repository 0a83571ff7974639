from typing import Any

import pytest

from tests.collector.otlp import CHAT, SpanSpec, read, request, rows, stage
from watchkeeper.streams.source import Batch, RawMessage


def with_id(response_id: str, **more: Any) -> dict[str, Any]:
    return {**CHAT, "gen_ai.response.id": response_id, **more}


def without(*keys: str) -> dict[str, Any]:
    return {key: value for key, value in CHAT.items() if key not in keys}


def test_a_span_exported_twice_counts_once_in_one_batch_and_across_batches() -> None:
    reader = stage()
    body = request(SpanSpec(1), SpanSpec(2))
    assert read(reader, body, body).calls.num_rows == 2
    again = read(reader, body)
    assert again.calls.num_rows == 0
    assert len(again.skipped["repeated_span"]) == 2


def test_what_was_not_stored_is_not_remembered() -> None:
    reader = stage()
    body = request(SpanSpec(1))
    batch = Batch("otlp_spans", 0, [RawMessage(body, 0)], "token")
    assert reader.read(batch).calls.num_rows == 1
    assert reader.read(batch).calls.num_rows == 1, "the first one was never acknowledged"


def test_a_framework_span_over_an_sdk_span_counts_once_and_keeps_what_only_it_knows() -> None:
    outer = SpanSpec(1, scope="framework", attributes=with_id("r1") | {"gen_ai.conversation.id": "c1"})
    inner = SpanSpec(2, parent=1, start_ms=10, end_ms=900, attributes=with_id("r1"))
    (row,) = rows(outer, inner)
    assert row["span_id"][-1] == 2
    assert row["conversation_id"] == "c1"


def test_framework_sdk_and_gateway_count_once_whatever_arrives_first() -> None:
    framework = SpanSpec(1, scope="framework", attributes=with_id("r1"))
    sdk = SpanSpec(2, parent=1, start_ms=5, end_ms=950, attributes=with_id("r1"))
    gateway = SpanSpec(3, trace=9, service="gateway", start_ms=20, end_ms=940, attributes=with_id("r1"))
    orders = [(framework, sdk, gateway), (gateway, framework, sdk), (sdk, gateway, framework)]
    for order in orders:
        reader = stage()
        together = read(stage(), request(*order)).calls
        assert together.num_rows == 1
        apart = sum(read(reader, request(spec)).calls.num_rows for spec in order)
        assert apart == 1, [spec.span for spec in order]


def test_equal_response_ids_of_one_emitter_or_far_apart_in_time_are_two_calls() -> None:
    same_emitter = rows(SpanSpec(1, attributes=with_id("x")), SpanSpec(2, trace=2, attributes=with_id("x")))
    assert len(same_emitter) == 2
    later = SpanSpec(2, trace=2, scope="other", start_ms=60_000, end_ms=61_000, attributes=with_id("x"))
    assert len(rows(SpanSpec(1, attributes=with_id("x")), later)) == 2


def test_twins_without_ids_in_other_traces_count_once() -> None:
    outer = SpanSpec(1, trace=1, scope="openinference.instrumentation.langchain")
    inner = SpanSpec(2, trace=2, start_ms=10, end_ms=990, scope="openinference.instrumentation.openai")
    assert len(rows(outer, inner)) == 1


@pytest.mark.parametrize(
    "change", [{"gen_ai.usage.output_tokens": 21}, {"gen_ai.request.model": "o3", "gen_ai.response.model": "o3"}]
)
def test_nested_spans_that_disagree_are_two_calls(change: dict[str, Any]) -> None:
    outer = SpanSpec(1, trace=1, scope="openinference.instrumentation.langchain")
    inner = SpanSpec(2, trace=2, start_ms=10, end_ms=990, scope="other", attributes={**CHAT, **change})
    assert len(rows(outer, inner)) == 2


def test_concurrent_twins_pair_one_to_one() -> None:
    pairs = []
    for i in range(5):
        pairs.append(SpanSpec(10 + i, trace=10 + i, scope="outer.scope", start_ms=i, end_ms=1000 + i))
        pairs.append(SpanSpec(20 + i, trace=20 + i, scope="inner.scope", start_ms=i + 10, end_ms=990 + i))
    assert len(rows(*pairs)) == 5


def test_a_wrapper_with_the_sum_of_two_calls_does_not_count() -> None:
    outer = SpanSpec(1, scope="framework", attributes={**CHAT, "gen_ai.usage.input_tokens": 200})
    inner = [SpanSpec(2, parent=1, end_ms=400), SpanSpec(3, parent=1, start_ms=500)]
    assert sorted(row["span_id"][-1] for row in rows(outer, *inner)) == [2, 3]


def test_a_call_made_by_a_tool_is_a_call_of_its_own() -> None:
    tool = SpanSpec(2, parent=1, name="execute_tool x", attributes={"gen_ai.operation.name": "execute_tool"})
    assert len(rows(SpanSpec(1), tool, SpanSpec(3, parent=2))) == 2


def test_agents_tools_and_foreign_spans_are_skipped_with_a_reason() -> None:
    agent = SpanSpec(1, name="invoke_agent", attributes={**CHAT, "gen_ai.operation.name": "invoke_agent"})
    tool = SpanSpec(2, attributes={"gen_ai.operation.name": "execute_tool"})
    http = SpanSpec(3, scope="http", attributes={"http.request.method": "POST"})
    staged = read(stage(), request(agent, tool, http))
    assert staged.calls.num_rows == 0
    assert {reason: len(found) for reason, found in staged.skipped.items()} == {"wrapper": 1, "tool": 1, "not_llm": 1}


def test_a_span_without_ids_is_skipped_not_stored() -> None:
    staged = read(stage(), request(SpanSpec(0)))
    assert staged.calls.num_rows == 0
    assert list(staged.skipped) == ["invalid_id"]


OPENING = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "logfire.msg_template": "Chat Completion with {request_data[model]!r}",
}
CONTINUATION = {
    **CHAT,
    "logfire.msg_template": "streaming response from {request_data[model]!r} took {duration:.2f}s",
    "duration": 0.9,
}


def test_the_second_half_of_a_stream_completes_the_first() -> None:
    opening = SpanSpec(1, scope="logfire.openai", end_ms=5, attributes=OPENING)
    rest = SpanSpec(2, trace=2, scope="logfire.openai", start_ms=905, end_ms=905, attributes=CONTINUATION)
    (row,) = rows(opening, rest)
    assert (row["span_id"][-1], row["calls"], row["output_tokens"]) == (1, 1, 20)
    assert row["duration_us"] == 905_000
    assert row["duration_complete"]


def test_a_second_half_that_comes_later_adds_tokens_and_no_call() -> None:
    reader = stage()
    first = read(reader, request(SpanSpec(1, scope="logfire.openai", end_ms=5, attributes=OPENING))).calls.to_pylist()
    rest = SpanSpec(2, trace=2, scope="logfire.openai", start_ms=905, end_ms=905, attributes=CONTINUATION)
    second = read(reader, request(rest)).calls.to_pylist()
    assert [row["calls"] for row in (*first, *second)] == [1, 0]
    assert not first[0]["duration_complete"]
    assert second[0]["output_tokens"] == 20
