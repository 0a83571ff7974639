"""Mistral's own objects: chat completions in OpenAI's shape, with parts and unset fields."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sdk.answers.clients import followed
from watchkeeper_sdk.answers import Answer, read_answer

models = pytest.importorskip("mistralai.client.models")

USAGE = {
    "prompt_tokens": 30,
    "completion_tokens": 12,
    "total_tokens": 42,
    "prompt_tokens_details": {"cached_tokens": 8},
}
PARTS = [
    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
    {"type": "text", "text": "Hi."},
]


def completion(message: dict[str, Any], usage: dict[str, Any] = USAGE, finish: str = "stop") -> Any:
    body = {"id": "0a1b", "object": "chat.completion", "model": "mistral-small-2506", "created": 1, "usage": usage}
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}
    return models.ChatCompletionResponse.model_validate(body | {"choices": [choice]})


def event(delta: dict[str, Any], finish: str | None = None, **more: Any) -> Any:
    chunk = {"id": "0a1b", "object": "chat.completion.chunk", "model": "mistral-small-2506", "created": 1, **more}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return models.CompletionEvent.model_validate({"data": chunk | {"choices": [choice]}})


def read(source: object) -> Answer:
    answer = read_answer(source)
    assert answer is not None
    return answer


@pytest.mark.parametrize("content", ["Hi.", PARTS])
def test_a_completion_tells_all(content: object) -> None:
    assert read(completion({"content": content})) == Answer(
        provider="mistral_ai",
        model="mistral-small-2506",
        response_id="0a1b",
        finish_reasons=("stop",),
        input_tokens=30,
        output_tokens=12,
        cache_read_tokens=8,
        text="Hi.",
    )


def test_counts_the_client_made_up_are_none() -> None:
    answer = read(completion({"content": "Hi."}, usage={}))
    assert (answer.input_tokens, answer.output_tokens) == (None, None)
    assert read(completion({"content": ""}, usage=USAGE | {"completion_tokens": 0})).output_tokens == 0


def test_reasons_the_client_does_not_know_are_plain_text() -> None:
    reasons = read(completion({"content": "Hi."}, finish="a_reason_of_tomorrow")).finish_reasons
    assert reasons == ("a_reason_of_tomorrow",)
    assert type(reasons[0]) is str


def test_a_tool_call_is_noted_and_no_content_is_no_text() -> None:
    call = {"id": "c", "function": {"name": "weather", "arguments": "{}"}}
    answer = read(completion({"content": None, "tool_calls": [call]}))
    assert (answer.called_tool, answer.text) == (True, None)


def test_embeddings() -> None:
    body = {"id": "e", "object": "list", "model": "mistral-embed", "usage": {"prompt_tokens": 5}, "data": []}
    answer = read(models.EmbeddingResponse.model_validate(body))
    assert answer == Answer(provider="mistral_ai", model="mistral-embed", response_id="e", input_tokens=5)


def test_a_stream_adds_up() -> None:
    events = [
        event({"role": "assistant", "content": ""}),
        event({"content": "Hi"}),
        event({"content": "."}, "stop", usage=USAGE),
    ]
    carries, answer = followed(events)
    assert carries == [False, True, True]
    assert answer == read(completion({"content": "Hi."}))


def test_a_stream_of_parts() -> None:
    carries, answer = followed([event({"content": PARTS[:1]}), event({"content": PARTS[1:]}, "stop", usage=USAGE)])
    assert carries == [True, True]
    assert answer == read(completion({"content": "Hi."}))
