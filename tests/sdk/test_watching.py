"""A look at the answers of the real clients: what is learnt lands on the right call, and content nowhere."""

import asyncio
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import types
from pydantic import BaseModel

from tests.sdk.answers.wire import answering, event_stream
from tests.sdk.openai_wire import JSON_ASKED, MESSAGES, chat, chat_async, chunks, completion
from tests.sdk.own_process import run
from watchkeeper_sdk import expect, expect_json, expect_regex, llm_call, tracing
from watchkeeper_sdk.json_asked import asks_json
from watchkeeper_sdk.testing import Calls
from watchkeeper_sdk.watching import watch_answers

pytestmark = pytest.mark.usefixtures("watched")


class Offer(BaseModel):
    price: float


@pytest.mark.parametrize("ask", [chat, chat_async])
@pytest.mark.parametrize(
    ("body", "given", "valid", "refused"),
    [
        (completion('{"price": 3}'), JSON_ASKED, True, None),
        (completion("Sure! The secret"), JSON_ASKED, False, None),
        (completion("Sure! The secret"), {}, None, None),
        (completion('{"pri', "length"), JSON_ASKED, None, None),
        (completion(None, refusal="I can't tell the secret"), JSON_ASKED, None, True),
        (completion(None, "tool_calls", tool_calls=[]), JSON_ASKED, None, None),
        (chunks('{"price"', ": 3}"), JSON_ASKED | {"stream": True}, True, None),
        (chunks("Sure! ", "The secret"), JSON_ASKED | {"stream": True}, False, None),
        (chunks(refusal="The secret"), {"stream": True}, None, True),
    ],
)
def test_openai_chat(
    calls: Calls, instrumented: Any, ask: Any, body: Any, given: Any, valid: bool | None, refused: bool | None
) -> None:
    with answering(body) as url, instrumented():
        ask(url, **given)
    sent = calls.assert_one(format_valid=valid, refused=refused)
    assert "secret" not in str(sent.attributes)


def test_openai_parse_and_responses(calls: Calls, instrumented: Any) -> None:
    content = [{"type": "output_text", "text": '{"price": 3}', "annotations": []}]
    said = {"type": "message", "id": "m1", "role": "assistant", "status": "completed", "content": content}
    response = {"id": "r1", "object": "response", "created_at": 1, "model": "gpt-4o", "status": "completed"}
    response |= {"output": [said], "parallel_tool_calls": False, "tool_choice": "auto", "tools": []}
    refusal = response | {"output": [said | {"content": [{"type": "refusal", "refusal": "The secret"}]}]}
    with answering(completion('{"price": 3}')) as url, openai.OpenAI(api_key="k", base_url=url) as client:
        with instrumented():
            parsed = client.chat.completions.parse(model="m", messages=MESSAGES, response_format=Offer)
        assert parsed.choices[0].message.parsed == Offer(price=3)
    with answering(response) as url, openai.OpenAI(api_key="k", base_url=url) as client, instrumented():
        assert client.responses.parse(model="m", input="?", text_format=Offer).output_parsed == Offer(price=3)
    with answering(refusal) as url, openai.OpenAI(api_key="k", base_url=url) as client, instrumented():
        client.responses.create(model="m", input="?", text={"format": {"type": "json_object"}})
    assert [(call.format_valid, call.refused) for call in calls] == [(True, None), (True, None), (None, True)]


