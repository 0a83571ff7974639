"""LangChain's messages as its integrations with the providers make them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sdk.answers.clients import followed
from watchkeeper_sdk.answers import Answer, read_answer

messages = pytest.importorskip("langchain_core.messages")

USAGE = {
    "input_tokens": 100,
    "output_tokens": 40,
    "total_tokens": 140,
    "input_token_details": {"cache_read": 60, "cache_creation": 10},
    "output_token_details": {"reasoning": 25},
}
COUNTS: dict[str, Any] = {
    "input_tokens": 100,
    "output_tokens": 40,
    "cache_read_tokens": 60,
    "cache_write_tokens": 10,
    "reasoning_tokens": 25,
}
OPENAI = {
    "model_provider": "openai",
    "model_name": "gpt-4o-2024-08-06",
    "id": "chatcmpl-1",
    "finish_reason": "stop",
    "system_fingerprint": "fp",
    "service_tier": "default",
}


def message(content: object = "Hi.", **more: Any) -> Any:
    return messages.AIMessage(**{"content": content, "response_metadata": OPENAI, "usage_metadata": USAGE, **more})


def read(source: object) -> Answer:
    answer = read_answer(source)
    assert answer is not None
    return answer


def test_a_message_tells_all() -> None:
    expected = Answer(
        provider="openai",
        model="gpt-4o-2024-08-06",
        response_id="chatcmpl-1",
        finish_reasons=("stop",),
        service_tier="default",
        system_fingerprint="fp",
        text="Hi.",
        **COUNTS,
    )
    assert read(message()) == read(message().model_dump()) == expected
    assert read(message([{"type": "reasoning", "text": "hm"}, {"type": "text", "text": "Hi."}])) == expected


def test_only_models_answer() -> None:
    assert read_answer(messages.HumanMessage(content="hello")) is None
    assert read_answer(messages.ToolMessage(content="5", tool_call_id="t")) is None


@pytest.mark.parametrize(
    ("metadata", "provider", "reason"),
    [
        ({"model_provider": "anthropic", "stop_reason": "max_tokens"}, "anthropic", "max_tokens"),
        (
            {"model_provider": "bedrock_converse", "stopReason": "guardrail_intervened"},
            "aws.bedrock",
            "guardrail_intervened",
        ),
        ({"model_provider": "google_genai", "finish_reason": "SAFETY"}, "gcp.gemini", "SAFETY"),
        ({"model_provider": "google_genai", "prompt_feedback": {"block_reason": 2}}, "gcp.gemini", "content_filter"),
        ({"model_provider": "mistralai", "finish_reason": "length"}, "mistral_ai", "length"),
        ({"model_provider": "ollama", "done_reason": "stop"}, "ollama", "stop"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "", "max_output_tokens"),
        ({"model_provider": "openai", "status": "completed"}, "openai", "completed"),
    ],
)
def test_every_provider_has_words_of_its_own(metadata: dict[str, Any], provider: str, reason: str) -> None:
    answer = read(message(response_metadata=metadata))
    assert (answer.provider, answer.finish_reasons) == (provider, (reason,))


@pytest.mark.parametrize(
    "more",
    [
        {"additional_kwargs": {"refusal": "I cannot"}},
        {"content": [{"type": "refusal", "refusal": "I cannot"}]},
        {"response_metadata": {"stop_reason": "refusal"}},
    ],
)
def test_refusals(more: dict[str, Any]) -> None:
    assert read(message(**{"content": "", **more})).refused


def test_tool_calls_are_noted() -> None:
    assert read(message("", tool_calls=[{"name": "weather", "args": {}, "id": "t"}])).called_tool


@pytest.mark.parametrize(("message_id", "expected"), [("run--1", ""), ("lc_run--1", ""), ("msg_1", "msg_1")])
def test_ids_that_langchain_made_are_no_response_ids(message_id: str, expected: str) -> None:
    assert read(message(id=message_id, response_metadata={})).response_id == expected


def test_details_of_lifetimes_and_tiers() -> None:
    details = {"cache_read": 1, "cache_creation": 0, "ephemeral_5m_input_tokens": 7, "ephemeral_1h_input_tokens": 2}
    assert read(message(usage_metadata=USAGE | {"input_token_details": details})).cache_write_tokens == 9
    flex = {"flex_cache_read": 30, "flex": 70}
    answer = read(
        message(usage_metadata=USAGE | {"input_token_details": flex, "output_token_details": {"flex_reasoning": 5}})
    )
    assert (answer.cache_read_tokens, answer.cache_write_tokens, answer.reasoning_tokens) == (30, None, 5)


def test_a_count_langchain_made_up_is_none() -> None:
    nothing = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    for source in (read(message(usage_metadata=nothing)), followed([chunk("x", usage_metadata=nothing)])[1]):
        assert (source.input_tokens, source.output_tokens) == (None, None)
    assert read(message(usage_metadata=nothing | {"output_tokens": 5})).output_tokens == 5


def test_openais_own_counts_where_langchain_has_none() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    answer = read(message(usage_metadata=None, response_metadata=OPENAI | {"token_usage": usage}))
    assert (answer.input_tokens, answer.output_tokens) == (9, 2)


# --- streams ---------------------------------------------------------------------------------------------------


def chunk(content: object = "", **more: Any) -> Any:
    defaults = {"id": "run--1", "response_metadata": {"model_provider": "openai"}}
    return messages.AIMessageChunk(**{"content": content, **defaults, **more})


def test_a_stream_adds_up() -> None:
    last = chunk(response_metadata=OPENAI)
    carries, answer = followed([chunk(), chunk("Hi"), chunk("."), last, chunk(usage_metadata=USAGE)])
    assert carries == [False, True, True, False, False]
    assert answer == read(message())


def test_counts_of_chunks_add_up() -> None:
    parts = [
        {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110, "input_token_details": {"cache_read": 60}},
        {"input_tokens": 0, "output_tokens": 30, "total_tokens": 30, "output_token_details": {"reasoning": 25}},
    ]
    _, answer = followed([chunk("x", usage_metadata=part) for part in parts])
    assert (answer.input_tokens, answer.output_tokens) == (100, 40)
    assert (answer.cache_read_tokens, answer.cache_write_tokens, answer.reasoning_tokens) == (60, None, 25)


@pytest.mark.parametrize(
    ("more", "refused", "called_tool"),
    [
        ({"content": [{"type": "thinking", "thinking": "hm"}]}, False, False),
        ({"additional_kwargs": {"reasoning_content": "hm"}}, False, False),
        ({"additional_kwargs": {"refusal": "I can"}}, True, False),
        ({"tool_call_chunks": [{"name": "weather", "args": "", "id": "t", "index": 0}]}, False, True),
    ],
)
def test_what_else_is_content(more: dict[str, Any], refused: bool, called_tool: bool) -> None:
    carries, answer = followed([chunk(), chunk(**more)])
    assert (carries, answer.refused, answer.called_tool) == ([False, True], refused, called_tool)
