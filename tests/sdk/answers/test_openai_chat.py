"""Chat completions, legacy completions and embeddings, by OpenAI's own client and from dicts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from tests.sdk.answers.clients import MESSAGES, chat_chunks, followed, openai_answering
from tests.sdk.answers.wire import event_stream
from watchkeeper_sdk.answers import Answer, read_answer

USAGE = {
    "prompt_tokens": 3234,
    "completion_tokens": 626,
    "total_tokens": 3860,
    "prompt_tokens_details": {"cached_tokens": 1042, "cache_write_tokens": 77},
    "completion_tokens_details": {"reasoning_tokens": 255},
}
FACTS: dict[str, Any] = {
    "input_tokens": 3234,
    "output_tokens": 626,
    "cache_read_tokens": 1042,
    "cache_write_tokens": 77,
    "reasoning_tokens": 255,
}


def completion(*choices: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-08-06"}
    numbered = [{"index": index, "finish_reason": "stop", **choice} for index, choice in enumerate(choices)]
    return body | {"choices": numbered} | more


def message(content: object = "Hi.", **more: Any) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": content, **more}}


def created(body: dict[str, Any]) -> Any:
    with openai_answering(body) as client:
        return client.chat.completions.create(model="gpt-4o", messages=MESSAGES)


def read(source: object) -> Answer:
    answer = read_answer(source)
    assert answer is not None
    return answer


def facts(answer: Answer) -> dict[str, int | None]:
    return {name: getattr(answer, name) for name in FACTS}


def test_a_chat_completion_tells_all() -> None:
    body = completion(message(), usage=USAGE, service_tier="flex", system_fingerprint="fp_1")
    answer = read(created(body))
    assert answer == Answer(
        provider="openai",
        model="gpt-4o-2024-08-06",
        response_id="chatcmpl-1",
        finish_reasons=("stop",),
        service_tier="flex",
        system_fingerprint="fp_1",
        text="Hi.",
        **FACTS,
    )


def test_its_dict_forms_tell_the_same_but_not_whose_client_it_was() -> None:
    body = completion(message(), usage=USAGE, service_tier="flex")
    parsed = created(body)
    expected = read(parsed)
    expected.provider = ""
    assert read(body) == read(parsed.model_dump()) == expected


def test_what_is_not_told_is_not_zero() -> None:
    answer = read(created(completion(message())))
    assert facts(answer) == dict.fromkeys(FACTS)
    assert answer.attributes().keys() == {
        "gen_ai.response.model",
        "gen_ai.response.id",
        "gen_ai.response.finish_reasons",
    }


def test_zero_is_zero_where_it_is_told() -> None:
    usage = {
        "prompt_tokens": 5,
        "completion_tokens": 0,
        "total_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    answer = read(created(completion(message(""), usage=usage)))
    assert (answer.output_tokens, answer.cache_read_tokens, answer.reasoning_tokens, answer.text) == (0, 0, None, "")


@pytest.mark.parametrize("reason", ["stop", "length", "content_filter", "tool_calls"])
def test_finish_reasons_stay_as_they_are(reason: str) -> None:
    assert read(created(completion(message() | {"finish_reason": reason}))).finish_reasons == (reason,)


def test_every_choice_has_a_finish_reason_and_the_first_the_text() -> None:
    answer = read(created(completion(message("one"), message("two") | {"finish_reason": "length"})))
    assert (answer.finish_reasons, answer.text) == (("stop", "length"), "one")


def test_a_refusal_is_marked_and_has_no_text() -> None:
    answer = read(created(completion(message(None, refusal="I cannot help with that."))))
    assert (answer.refused, answer.text, answer.finish_reasons) == (True, None, ("stop",))
    assert answer.attributes()["watchkeeper.refused"] is True
    assert "cannot" not in repr(answer) + str(answer.attributes())


def test_a_tool_call_is_noted() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    answer = read(created(completion(message(None, tool_calls=[call]) | {"finish_reason": "tool_calls"})))
    assert (answer.called_tool, answer.text) == (True, None)
    legacy = read(created(completion(message(None, function_call={"name": "weather", "arguments": "{}"}))))
    assert legacy.called_tool


def test_parsed_and_raw_answers_are_read_like_any_other() -> None:
    class City(BaseModel):
        name: str

    with openai_answering(completion(message('{"name": "Ulm"}'), usage=USAGE)) as client:
        parsed = client.chat.completions.parse(model="gpt-4o", messages=MESSAGES, response_format=City)
        raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=MESSAGES)
    assert read(parsed) == read(raw.parse())
    assert read(parsed).text == '{"name": "Ulm"}'
    assert read(parsed).provider == "openai"
    assert read_answer(raw) is None


def test_legacy_completions_and_embeddings() -> None:
    body = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "davinci-002", "usage": USAGE}
    embedded = {
        "object": "list",
        "model": "text-embedding-3-small",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
    }
    choice = {"index": 0, "text": " there", "finish_reason": "length", "logprobs": None}
    with openai_answering(body | {"choices": [choice]}) as client:
        answer = read(client.completions.create(model="davinci-002", prompt="hello"))
    assert (answer.text, answer.finish_reasons, answer.output_tokens) == (" there", ("length",), 626)
    with openai_answering(embedded) as client:
        vectors = client.embeddings.create(model="text-embedding-3-small", input="hello", encoding_format="float")
    assert read(vectors) == Answer(provider="openai", model="text-embedding-3-small", input_tokens=8)
    assert read(embedded).input_tokens == 8


def test_reasoning_counted_beside_the_completion_is_added() -> None:
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 4,
        "total_tokens": 44,
        "completion_tokens_details": {"reasoning_tokens": 30},
    }
    assert read(completion(message(), usage=usage)).output_tokens == 34


def test_objects_of_unknown_classes_are_read_by_their_shape() -> None:
    inner = SimpleNamespace(content=[{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "no"}], refusal="")
    choice = SimpleNamespace(finish_reason="stop", message=inner)
    answer = read(SimpleNamespace(id="1", model="m", choices=[choice], usage=SimpleNamespace(prompt_tokens=3)))
    assert (answer.provider, answer.text, answer.input_tokens, answer.refused) == ("", "a", 3, True)


@pytest.mark.parametrize(
    ("hidden", "provider"),
    [
        ({"custom_llm_provider": "vertex_ai", "litellm_model_name": "claude"}, "gcp.vertex_ai"),
        ({"litellm_model_name": "bedrock/us.anthropic.claude"}, "aws.bedrock"),
        ({"litellm_model_name": "claude"}, ""),
        ({}, ""),
    ],
)
def test_litellm_names_the_provider_behind(hidden: dict[str, str], provider: str) -> None:
    kind = type("ModelResponse", (SimpleNamespace,), {"__module__": "litellm.types.utils"})
    response = kind(model="claude", choices=[], _hidden_params=hidden)
    details = SimpleNamespace(cached_tokens=2, cache_creation_tokens=3)
    response.usage = SimpleNamespace(prompt_tokens=9, prompt_tokens_details=details)
    answer = read(response)
    assert (answer.provider, answer.cache_read_tokens, answer.cache_write_tokens) == (provider, 2, 3)


# --- streams ---------------------------------------------------------------------------------------------------


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    body = {"id": "chatcmpl-2", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-2024-08-06"}
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return body | {"choices": choices} | more


ROLE = chunk({"role": "assistant", "content": ""}, service_tier="default", system_fingerprint="fp_2")
TEXTS = [ROLE, chunk({"content": "Hi"}), chunk({"content": " there"}), chunk({}, "stop")]


@pytest.mark.parametrize("as_objects", [True, False])
def test_a_stream_adds_up(as_objects: bool) -> None:
    events = [*TEXTS, chunk(usage=USAGE)]
    carries, answer = followed(chat_chunks(events) if as_objects else events)
    assert carries == [False, True, True, False, False]
    assert answer == Answer(
        provider="openai" if as_objects else "",
        model="gpt-4o-2024-08-06",
        response_id="chatcmpl-2",
        finish_reasons=("stop",),
        service_tier="default",
        system_fingerprint="fp_2",
        text="Hi there",
        **FACTS,
    )


def test_a_stream_without_usage_has_no_counts() -> None:
    _, answer = followed(chat_chunks(TEXTS))
    assert facts(answer) == dict.fromkeys(FACTS)
    assert answer.text == "Hi there"


def test_running_totals_end_with_the_last() -> None:
    usages = [USAGE | {"completion_tokens": count} for count in (1, 2, 626)]
    _, answer = followed(chat_chunks([chunk({"content": "x"}, usage=usage) for usage in usages]))
    assert facts(answer) == FACTS


def test_azure_begins_with_a_chunk_that_says_nothing() -> None:
    opening = chunk() | {"id": "", "model": "", "prompt_filter_results": []}
    carries, answer = followed(chat_chunks([opening, *TEXTS]))
    assert (carries[:3], answer.model, answer.response_id) == ([False, False, True], "gpt-4o-2024-08-06", "chatcmpl-2")


@pytest.mark.parametrize(
    ("delta", "refused", "called_tool"),
    [
        ({"refusal": "I can"}, True, False),
        ({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "weather", "arguments": ""}}]}, False, True),
        ({"function_call": {"name": "weather", "arguments": ""}}, False, True),
        ({"reasoning_content": "Let me see"}, False, False),
        ({"reasoning": "Let me see"}, False, False),
    ],
)
def test_what_else_is_content(delta: dict[str, Any], refused: bool, called_tool: bool) -> None:
    carries, answer = followed(chat_chunks([ROLE, chunk(delta), chunk({}, "stop")]))
    assert carries == [False, True, False]
    assert (answer.refused, answer.called_tool, answer.text) == (refused, called_tool, None)


def test_choices_are_kept_apart() -> None:
    second = chunk({"content": "no"}, "length")
    second["choices"][0]["index"] = 1
    carries, answer = followed(chat_chunks([second, chunk({"content": "yes"}), chunk({}, "stop")]))
    assert (answer.finish_reasons, answer.text, carries) == (("stop", "length"), "yes", [True, True, False])


def test_a_stream_of_legacy_completions() -> None:
    chunks = [chunk() | {"choices": [{"index": 0, "text": text, "finish_reason": None}]} for text in ("a", "b")]
    assert followed(chunks)[1].text == "ab"


def test_the_events_of_the_stream_helper() -> None:
    events = [*TEXTS, chunk(usage=USAGE, service_tier="default", system_fingerprint="fp_2")]
    with (
        openai_answering(event_stream(events, done=True)) as client,
        client.chat.completions.stream(model="gpt-4o", messages=MESSAGES) as stream,
    ):
        seen = list(stream)
        final = stream.get_final_completion()
    carries, answer = followed(seen)
    assert {event.type for event in seen} >= {"chunk", "content.delta", "content.done"}
    assert sum(carries) == 2
    assert answer == read(final)