def test_anthropic(calls: Calls, instrumented: Any) -> None:
    asked: dict[str, Any] = {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}
    message: dict[str, Any] = {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "stop_reason": "end_turn",
    }
    message |= {"content": [{"type": "text", "text": "no JSON"}], "usage": {"input_tokens": 1, "output_tokens": 1}}
    events = event_stream(
        [
            {"type": "message_start", "message": message | {"content": [], "stop_reason": None}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "no JSON"}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "refusal"}, "usage": {"output_tokens": 1}},
            {"type": "message_stop"},
        ],
        named=True,
    )

    def ask_manager(url: str) -> None:
        with (
            anthropic.Anthropic(api_key="k", base_url=url) as client,
            instrumented(),
            client.messages.stream(model="claude", max_tokens=9, messages=MESSAGES) as stream,
        ):
            assert "".join(stream.text_stream) == "no JSON"
            assert stream.get_final_message().stop_reason == "refusal"

    def ask(url: str, **given: Any) -> None:
        with anthropic.Anthropic(api_key="k", base_url=url) as client, instrumented():
            answer: Any = client.messages.create(model="claude", max_tokens=9, messages=MESSAGES, **asked, **given)
            assert len(list(answer)) > 5 if given else answer.id == "m1"

    async def ask_async(url: str) -> None:
        async with anthropic.AsyncAnthropic(api_key="k", base_url=url) as client:
            with instrumented():
                await client.messages.create(model="claude", max_tokens=9, messages=MESSAGES, **asked)

    with answering(message) as url:
        ask(url)
        asyncio.run(ask_async(url))
    with answering(events) as url:
        ask(url, stream=True)
        ask_manager(url)
    found = [(call.format_valid, call.refused) for call in calls]
    assert found == [(False, None), (False, None), (None, True), (None, True)]


def test_anthropic_parse(calls: Calls, instrumented: Any) -> None:
    message: dict[str, Any] = {"id": "m1", "type": "message", "role": "assistant", "model": "claude"}
    message |= {"stop_reason": "refusal", "content": [], "usage": {"input_tokens": 1, "output_tokens": 1}}
    given: dict[str, Any] = {"model": "claude", "max_tokens": 9, "messages": MESSAGES, "output_format": Offer}

    async def ask_async(url: str) -> None:
        async with anthropic.AsyncAnthropic(api_key="k", base_url=url) as client:
            with instrumented():
                await client.messages.parse(**given)

    with answering(message) as url:
        with anthropic.Anthropic(api_key="k", base_url=url) as client, instrumented():
            client.messages.parse(**given)
        asyncio.run(ask_async(url))
    assert [(call.refused, call.response_id) for call in calls] == [(True, "m1")] * 2


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession")
def test_google(calls: Calls, instrumented: Any) -> None:
    config = types.GenerateContentConfig(response_mime_type="application/json")
    given: dict[str, Any] = {"model": "gemini-2.5-flash", "contents": "?", "config": config}
    candidate = {"content": {"role": "model", "parts": [{"text": "no JSON"}]}, "finishReason": "STOP"}
    whole = {"candidates": [candidate], "modelVersion": "gemini-2.5-flash"}

    def client(url: str) -> genai.Client:
        return genai.Client(api_key="k", http_options=types.HttpOptions(base_url=url))

    async def ask_async(url: str) -> None:
        async with client(url).aio as waiting:
            with instrumented():
                await waiting.models.generate_content(**given)

    with answering(whole) as url, client(url) as asking:
        with instrumented():
            assert asking.models.generate_content(**given).text == "no JSON"
        asyncio.run(ask_async(url))
    with answering(event_stream([whole])) as url, client(url) as asking, instrumented():
        assert [one.text for one in asking.models.generate_content_stream(**given)] == ["no JSON"]
    assert [call.format_valid for call in calls] == [False, False, False]


def test_facts_that_the_instrumentation_leaves_out_are_added(calls: Calls, instrumented: Any) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    with answering(completion("{}") | {"usage": usage}) as url, instrumented():
        chat(url)
    sent = calls.assert_one(model="gpt-4o", request_model="gpt-4o", response_id="c1", input_tokens=3, output_tokens=2)
    assert list(sent.finish_reasons) == ["stop"]


def test_an_expectation_around_it_decides_what_is_checked(calls: Calls, instrumented: Any) -> None:
    with answering(completion('{"cost": 3}')) as url:
        with expect_json(Offer), instrumented():
            chat(url)
        with expect_regex(".*cost.*"), instrumented():
            chat(url, **JSON_ASKED)
    assert [call.format_valid for call in calls] == [False, True]


def test_the_applications_own_check_runs_only_when_asked(calls: Calls, instrumented: Any) -> None:
    given: list[object] = []

    def is_dear(answer: object) -> bool:
        given.append(answer)
        return True

    with answering(completion('{"cost": 3}')) as url, expect(is_dear) as own:
        with instrumented():
            chat(url)
        assert given == []
        own.check({"cost": 3})
    assert given == [{"cost": 3}]
    calls.assert_one(format_valid=True)


