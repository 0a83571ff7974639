"""Anthropic's Messages API, by its own client and from dicts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sdk.answers.clients import MESSAGES, anthropic_answering, followed, message_events
from tests.sdk.answers.wire import event_stream
from watchkeeper_sdk.answers import Answer, read_answer

USAGE = {
    "input_tokens": 3195,
    "cache_creation_input_tokens": 256,
    "cache_read_input_tokens": 1039,
    "output_tokens": 605,
    "output_tokens_details": {"thinking_tokens": 252},
    "service_tier": "priority",
}
FACTS: dict[str, Any] = {
    "input_tokens": 4490,
    "output_tokens": 605,
    "cache_read_tokens": 1039,
    "cache_write_tokens": 256,
    "reasoning_tokens": 252,
}
TEXT = {"type": "text", "text": "Hi there"}


def message(*content: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5-20251001"}
    return body | {"content": list(content), "stop_reason": "end_turn", "stop_sequence": None, "usage": USAGE} | more


def created(body: dict[str, Any]) -> Any:
    with anthropic_answering(body) as client:
        return client.messages.create(model="claude", messages=MESSAGES, max_tokens=9)


def read(source: object) -> Answer:
    answer = read_answer(source)
    assert answer is not None
    return answer


@pytest.mark.parametrize("as_object", [True, False])
def test_a_message_tells_all_and_its_input_includes_the_cache(as_object: bool) -> None:
    body = message({"type": "thinking", "thinking": "…", "signature": "s"}, TEXT)
    assert read(created(body) if as_object else body) == Answer(
        provider="anthropic",
        model="claude-haiku-4-5-20251001",
        response_id="msg_1",
        finish_reasons=("end_turn",),
        service_tier="priority",
        text="Hi there",
        **FACTS,
    )


def test_the_tier_has_a_name_of_its_own() -> None:
    assert read(message(TEXT)).attributes()["anthropic.response.service_tier"] == "priority"


def test_without_a_cache_there_are_no_cached_tokens() -> None:
    answer = read(created(message(TEXT, usage={"input_tokens": 12, "output_tokens": 3})))
    assert (answer.input_tokens, answer.cache_read_tokens, answer.cache_write_tokens) == (12, None, None)


def test_a_refusal() -> None:
    answer = read(created(message(stop_reason="refusal")))
    assert (answer.refused, answer.finish_reasons, answer.text) == (True, ("refusal",), None)


@pytest.mark.parametrize("kind", ["tool_use", "server_tool_use"])
def test_tool_calls_are_noted(kind: str) -> None:
    block = {"type": kind, "id": "t_1", "name": "weather", "input": {}}
    assert read(created(message(TEXT, block, stop_reason="tool_use"))).called_tool


@pytest.mark.parametrize(("prefix", "provider"), [("msg_bdrk_", "aws.bedrock"), ("msg_vrtx_", "gcp.vertex_ai")])
def test_the_id_tells_who_hosts_the_model(prefix: str, provider: str) -> None:
    assert read(created(message(TEXT, id=prefix + "01"))).provider == provider


def test_a_beta_message() -> None:
    with anthropic_answering(message(TEXT)) as client:
        beta = client.beta.messages.create(model="claude", messages=MESSAGES, max_tokens=9)
    assert read(beta) == read(created(message(TEXT)))


# --- streams ---------------------------------------------------------------------------------------------------

STARTED_USAGE = USAGE | {"output_tokens": 2, "output_tokens_details": None}
START = {"type": "message_start", "message": message(stop_reason=None, usage=STARTED_USAGE)}
STOP = {"type": "message_stop"}


def begun(block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": 0, "content_block": block}


def delta(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": kind, **more}}


def ended(reason: str = "end_turn", **usage: Any) -> dict[str, Any]:
    final = {"output_tokens": 605, "output_tokens_details": {"thinking_tokens": 252}, **usage}
    return {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": final}


BLOCK = begun({"type": "text", "text": ""})
BLOCK_STOP = {"type": "content_block_stop", "index": 0}
TEXTS = [START, BLOCK, delta("text_delta", text="Hi"), delta("text_delta", text=" there"), BLOCK_STOP, ended(), STOP]


@pytest.mark.parametrize("as_objects", [True, False])
def test_a_stream_adds_up(as_objects: bool) -> None:
    carries, answer = followed(message_events(TEXTS) if as_objects else TEXTS)
    assert carries == [False, False, True, True, False, False, False]
    assert answer == read(message(TEXT))


def test_counts_of_the_end_replace_those_of_the_beginning() -> None:
    end = ended(input_tokens=100, cache_read_input_tokens=20)
    _, answer = followed(message_events([START, BLOCK, delta("text_delta", text="x"), end, STOP]))
    assert (answer.input_tokens, answer.cache_read_tokens, answer.cache_write_tokens) == (376, 20, 256)


def test_a_stream_that_breaks_off_has_no_output_count() -> None:
    _, answer = followed(message_events(TEXTS[:3]))
    assert (answer.input_tokens, answer.output_tokens, answer.reasoning_tokens) == (4490, None, None)
    assert (answer.finish_reasons, answer.text) == ((), "Hi")


@pytest.mark.parametrize(
    ("events", "called_tool"),
    [
        ([begun({"type": "tool_use", "id": "t", "name": "weather", "input": {}})], True),
        ([delta("input_json_delta", partial_json="{")], False),
        ([delta("thinking_delta", thinking="hm")], False),
        ([begun({"type": "redacted_thinking", "data": "x"})], False),
    ],
)
def test_what_else_is_content(events: list[dict[str, Any]], called_tool: bool) -> None:
    carries, answer = followed(message_events([START, *events]))
    assert (carries, answer.called_tool, answer.text) == ([False, True], called_tool, None)


def test_what_is_no_content() -> None:
    thinking = begun({"type": "thinking", "thinking": "", "signature": ""})
    carries, _ = followed(message_events([START, thinking, delta("signature_delta", signature="s"), BLOCK_STOP]))
    assert carries == [False] * 4


def test_a_refused_stream() -> None:
    _, answer = followed(message_events([START, ended("refusal"), STOP]))
    assert (answer.refused, answer.finish_reasons) == (True, ("refusal",))


def test_pings_and_errors_of_a_raw_stream() -> None:
    events = [{"type": "ping"}, START, {"type": "error", "error": {"type": "overloaded_error"}}]
    carries, answer = followed(events)
    assert (carries, answer.finish_reasons, answer.model) == ([False] * 3, ("error",), "claude-haiku-4-5-20251001")


def test_the_events_of_the_stream_helper() -> None:
    with (
        anthropic_answering(event_stream(TEXTS, named=True)) as client,
        client.messages.stream(model="claude", messages=MESSAGES, max_tokens=9) as stream,
    ):
        seen = list(stream)
        final = stream.get_final_message()
    carries, answer = followed(seen)
    assert {each.type for each in seen} >= {"text", "content_block_delta"}
    assert sum(carries) == 2
    assert answer == read(final) == read(message(TEXT))
