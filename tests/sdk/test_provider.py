"""The scripted provider, seen through the vendors' real clients."""

import time
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
from google.genai import errors

from tests.sdk.provider import Api, Provider, Scenario, Seen, serving
from tests.sdk.provider.clients import Asking, Manner, ask

CHAT = {
    Scenario.FILTERED: "content_filter",
    Scenario.TRUNCATED: "length",
    Scenario.TOOL_CALL: "tool_calls",
    Scenario.RATE_LIMITED: openai.RateLimitError,
    Scenario.SERVER_ERROR: openai.InternalServerError,
    Scenario.TIMEOUT: openai.APITimeoutError,
}
RESPONSES = CHAT | {Scenario.TRUNCATED: "max_output_tokens", Scenario.TOOL_CALL: "completed"}
MESSAGES = {
    Scenario.REFUSAL: "refusal",
    Scenario.FILTERED: anthropic.BadRequestError,
    Scenario.TRUNCATED: "max_tokens",
    Scenario.TOOL_CALL: "tool_use",
    Scenario.RATE_LIMITED: anthropic.RateLimitError,
    Scenario.SERVER_ERROR: anthropic.InternalServerError,
    Scenario.TIMEOUT: anthropic.APITimeoutError,
}
GOOGLE = {
    Scenario.REFUSAL: "PROHIBITED_CONTENT",
    Scenario.FILTERED: "SAFETY",
    Scenario.TRUNCATED: "MAX_TOKENS",
    Scenario.RATE_LIMITED: errors.ClientError,
    Scenario.SERVER_ERROR: errors.ServerError,
    Scenario.TIMEOUT: Exception,
}
"""What a client gives: how the answer ended, or the exception it raises; else an ordinary end."""

_DIFFERING = (Scenario.OK, Scenario.REFUSAL, Scenario.RATE_LIMITED, Scenario.TIMEOUT)
CASES = [
    (scenario, manner)
    for scenario in Scenario
    for manner in (Manner if scenario in _DIFFERING else (Manner.PLAIN, Manner.ASYNC_STREAM))
]
"""All, but half-way manners only where a client goes other ways inside."""

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
"""Google's client, where aiohttp is installed."""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serving() as provider:
        yield provider


def _asked(api: Api, provider: Provider, scenario: Scenario, manner: Manner, expected: Any) -> tuple[list[Any], Seen]:
    """The answer, none where the expected exception came, and what the provider saw."""
    label = f"{api}-{scenario}-{manner}"
    asking = Asking(provider, scenario, manner, label, 0.2 if scenario is Scenario.TIMEOUT else 20.0)
    answer: list[Any] = []
    if isinstance(expected, str):
        answer = ask(api, asking)
    else:
        with pytest.raises(expected) as caught:
            ask(api, asking)
        assert "imeout" in type(caught.value).__name__ or scenario is not Scenario.TIMEOUT
    seen = provider.labelled(label)
    assert (seen.api, seen.scenario, seen.streamed) == (api, scenario, manner.streams)
    return answer, seen


