"""Cohere's own objects."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sdk.answers.clients import followed
from watchkeeper_sdk.answers import Answer, read_answer

cohere = pytest.importorskip("cohere")

USAGE = {
    "billed_units": {"input_tokens": 20.0, "output_tokens": 7.0},
    "tokens": {"input_tokens": 90.0, "output_tokens": 9.0},
    "cached_tokens": 4.0,
}
BODY = {
    "id": "c-1",
    "finish_reason": "COMPLETE",
    "message": {
        "role": "assistant",
        "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Hi."}],
    },
    "usage": USAGE,
}
ANSWER = Answer(
    provider="cohere",
    response_id="c-1",
    finish_reasons=("COMPLETE",),
    input_tokens=20,
    output_tokens=7,
    cache_read_tokens=4,
    text="Hi.",
)


def parsed(kind: Any, body: object) -> Any:
    construct = __import__("cohere.core.unchecked_base_model", fromlist=["construct_type"]).construct_type
    return construct(type_=kind, object_=body)


def chat(**more: Any) -> Any:
    return parsed(cohere.V2ChatResponse, BODY | more)


def event(kind: str, **more: Any) -> Any:
    return parsed(cohere.V2ChatStreamResponse, {"type": kind, **more})


def test_a_chat_tells_what_is_billed() -> None:
    assert read_answer(chat()) == read_answer(BODY) == ANSWER


def test_what_is_used_counts_where_nothing_is_billed() -> None:
    answer = read_answer(chat(usage={"tokens": USAGE["tokens"]}))
    assert answer is not None
    assert (answer.input_tokens, answer.output_tokens, answer.cache_read_tokens) == (90, 9, None)


def test_a_tool_call_is_noted() -> None:
    call = {"id": "t", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    answer = read_answer(chat(message={"role": "assistant", "tool_calls": [call]}, finish_reason="TOOL_CALL"))
    assert answer is not None
    assert (answer.called_tool, answer.finish_reasons, answer.text) == (True, ("TOOL_CALL",), None)


def test_embeddings() -> None:
    body = {"id": "e-1", "embeddings": {"float": [[0.5]]}, "meta": {"billed_units": {"input_tokens": 6.0}}}
    response = parsed(cohere.EmbedByTypeResponse, body)
    assert read_answer(response) == Answer(provider="cohere", response_id="e-1", input_tokens=6)


def test_a_stream_adds_up() -> None:
    content = [
        {"message": {"content": {"thinking": "hm"}}},
        *({"message": {"content": {"text": t}}} for t in ("Hi", ".")),
    ]
    events = [
        event("message-start", id="c-1", delta={"message": {"role": "assistant"}}),
        event("content-start", index=0, delta={"message": {"content": {"type": "text", "text": ""}}}),
        *(event("content-delta", index=0, delta=delta) for delta in content),
        event("content-end", index=0),
        event("message-end", delta={"finish_reason": "COMPLETE", "usage": USAGE}),
    ]
    carries, answer = followed(events)
    assert carries == [False, False, True, True, True, False, False]
    assert answer == ANSWER


def test_tool_calls_and_plans_are_content() -> None:
    call = {
        "message": {"tool_calls": {"id": "t", "type": "function", "function": {"name": "weather", "arguments": ""}}}
    }
    events = [
        event("message-start", id="c-1"),
        event("tool-plan-delta", delta={"message": {"tool_plan": "I will look."}}),
        event("tool-call-start", index=0, delta=call),
    ]
    carries, answer = followed(events)
    assert (carries, answer.called_tool, answer.text) == ([False, True, True], True, None)
