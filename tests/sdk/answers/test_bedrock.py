"""What boto3 returns of Bedrock: plain dicts."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tests.sdk.answers.clients import followed
from tests.sdk.answers.test_anthropic_messages import TEXTS, message
from watchkeeper_sdk.answers import Answer, read_answer

USAGE = {
    "inputTokens": 30,
    "outputTokens": 12,
    "totalTokens": 62,
    "cacheReadInputTokens": 15,
    "cacheWriteInputTokens": 5,
}
FACTS: dict[str, Any] = {"input_tokens": 50, "output_tokens": 12, "cache_read_tokens": 15, "cache_write_tokens": 5}
HTTP = {"RequestId": "r", "HTTPStatusCode": 200, "HTTPHeaders": {"content-type": "application/json"}}


def converse(*content: dict[str, Any], stop: str = "end_turn", **more: Any) -> dict[str, Any]:
    output = {"message": {"role": "assistant", "content": list(content)}}
    body = {"ResponseMetadata": HTTP, "output": output, "stopReason": stop, "usage": USAGE, "metrics": {"latencyMs": 1}}
    return body | more


def read(source: object) -> Answer:
    answer = read_answer(source)
    assert answer is not None
    return answer


def test_converse_tells_all_and_its_input_includes_the_cache() -> None:
    reasoning = {"reasoningContent": {"reasoningText": {"text": "hm"}}}
    body = converse(reasoning, {"text": "Hi"}, {"text": "."}, serviceTier={"type": "flex"})
    assert read(body) == Answer(
        provider="aws.bedrock", finish_reasons=("end_turn",), service_tier="flex", text="Hi.", **FACTS
    )


def test_a_prompt_router_names_the_model() -> None:
    model = "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-haiku-4-5-v1:0"
    answer = read(converse(trace={"promptRouter": {"invokedModelId": model}}))
    assert answer.model == "us.anthropic.claude-haiku-4-5-v1:0"


@pytest.mark.parametrize(
    ("stop", "refused"), [("guardrail_intervened", False), ("content_filtered", False), ("refusal", True)]
)
def test_stop_reasons_stay_as_they_are(stop: str, refused: bool) -> None:
    answer = read(converse(stop=stop))
    assert (answer.finish_reasons, answer.refused) == ((stop,), refused)


def test_a_tool_call_is_noted() -> None:
    assert read(converse({"toolUse": {"toolUseId": "t", "name": "weather", "input": {}}}, stop="tool_use")).called_tool


# --- InvokeModel -----------------------------------------------------------------------------------------------

CLAUDE = message({"type": "text", "text": "Hi."}, id="msg_bdrk_1", usage={"input_tokens": 7, "output_tokens": 2})
NOVA = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Hi."}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 4, "outputTokens": 2, "cacheReadInputTokenCount": 3, "cacheWriteInputTokenCount": 0},
}
TITAN = {
    "inputTextTokenCount": 7,
    "results": [{"tokenCount": 2, "outputText": "Hi.", "completionReason": "FINISH"}],
}
LLAMA = {"generation": "Hi.", "prompt_token_count": 7, "generation_token_count": 2, "stop_reason": "stop"}
MISTRAL = {"outputs": [{"text": "Hi.", "stop_reason": "length"}]}
MISTRAL_CHAT = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "stop_reason": "stop"}]}
COHERE = {"id": "g", "generations": [{"id": "g", "text": "Hi.", "finish_reason": "COMPLETE"}]}
COMMAND_R = {"response_id": "r", "generation_id": "g", "text": "Hi.", "finish_reason": "COMPLETE", "chat_history": []}


@pytest.mark.parametrize(
    ("body", "reason", "counts"),
    [
        (CLAUDE, "end_turn", (7, 2)),
        (NOVA, "end_turn", (7, 2)),
        (TITAN, "FINISH", (7, 2)),
        (LLAMA, "stop", (7, 2)),
        (MISTRAL, "length", (None, None)),
        (MISTRAL_CHAT, "stop", (None, None)),
        (COHERE, "COMPLETE", (None, None)),
        (COMMAND_R, "COMPLETE", (None, None)),
        ({"completion": "Hi.", "stop_reason": "stop_sequence"}, "stop_sequence", (None, None)),
    ],
)
def test_bodies_of_every_family(body: dict[str, Any], reason: str, counts: tuple[int | None, int | None]) -> None:
    for source in (body, {"ResponseMetadata": HTTP, "body": body}):
        answer = read(source)
        assert (answer.finish_reasons, answer.text) == ((reason,), "Hi.")
        assert (answer.input_tokens, answer.output_tokens) == counts
    assert answer.provider == "aws.bedrock"


def test_titan_embeddings() -> None:
    assert read({"embedding": [0.5], "inputTextTokenCount": 7}) == Answer(provider="aws.bedrock", input_tokens=7)


def test_a_body_that_was_not_read_is_left_alone_and_the_headers_count() -> None:
    names = ("input", "output", "cache-read-input", "cache-write-input")
    headers = {f"x-amzn-bedrock-{name}-token-count": str(n) for name, n in zip(names, (30, 12, 15, 5), strict=True)}
    body = io.BytesIO(json.dumps(CLAUDE).encode())
    invoked = {"ResponseMetadata": HTTP | {"HTTPHeaders": headers}, "body": body, "serviceTier": "priority"}
    assert read(invoked) == Answer(provider="aws.bedrock", service_tier="priority", **FACTS)
    assert body.tell() == 0


@pytest.mark.parametrize("count", ["", "-1", "many", "1e3", "9" * 40])
def test_headers_that_do_not_count(count: str) -> None:
    headers = {"x-amzn-bedrock-input-token-count": count}
    invoked = {"ResponseMetadata": {"HTTPHeaders": headers}, "body": b"{}"}
    assert read(invoked) == Answer(provider="aws.bedrock")


# --- streams ---------------------------------------------------------------------------------------------------


def delta(**content: Any) -> dict[str, Any]:
    return {"contentBlockDelta": {"delta": content, "contentBlockIndex": 0}}


START = {"messageStart": {"role": "assistant"}}
STOP = {"messageStop": {"stopReason": "end_turn"}}
METADATA = {"metadata": {"usage": USAGE, "metrics": {"latencyMs": 9}, "serviceTier": {"type": "flex"}}}


def test_a_converse_stream_adds_up() -> None:
    reasoning = delta(reasoningContent={"text": "hm"})
    block_stop = {"contentBlockStop": {"contentBlockIndex": 0}}
    carries, answer = followed([START, reasoning, delta(text="Hi"), delta(text="."), block_stop, STOP, METADATA])
    assert carries == [False, True, True, True, False, False, False]
    assert answer == read(converse({"text": "Hi."}, serviceTier={"type": "flex"}))


def test_a_tool_call_in_a_converse_stream() -> None:
    begun = {"contentBlockStart": {"start": {"toolUse": {"toolUseId": "t", "name": "weather"}}, "contentBlockIndex": 0}}
    carries, answer = followed([START, begun, delta(toolUse={"input": "{}"})])
    assert (carries, answer.called_tool, answer.text) == ([False, True, True], True, None)


def invoked(*pieces: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"chunk": {"bytes": json.dumps(piece).encode()}} for piece in pieces]


METRICS = {
    "amazon-bedrock-invocationMetrics": {
        "inputTokenCount": 30,
        "outputTokenCount": 12,
        "cacheReadInputTokenCount": 15,
        "cacheWriteInputTokenCount": 5,
        "firstByteLatency": 3,
    }
}


def test_an_invoked_stream_of_anthropics_events() -> None:
    *events, last = TEXTS
    carries, answer = followed(invoked(*events, last | METRICS))
    assert sum(carries) == 2
    assert (answer.provider, answer.text, answer.input_tokens) == ("aws.bedrock", "Hi there", 4490)


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([{"generation": "Hi"}, {"generation": ".", "stop_reason": "stop"}], "stop"),
        ([{"outputText": "Hi", "index": 0}, {"outputText": ".", "completionReason": "FINISH"}], "FINISH"),
        ([{"outputs": [{"text": "Hi"}]}, {"outputs": [{"text": ".", "stop_reason": "stop"}]}], "stop"),
        (
            [{"text": "Hi", "is_finished": False}, {"text": ".", "is_finished": True, "finish_reason": "COMPLETE"}],
            "COMPLETE",
        ),
    ],
)
def test_an_invoked_stream_of_pieces(pieces: list[dict[str, Any]], reason: str) -> None:
    pieces[-1] = pieces[-1] | METRICS
    carries, answer = followed(invoked(*pieces))
    assert carries == [True, True]
    assert answer == Answer(provider="aws.bedrock", finish_reasons=(reason,), text="Hi.", **FACTS)