@pytest.mark.parametrize(("scenario", "manner"), CASES)
def test_chat_completions(provider: Provider, scenario: Scenario, manner: Manner) -> None:
    expected = CHAT.get(scenario, "stop")
    chunks, seen = _asked(Api.CHAT, provider, scenario, manner, expected)
    if not chunks:
        return
    usage, choices = chunks[-1].usage, [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert (usage.prompt_tokens, usage.completion_tokens) == (seen.tokens.input, seen.tokens.output)
    assert usage.prompt_tokens_details.cached_tokens == seen.tokens.cache_read
    assert usage.completion_tokens_details.reasoning_tokens == seen.tokens.reasoning
    assert (chunks[0].model, choices[-1].finish_reason) == ("gpt-4o-mini-2024-07-18", expected)
    said = [choice.delta if manner.streams else choice.message for choice in choices]
    assert any(one.refusal for one in said) == (scenario is Scenario.REFUSAL)
    assert any(one.tool_calls for one in said) == (scenario is Scenario.TOOL_CALL)


@pytest.mark.parametrize(("scenario", "manner"), CASES)
def test_responses(provider: Provider, scenario: Scenario, manner: Manner) -> None:
    expected = RESPONSES.get(scenario, "completed")
    chunks, seen = _asked(Api.RESPONSES, provider, scenario, manner, expected)
    if not chunks:
        return
    answer = chunks[-1].response if manner.streams else chunks[-1]
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (seen.tokens.input, seen.tokens.output)
    assert answer.usage.output_tokens_details.reasoning_tokens == seen.tokens.reasoning
    kinds = [part.type for item in answer.output for part in getattr(item, "content", None) or [item]]
    assert ("refusal" in kinds) == (scenario is Scenario.REFUSAL)
    assert ("function_call" in kinds) == (scenario is Scenario.TOOL_CALL)
    assert (answer.incomplete_details.reason if answer.incomplete_details else answer.status) == expected


@pytest.mark.parametrize(("scenario", "manner"), CASES)
def test_messages(provider: Provider, scenario: Scenario, manner: Manner) -> None:
    expected = MESSAGES.get(scenario, "end_turn")
    chunks, seen = _asked(Api.MESSAGES, provider, scenario, manner, expected)
    if not chunks:
        return
    first, last = (chunks[0].message, chunks[-2].delta) if manner is Manner.ASYNC_STREAM else (chunks[0], chunks[0])
    output = chunks[-2].usage.output_tokens if manner is Manner.ASYNC_STREAM else first.usage.output_tokens
    parts = (first.usage.input_tokens, first.usage.cache_read_input_tokens, first.usage.cache_creation_input_tokens)
    assert (sum(parts), output) == (seen.tokens.input, seen.tokens.output)
    assert parts[1:] == (seen.tokens.cache_read, seen.tokens.cache_write)
    assert (first.model, last.stop_reason) == ("claude-haiku-4-5-20251001", expected)


@pytest.mark.parametrize(("scenario", "manner"), CASES)
def test_gemini(provider: Provider, scenario: Scenario, manner: Manner) -> None:
    expected = GOOGLE.get(scenario, "STOP")
    chunks, seen = _asked(Api.GENERATE, provider, scenario, manner, expected)
    if not chunks:
        return
    last, usage = chunks[-1], chunks[-1].usage_metadata
    assert (last.model_version, usage.prompt_token_count) == ("gemini-2.5-flash-001", seen.tokens.input)
    if scenario is Scenario.REFUSAL:
        assert (last.candidates, last.prompt_feedback.block_reason.value) == (None, expected)
        return
    assert (usage.candidates_token_count + (usage.thoughts_token_count or 0)) == seen.tokens.output
    assert (usage.cached_content_token_count or 0) == seen.tokens.cache_read
    assert last.candidates[0].finish_reason.value == expected
    assert bool(last.function_calls) == (scenario is Scenario.TOOL_CALL)


def test_a_client_that_retries_is_seen_again(provider: Provider) -> None:
    with (
        openai.OpenAI(api_key="k", base_url=provider.openai_url, max_retries=1) as client,
        pytest.raises(openai.RateLimitError),
    ):
        _chat(client, "scenario: rate_limited twice")
    assert [seen.label for seen in provider.seen].count("twice") == 2


def test_embeddings_and_streams_without_usage(provider: Provider) -> None:
    with openai.OpenAI(api_key="k", base_url=provider.openai_url) as client:
        answer = client.embeddings.create(model="text-embedding-3-small", input="scenario: ok vector")
        assert answer.usage.prompt_tokens == provider.labelled("vector").tokens.input
        assert all(chunk.usage is None for chunk in _chat(client, "scenario: ok unmetered", stream=True))
    assert not provider.labelled("unmetered").include_usage


def test_a_stream_pauses_before_its_first_content(provider: Provider) -> None:
    with openai.OpenAI(api_key="k", base_url=provider.openai_url) as client:
        begun = time.perf_counter()
        stream = _chat(client, "scenario: ok timed", stream=True)
        next(chunk for chunk in stream if chunk.choices[0].delta.content)
        waited = time.perf_counter() - begun
        stream.close()
    planned = provider.labelled("timed").ttft_s
    assert planned is not None and waited >= planned


def _chat(client: openai.OpenAI, prompt: str, **given: Any) -> Any:
    return client.chat.completions.create(
        model="gpt-test-latest", messages=[{"role": "user", "content": prompt}], **given
    )


def test_every_number_of_every_call_is_unique(provider: Provider) -> None:
    numbers = [
        number
        for tokens in (seen.tokens for seen in provider.seen)
        for number in (tokens.input, tokens.output, tokens.cache_read, tokens.cache_write, tokens.reasoning)
        if number
    ]
    assert len(numbers) == len(set(numbers)) >= 2 * len(provider.seen) - 1
