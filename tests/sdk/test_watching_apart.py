"""The real clients under watch: what the application gets from them, and the calls of others, are left alone."""

import json
from typing import Any

import openai
import pytest
from openai._legacy_response import LegacyAPIResponse

from tests.sdk.answers.wire import answering
from tests.sdk.openai_wire import JSON_ASKED, MESSAGES, chat, chunks, completion
from watchkeeper_sdk import llm_call
from watchkeeper_sdk.testing import Calls

pytestmark = pytest.mark.usefixtures("watched")


def test_raw_responses_are_left_alone(calls: Calls, instrumented: Any) -> None:
    with answering(completion("no JSON")) as url, openai.OpenAI(api_key="k", base_url=url) as client, instrumented():
        raw = client.chat.completions.with_raw_response.create(model="m", messages=MESSAGES, **JSON_ASKED)  # type: ignore[call-overload]
        assert isinstance(raw, LegacyAPIResponse) and raw.parse().choices[0].message.content == "no JSON"
        streamed = client.chat.completions.with_streaming_response.create(model="m", messages=MESSAGES)
        with streamed as response:
            assert json.loads(b"".join(response.iter_bytes()))["id"] == "c1"
    with answering(chunks("a", "b")) as url, openai.OpenAI(api_key="k", base_url=url) as client, instrumented():
        raw = client.chat.completions.with_raw_response.create(model="m", messages=MESSAGES, stream=True)
        assert len(list(raw.parse())) == 4
    assert len(calls) == 2


def test_errors_pass_as_they_are(calls: Calls, instrumented: Any) -> None:
    with (
        answering({"error": {"message": "no"}}, status=429) as url,
        pytest.raises(openai.RateLimitError),
        instrumented(),
    ):
        openai.OpenAI(api_key="k", base_url=url, max_retries=0).chat.completions.create(model="m", messages=MESSAGES)
    calls.assert_one(refused=None, format_valid=None)


def _break(stream: Any) -> None:
    next(iter(stream))
    stream.close()


def _with(stream: Any) -> None:
    with stream as chunks:
        next(chunks)


@pytest.mark.parametrize("leave", [_break, _with])
def test_of_a_stream_left_early_nothing_is_said(calls: Calls, instrumented: Any, leave: Any) -> None:
    with answering(chunks("{", "}")) as url, openai.OpenAI(api_key="k", base_url=url) as client, instrumented():
        stream = client.chat.completions.create(model="m", messages=MESSAGES, stream=True, **JSON_ASKED)  # type: ignore[call-overload]
        leave(stream)
        del stream
    calls.assert_one(format_valid=None)


def test_without_an_instrumentation_no_other_call_is_marked(calls: Calls) -> None:
    def other() -> None:
        with llm_call("other", "model"):
            pass

    other()
    with answering(completion("no JSON")) as url:
        chat(url, **JSON_ASKED)
    with answering(chunks("no ", "JSON")) as url, openai.OpenAI(api_key="k", base_url=url) as client:
        stream: Any = client.chat.completions.create(model="m", messages=MESSAGES, stream=True, **JSON_ASKED)  # type: ignore[call-overload]
        for _ in stream:
            other()
    assert {call.format_valid for call in calls} == {None} and len(calls) > 3


def test_signatures_and_names_stay() -> None:
    create = openai.resources.chat.completions.Completions.create
    assert (create.__name__, create.__qualname__) == ("create", "Completions.create")
