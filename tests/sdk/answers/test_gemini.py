"""Gemini, by Google's own client and from dicts in either spelling."""

from __future__ import annotations

from typing import Any

import pytest
from google.genai import types

from tests.sdk.answers.clients import followed, gemini_chunks, google_answering
from watchkeeper_sdk.answers import Answer, read_answer

USAGE = {
    "promptTokenCount": 3200,
    "candidatesTokenCount": 600,
    "thoughtsTokenCount": 250,
    "cachedContentTokenCount": 1000,
    "toolUsePromptTokenCount": 40,
    "totalTokenCount": 4090,
}
TEXT = {"text": "Hi."}
THOUGHT = {"text": "Let me see.", "thought": True}
CALL = {"functionCall": {"name": "weather", "args": {}}}


def candidate(*parts: dict[str, Any], finish: str | None = "STOP") -> dict[str, Any]:
    ended = {} if finish is None else {"finishReason": finish}
    return {"content": {"role": "model", "parts": list(parts)}, "index": 0, **ended}


def generated(*candidates: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"modelVersion": "gemini-2.5-flash-001", "responseId": "resp-1", "usageMetadata": USAGE}
    return body | ({"candidates": list(candidates)} if candidates else {}) | more


def created(body: dict[str, Any]) -> types.GenerateContentResponse:
    with google_answering(body) as client:
        return client.models.generate_content(model="gemini-flash", contents="hello")


def read(source: object) -> Answer:
    answer = read_answer(source)
    assert answer is not None
    return answer


def test_a_response_tells_all() -> None:
    assert read(created(generated(candidate(THOUGHT, TEXT)))) == Answer(
        provider="gcp.gemini",
        model="gemini-2.5-flash-001",
        response_id="resp-1",
        finish_reasons=("stop",),
        input_tokens=3240,
        output_tokens=850,
        cache_read_tokens=1000,
        reasoning_tokens=250,
        text="Hi.",
    )


def test_dicts_tell_the_same_in_the_wires_own_words() -> None:
    body = generated(candidate(THOUGHT, TEXT))
    expected = read(created(body))
    assert read(created(body).model_dump()) == expected
    expected.finish_reasons = ("STOP",)
    assert read(body) == read(created(body).model_dump(mode="json")) == expected


@pytest.mark.parametrize("reason", ["MAX_TOKENS", "SAFETY", "MALFORMED_FUNCTION_CALL", "A_REASON_OF_TOMORROW"])
@pytest.mark.filterwarnings("ignore:A_REASON_OF_TOMORROW")
def test_finish_reasons_are_the_names_of_the_enum_in_lower_case(reason: str) -> None:
    assert read(created(generated(candidate(finish=reason)))).finish_reasons == (reason.lower(),)


def test_a_blocked_prompt_is_filtered_whatever_the_reason() -> None:
    blocked = generated(promptFeedback={"blockReason": "OTHER"}, usageMetadata={"promptTokenCount": 9})
    for source in (created(blocked), blocked):
        answer = read(source)
        assert (answer.finish_reasons, answer.refused, answer.text) == (("content_filter",), False, None)
        assert (answer.input_tokens, answer.output_tokens) == (9, None)


def test_thoughts_alone_are_output() -> None:
    usage = {"promptTokenCount": 5, "thoughtsTokenCount": 70, "totalTokenCount": 75}
    answer = read(created(generated(candidate(finish="MAX_TOKENS"), usageMetadata=usage)))
    assert (answer.output_tokens, answer.reasoning_tokens) == (70, 70)


def test_tool_calls_are_noted() -> None:
    answer = read(created(generated(candidate(CALL))))
    assert (answer.called_tool, answer.text) == (True, None)
    assert read(generated(candidate(CALL))).called_tool


def test_traffic_types_are_tiers_of_vertex_ai() -> None:
    answer = read(created(generated(candidate(TEXT), usageMetadata=USAGE | {"trafficType": "ON_DEMAND_PRIORITY"})))
    assert (answer.provider, answer.service_tier) == ("gcp.vertex_ai", "on_demand_priority")
    assert answer.attributes()["gen_ai.response.service_tier"] == "on_demand_priority"


def test_embeddings() -> None:
    counted = [
        types.ContentEmbedding(values=[0.5], statistics=types.ContentEmbeddingStatistics(token_count=n)) for n in (4, 3)
    ]
    assert read(types.EmbedContentResponse(embeddings=counted)) == Answer(provider="gcp.gemini", input_tokens=7)
    uncounted = types.EmbedContentResponse(embeddings=[types.ContentEmbedding(values=[0.5])])
    assert read(uncounted) == Answer(provider="gcp.gemini")


# --- streams ---------------------------------------------------------------------------------------------------


def test_a_stream_adds_up_and_the_last_counts_hold() -> None:
    early = {"promptTokenCount": 3200, "candidatesTokenCount": 1, "totalTokenCount": 3201}
    chunks = gemini_chunks(
        [
            generated(candidate(THOUGHT, finish=None), usageMetadata=early),
            generated(candidate({"text": "Hi"}, finish=None), usageMetadata=early),
            generated(candidate({"text": "."}, finish=None)),
            generated(candidate({"text": ""})),
        ]
    )
    carries, answer = followed(chunks)
    assert carries == [True, True, True, False]
    assert answer == read(created(generated(candidate(TEXT))))


def test_a_stream_of_dicts() -> None:
    carries, answer = followed([generated(candidate(TEXT, finish=None)), generated(candidate(CALL, finish="STOP"))])
    assert (carries, answer.text, answer.called_tool, answer.finish_reasons) == ([True, True], "Hi.", True, ("STOP",))


def test_a_blocked_stream() -> None:
    chunks = gemini_chunks([generated(promptFeedback={"blockReason": "PROHIBITED_CONTENT"})])
    carries, answer = followed(chunks)
    assert (carries, answer.finish_reasons, answer.input_tokens) == ([False], ("content_filter",), 3240)
