"""Habits of single emitters that captures alone do not pin down."""

import json

from tests.collector.otlp import CHAT, SpanSpec, rows

OPENLIT = "openlit.instrumentation.openai"
STREAMED = {**CHAT, "gen_ai.request.stream": True}


def test_openlit_counts_a_stream_without_usage_itself_and_such_counts_are_dropped() -> None:
    proof = {"gen_ai.usage.cache_read.input_tokens": 0}
    guessed, counted = rows(
        SpanSpec(1, scope=OPENLIT, attributes=STREAMED), SpanSpec(2, scope=OPENLIT, attributes=STREAMED | proof)
    )
    assert (guessed["input_tokens"], guessed["output_tokens"]) == (None, None)
    assert (counted["input_tokens"], counted["output_tokens"]) == (100, 20)


def test_a_cost_of_zero_is_unknown_where_the_emitter_has_no_price() -> None:
    openlit, other = rows(
        SpanSpec(1, scope=OPENLIT, attributes={**CHAT, "gen_ai.usage.cost": 0}),
        SpanSpec(2, start_ms=2000, end_ms=2500, attributes={**CHAT, "operation.cost": 0.0}),
    )
    assert openlit["cost_reported_usd"] is None
    assert other["cost_reported_usd"] == 0


def test_zero_counts_are_absent_and_say_that_the_span_ended_before_the_answer() -> None:
    zeros = {
        "gen_ai.system": "Anthropic",
        "llm.request.type": "completion",
        "gen_ai.usage.prompt_tokens": 0,
        "gen_ai.usage.completion_tokens": 0,
        "llm.usage.total_tokens": 0,
    }
    (row,) = rows(SpanSpec(1, name="anthropic.chat", scope="opentelemetry.instrumentation.anthropic", attributes=zeros))
    assert row["input_tokens"] is None
    assert row["output_tokens"] is None
    assert not row["duration_complete"]


def test_an_error_that_left_only_the_span_name_still_tells_the_model() -> None:
    (row,) = rows(SpanSpec(1, name="chat claude-sonnet-4-5", scope=OPENLIT, error="boom", attributes={}))
    assert (row["request_model"], row["outcome"]) == ("claude-sonnet-4-5", "error")


def test_a_duration_is_complete_without_output_tokens_where_none_are_due() -> None:
    embedding = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.request.model": "text-embedding-3-small",
        "gen_ai.usage.input_tokens": 7,
    }
    (row,) = rows(SpanSpec(1, name="Embedding Creation", scope="logfire.openai", attributes=embedding))
    assert row["duration_complete"]


def test_the_worse_finish_reason_of_two_views_counts() -> None:
    outer = SpanSpec(1, scope="framework", attributes={**CHAT, "gen_ai.response.finish_reasons": ["content_filter"]})
    (row,) = rows(outer, SpanSpec(2, parent=1))
    assert (row["span_id"][-1], row["outcome"]) == (2, "filtered")


def test_one_calls_refusal_does_not_reach_another_call_with_the_same_text() -> None:
    said = {**CHAT, "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": []}])}
    refusing = {**said, "output.value": json.dumps({"choices": [{"message": {"refusal": "no"}}]})}
    found = rows(SpanSpec(1, attributes=said), SpanSpec(2, attributes=refusing))
    assert [row["outcome"] for row in found] == ["ok", "refused"]


def test_a_question_beside_the_answer_is_no_answer() -> None:
    asked = {"event.name": "gen_ai.user.message", "role": "user", "content": "Say something in plain words"}
    answered = {"event.name": "gen_ai.assistant.message", "role": "assistant", "content": '{"city": "Paris"}'}
    attributes = {**CHAT, "gen_ai.output.type": "json", "events": json.dumps([asked, answered])}
    (row,) = rows(SpanSpec(1, scope="logfire.openai", attributes=attributes))
    assert row["format_valid"] is True


def test_two_views_of_one_scope_in_two_traces_are_one_call_and_two_equal_calls_stay_two() -> None:
    usage = '{"input": 100, "output": 20}'
    handler = {
        "langfuse.observation.type": "generation",
        "langfuse.observation.metadata.ls_model_type": '"chat"',
        "langfuse.observation.metadata.ls_model_name": '"gpt-4o-mini"',
        "langfuse.observation.usage_details": usage,
    }
    client = {
        "langfuse.observation.type": "generation",
        "langfuse.observation.model.name": "gpt-4o-mini-2024-07-18",
        "langfuse.observation.usage_details": '{"prompt_tokens": 100, "completion_tokens": 20}',
    }
    outer = SpanSpec(1, name="ChatOpenAI", scope="langfuse-sdk", attributes=handler)
    inner = SpanSpec(2, trace=2, start_ms=5, end_ms=990, scope="langfuse-sdk", attributes=client)
    (row,) = rows(outer, inner)
    assert (row["request_model"], row["model"]) == ("gpt-4o-mini", "gpt-4o-mini-2024-07-18")
    again = SpanSpec(3, trace=3, start_ms=5, end_ms=990, scope="langfuse-sdk", attributes=handler)
    assert len(rows(outer, again)) == 2


def test_the_routing_span_of_litellms_proxy_is_no_call_of_its_own() -> None:
    routing = SpanSpec(1, name="route answers", scope="litellm", attributes={"gen_ai.request.model": "answers"})
    (row,) = rows(routing, SpanSpec(2, name="chat answers", scope="litellm", start_ms=5))
    assert row["span_id"].hex().endswith("2")


def test_a_stream_that_the_application_left_is_no_fault_of_the_model() -> None:
    (row,) = rows(SpanSpec(1, error="abandoned stream", attributes={**CHAT, "error.type": "_OTHER"}))
    assert row["outcome"] == "cancelled"