def test_a_later_good_verdict_takes_back_what_the_watch_saw(calls: Calls, instrumented: Any) -> None:
    with answering(completion("```json\n{}\n```")) as url, instrumented():
        chat(url, **JSON_ASKED)
    assert expect_json(fenced=True).check("```json\n{}\n```")
    assert not calls.assert_one(format_valid=True).format_reason


def test_worded_refusals_where_they_are_looked_for(calls: Calls, instrumented: Any) -> None:
    with answering(completion("I'm sorry, but I can't help with that request.")) as url:
        for phrases in (False, True):
            watch_answers(phrases)
            with instrumented():
                chat(url)
    watch_answers(False)
    assert [call.refused for call in calls] == [None, True]


def test_an_agents_span_is_not_the_call(calls: Calls) -> None:
    assert tracing._provider is not None
    tracer = tracing._provider.get_tracer("agents")
    with (
        answering(completion("no JSON")) as url,
        tracer.start_as_current_span("invoke_agent", attributes={"gen_ai.operation.name": "invoke_agent"}),
    ):
        chat(url, **JSON_ASKED)
    calls.assert_one(format_valid=None)


def test_a_call_made_by_hand_around_an_uninstrumented_client(calls: Calls) -> None:
    with answering(completion("no JSON")) as url, llm_call("openai", "gpt-4o") as call:
        call.response(chat(url, **JSON_ASKED))
    calls.assert_one(format_valid=False, model="gpt-4o")


def test_where_the_client_is_told_of_below_its_method_and_is_imported_late() -> None:
    """OpenInference instruments the transport: its span begins within the client's method, and ends where it will."""
    run(
        """
    import sys
    from opentelemetry.sdk.trace import TracerProvider
    from watchkeeper_sdk import llm_call
    from watchkeeper_sdk.testing import watching
    from watchkeeper_sdk.watching import watch_answers

    watch_answers()
    assert "openai" not in sys.modules
    import openai
    from openinference.instrumentation.openai import OpenAIInstrumentor
    from tests.sdk.answers.wire import answering
    from tests.sdk.openai_wire import JSON_ASKED, MESSAGES, chunks, completion

    provider = TracerProvider(shutdown_on_exit=False)
    OpenAIInstrumentor().instrument(tracer_provider=provider)

    def ask(url, **given):
        return openai.OpenAI(api_key="k", base_url=url).chat.completions.create(model="m", messages=MESSAGES, **given)

    with watching(tracer_provider=provider) as calls:
        with answering(completion("no JSON")) as url:
            ask(url)
            ask(url, **JSON_ASKED)
        with answering(chunks("no ", "JSON")) as url:
            for _ in ask(url, stream=True, **JSON_ASKED):
                with llm_call("other", "other"):
                    pass
        found = [call.format_valid for call in calls if call.provider != "other"]
        assert found == [None, False, False], calls.all()
        calls.assert_none(provider="other", format_valid=False)
        calls.assert_none(provider="other", response_id="c1")
"""
    )


@pytest.mark.parametrize(
    ("request_", "asked"),
    [
        ({}, False),
        ({"response_format": {"type": "text"}}, False),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, True),
        ({"response_format": Offer}, True),
        ({"response_format": openai.NOT_GIVEN, "text": openai.NOT_GIVEN}, False),
        ({"text": {"format": {"type": "json_schema"}}}, True),
        ({"text_format": Offer}, True),
        ({"output_config": {"format": {"type": "json_schema"}}}, True),
        ({"output_config": {"effort": "low"}}, False),
        ({"config": {"response_mime_type": "application/json"}}, True),
        ({"config": types.GenerateContentConfig(response_schema=Offer)}, True),
        ({"config": types.GenerateContentConfig(temperature=0.1)}, False),
    ],
)
def test_which_requests_ask_for_json(request_: dict[str, Any], asked: bool) -> None:
    assert asks_json(request_) is asked
