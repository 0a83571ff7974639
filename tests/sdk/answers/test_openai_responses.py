"""OpenAI's Responses API, by its own client and from dicts."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from tests.sdk.answers.clients import followed, openai_answering, responses_events
from tests.sdk.answers.wire import event_stream
from watchkeeper_sdk.answers import Answer, AnswerStream, read_answer

USAGE = {
    "input_tokens": 3234,
    "input_tokens_details": {"cached_tokens": 1042, "cache_write_tokens": 12},
    "output_tokens": 626,
    "output_tokens_details": {"reasoning_tokens": 255},
    "total_tokens": 3860,
}
TEXT = {"type": "output_text", "text": "Hi.", "annotations": []}
REFUSAL = {"type": "refusal", "refusal": "I cannot help with that."}


def said(*content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "id": "m_1", "role": "assistant", "status": "completed", "content": list(content)}


def response(*output: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"id": "resp_1", "object": "response", "created_at": 1.0, "model": "gpt-4o-2024-08-06"}
    settings = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "service_tier": "default"}
    return body | settings | {"status": "completed", "output": list(output), "usage": USAGE} | more


def created(body: dict[str, Any]) -> Any:
    with openai_answering(body) as client:
        return client.responses.create(model="gpt-4o", input="hello")


def read(source: object) -> Answer:
    answer = read_answer(source)
    assert answer is not None
    return answer


@pytest.mark.parametrize("as_object", [True, False])
def test_a_response_tells_all(as_object: bool) -> None:
    body = response({"type": "reasoning", "id": "r_1", "summary": []}, said(TEXT), said(TEXT))
    assert read(created(body) if as_object else body) == Answer(
        provider="openai",
        model="gpt-4o-2024-08-06",
        response_id="resp_1",
        finish_reasons=("completed",),
        input_tokens=3234,
        output_tokens=626,
        cache_read_tokens=1042,
        cache_write_tokens=12,
        reasoning_tokens=255,
        service_tier="default",
        text="Hi.Hi.",
    )


@pytest.mark.parametrize(
    ("more", "reasons"),
    [
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, ("max_output_tokens",)),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, ("content_filter",)),
        ({"status": "incomplete"}, ("incomplete",)),
        ({"status": "failed", "error": {"code": "server_error", "message": "…"}}, ("failed",)),
        ({"status": "in_progress"}, ()),
        ({"status": "queued"}, ()),
    ],
)
def test_why_it_ended(more: dict[str, Any], reasons: tuple[str, ...]) -> None:
    assert read(created(response(**more))).finish_reasons == reasons


def test_a_refusal_part_is_a_refusal() -> None:
    answer = read(created(response(said(REFUSAL))))
    assert (answer.refused, answer.text, answer.finish_reasons) == (True, None, ("completed",))


@pytest.mark.parametrize("kind", ["function_call", "custom_tool_call", "web_search_call"])
def test_tool_calls_are_noted(kind: str) -> None:
    call = {"type": kind, "id": "c_1", "call_id": "c_1", "name": "weather", "arguments": "{}", "status": "completed"}
    assert read(created(response(call))).called_tool


def test_a_parsed_response() -> None:
    class City(BaseModel):
        name: str

    body = response(said(TEXT | {"text": '{"name": "Ulm"}'}))
    with openai_answering(body) as client:
        parsed = client.responses.parse(model="gpt-4o", input="hello", text_format=City)
    assert read(parsed) == read(created(body))


# --- streams ---------------------------------------------------------------------------------------------------


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", "sequence_number": 1, **more}


def delta(kind: str, text: str) -> dict[str, Any]:
    return event(f"{kind}.delta", item_id="m_1", output_index=0, content_index=0, delta=text, logprobs=[])


CREATED = event("created", response=response(status="in_progress", usage=None))
PART = event("content_part.added", item_id="m_1", output_index=0, content_index=0, part=TEXT | {"text": ""})


@pytest.mark.parametrize("as_objects", [True, False])
def test_a_stream_adds_up(as_objects: bool) -> None:
    whole = response(said(TEXT | {"text": "Hi there"}))
    events = [CREATED, PART, delta("output_text", "Hi"), delta("output_text", " there")]
    events.append(event("completed", response=whole))
    carries, answer = followed(responses_events(events) if as_objects else events)
    assert carries == [False, False, True, True, False]
    assert answer == read(whole)


def test_a_refusal_shows_before_the_end() -> None:
    events = responses_events(
        [CREATED, delta("refusal", "I cannot"), event("completed", response=response(said(REFUSAL)))]
    )
    stream = AnswerStream()
    assert [stream.add(each) for each in events[:2]] == [False, True]
    early = stream.answer()
    assert early is not None
    assert (early.refused, early.finish_reasons, early.output_tokens) == (True, (), None)
    stream.add(events[2])
    assert stream.answer() == read(response(said(REFUSAL)))


@pytest.mark.parametrize(
    ("kind", "reason"), [("incomplete", "max_output_tokens"), ("failed", "failed"), ("completed", "completed")]
)
def test_every_end_has_its_response(kind: str, reason: str) -> None:
    details = {"reason": reason} if kind == "incomplete" else None
    end = event(kind, response=response(status=kind, incomplete_details=details))
    assert followed(responses_events([CREATED, delta("output_text", "Hi"), end]))[1].finish_reasons == (reason,)


def test_an_error_event_ends_a_stream_that_tells_no_other_reason() -> None:
    error = {"type": "error", "sequence_number": 2, "code": "server_error", "message": "…", "param": None}
    _, answer = followed(responses_events([CREATED, delta("output_text", "Hi"), error]))
    assert (answer.finish_reasons, answer.text) == (("error",), "Hi")


@pytest.mark.parametrize(
    ("kind", "called_tool"),
    [
        ("function_call_arguments", True),
        ("custom_tool_call_input", True),
        ("reasoning_summary_text", False),
        ("reasoning_text", False),
    ],
)
def test_what_else_is_content(kind: str, called_tool: bool) -> None:
    carries, answer = followed(responses_events([CREATED, delta(kind, "…")]))
    assert (carries, answer.called_tool, answer.text) == ([False, True], called_tool, None)


def test_a_tool_call_is_content_when_it_begins() -> None:
    item = {"type": "function_call", "id": "c_1", "call_id": "c_1", "name": "weather", "arguments": ""}
    added = event("output_item.added", output_index=0, item=item)
    carries, answer = followed(responses_events([CREATED, added]))
    assert (carries, answer.called_tool) == ([False, True], True)


def test_the_events_of_the_stream_helper() -> None:
    item = said()
    events = [
        CREATED,
        event("output_item.added", output_index=0, item=item),
        PART,
        delta("output_text", "Hi."),
        event("completed", response=response(said(TEXT))),
    ]
    with (
        openai_answering(event_stream(events, named=True)) as client,
        client.responses.stream(model="gpt-4o", input="hello") as stream,
    ):
        seen = list(stream)
    carries, answer = followed(seen)
    assert sum(carries) == 1
    assert answer == read(response(said(TEXT)))
