"""The mock provider's answers, read with the vendors' real clients."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event

import anthropic
import openai
import pytest
from openai.types.chat import ChatCompletion

from demo.mock_provider import MockProvider, serving
from demo.profiles import PROFILES, Ending, ModelProfile
from demo.truth import ProviderCall, Truth
from watchkeeper.schema import Outcome

_MODEL = "gpt-4o-mini"
_CLAUDE = "claude-haiku-4-5"
_FAST = replace(PROFILES[_MODEL], ttft_ms=2, ms_per_token=0.01, cached_share=1.0, reasoning_tokens=20, slow_s=5.0)


def _always(ending: Ending, name: str) -> ModelProfile:
    served = PROFILES[name].served_as
    return replace(_FAST, name=name, served_as=served, odds={ending: 1.0}, retry_after_ms=5)


def _profiles() -> dict[str, ModelProfile]:
    """An application of its own for every ending, so that one server can show all of them."""
    models = (_MODEL, _CLAUDE)
    profiles = {f"{ending}/{model}": _always(ending, model) for ending in Ending for model in models}
    return profiles | {"text-embedding-3-small": replace(PROFILES["text-embedding-3-small"], odds={})}


@pytest.fixture(scope="module")
def provider() -> MockProvider:
    return MockProvider(seed=11, profiles=_profiles())


@pytest.fixture(scope="module")
def address(provider: MockProvider) -> Iterator[str]:
    with serving(provider) as address:
        yield address


@pytest.fixture
def openai_for(address: str) -> Iterator[Callable[[Ending], openai.OpenAI]]:
    """A client whose calls all end in one way."""
    made: list[openai.OpenAI] = []

    def client(ending: Ending) -> openai.OpenAI:
        made.append(openai.OpenAI(api_key=f"sk-demo-{ending}", base_url=f"{address}/v1", max_retries=0))
        return made[-1]

    yield client
    for one in made:
        one.close()


@pytest.fixture
def claude_for(address: str) -> Iterator[Callable[[Ending], anthropic.Anthropic]]:
    made: list[anthropic.Anthropic] = []

    def client(ending: Ending) -> anthropic.Anthropic:
        url = f"{address}/anthropic"
        made.append(anthropic.Anthropic(api_key=f"sk-demo-{ending}", base_url=url, max_retries=0))
        return made[-1]

    yield client
    for one in made:
        one.close()


OpenAIFor = Callable[[Ending], openai.OpenAI]
ClaudeFor = Callable[[Ending], anthropic.Anthropic]


def _chat(client: openai.OpenAI, prompt: str) -> ChatCompletion:
    return client.chat.completions.create(model=_MODEL, messages=[{"role": "user", "content": prompt}])


def _booked(truth: Truth, ending: Ending) -> list[ProviderCall]:
    return [call for call in truth.calls() if call.application == ending]


def _wait_until_idle(truth: Truth) -> None:
    pause, polls = Event(), 0
    while truth.in_flight and polls < 500:
        pause.wait(0.01)
        polls += 1


def test_an_answer_names_the_dated_model_and_its_usage(openai_for: OpenAIFor) -> None:
    answer = _chat(openai_for(Ending.ANSWER), "hello")
    assert answer.model == "gpt-4o-mini-2024-07-18"
    assert answer.system_fingerprint == _FAST.fingerprint
    assert answer.service_tier == "default"
    assert answer.choices[0].finish_reason == "stop"
    usage = answer.usage
    assert usage is not None and usage.prompt_tokens_details and usage.completion_tokens_details
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert 0 < (usage.prompt_tokens_details.cached_tokens or 0) <= usage.prompt_tokens
    assert 0 < (usage.completion_tokens_details.reasoning_tokens or 0) < usage.completion_tokens


def test_a_refusal_comes_in_its_own_field_with_an_ordinary_finish(openai_for: OpenAIFor) -> None:
    choice = _chat(openai_for(Ending.REFUSAL), "hello").choices[0]
    assert (choice.finish_reason, choice.message.content) == ("stop", None)
    assert choice.message.refusal


def test_a_worded_refusal_is_an_ordinary_answer(openai_for: OpenAIFor) -> None:
    choice = _chat(openai_for(Ending.WORDED_REFUSAL), "hello").choices[0]
    assert choice.message.refusal is None
    assert "can't help" in (choice.message.content or "")


@pytest.mark.parametrize(
    ("ending", "finish_reason"), [(Ending.CONTENT_FILTER, "content_filter"), (Ending.TRUNCATED, "length")]
)
def test_the_finish_reason_tells_filtered_and_truncated_answers(
    openai_for: OpenAIFor, ending: Ending, finish_reason: str
) -> None:
    assert _chat(openai_for(ending), "hello").choices[0].finish_reason == finish_reason


@pytest.mark.parametrize(("ending", "parses"), [(Ending.ANSWER, True), (Ending.BROKEN_JSON, False)])
def test_json_is_broken_only_where_it_should_be(openai_for: OpenAIFor, ending: Ending, parses: bool) -> None:
    answer = openai_for(ending).chat.completions.create(
        model=_MODEL, messages=[{"role": "user", "content": "json"}], response_format={"type": "json_object"}
    )
    assert _is_json(answer.choices[0].message.content or "") is parses


def test_broken_json_is_never_drawn_where_no_json_was_asked_for(openai_for: OpenAIFor, provider: MockProvider) -> None:
    _chat(openai_for(Ending.BROKEN_JSON), "prose please")
    assert Outcome.OK in {call.outcome for call in _booked(provider.truth, Ending.BROKEN_JSON)}


def test_a_rate_limit_says_when_to_come_back(openai_for: OpenAIFor) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        _chat(openai_for(Ending.RATE_LIMITED), "hello")
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["retry-after-ms"] == "5"


def test_automatic_retries_are_one_call_of_several_attempts(openai_for: OpenAIFor, provider: MockProvider) -> None:
    before = len(_booked(provider.truth, Ending.RATE_LIMITED))
    with pytest.raises(openai.RateLimitError):
        _chat(openai_for(Ending.RATE_LIMITED).with_options(max_retries=2), "try three times")
    booked = _booked(provider.truth, Ending.RATE_LIMITED)
    assert len(booked) == before + 1
    assert (booked[-1].attempts, booked[-1].outcome) == (3, Outcome.RATE_LIMITED)


def test_a_server_error_is_a_500_without_tokens(openai_for: OpenAIFor, provider: MockProvider) -> None:
    with pytest.raises(openai.InternalServerError):
        _chat(openai_for(Ending.SERVER_ERROR), "hello")
    (booked,) = _booked(provider.truth, Ending.SERVER_ERROR)
    assert (booked.outcome, booked.input_tokens) == (Outcome.ERROR, None)


def test_a_client_that_gives_up_is_booked_as_a_timeout(openai_for: OpenAIFor, provider: MockProvider) -> None:
    with pytest.raises(openai.APITimeoutError):
        _chat(openai_for(Ending.SLOW).with_options(timeout=0.2), "hello")
    _wait_until_idle(provider.truth)
    (booked,) = _booked(provider.truth, Ending.SLOW)
    assert booked.outcome is Outcome.TIMEOUT


@pytest.mark.parametrize("include_usage", [True, False])
def test_a_stream_carries_usage_only_when_it_was_asked_for(openai_for: OpenAIFor, include_usage: bool) -> None:
    stream = openai_for(Ending.ANSWER).chat.completions.create(
        model=_MODEL,
        messages=[{"role": "user", "content": f"stream {include_usage}"}],
        stream=True,
        stream_options={"include_usage": include_usage},
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert len(text.split()) == 24
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert (chunks[-1].usage is not None) is include_usage


def test_a_streamed_refusal_comes_as_refusal_deltas(openai_for: OpenAIFor) -> None:
    stream = openai_for(Ending.REFUSAL).chat.completions.create(
        model=_MODEL, messages=[{"role": "user", "content": "stream"}], stream=True
    )
    refusal = "".join(chunk.choices[0].delta.refusal or "" for chunk in stream if chunk.choices)
    assert "can't help" in refusal


def test_an_offered_tool_is_called_with_valid_arguments(openai_for: OpenAIFor) -> None:
    client, called = openai_for(Ending.ANSWER), 0
    for number in range(10):
        answer = client.chat.completions.create(
            model=_MODEL,
            messages=[{"role": "user", "content": f"tool {number}"}],
            tools=[{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}],
        )
        for call in answer.choices[0].message.tool_calls or []:
            assert call.type == "function" and call.function.name == "look_up"
            assert _is_json(call.function.arguments)
            assert answer.choices[0].finish_reason == "tool_calls"
            called += 1
    assert called > 2


def test_embeddings_count_input_tokens_alone(openai_for: OpenAIFor, provider: MockProvider) -> None:
    client = openai_for(Ending.ANSWER)
    answer = client.embeddings.create(model="text-embedding-3-small", input="some text", encoding_format="float")
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 0
    assert len(answer.data[0].embedding) == 8
    booked = [call for call in provider.truth.calls() if call.model == "text-embedding-3-small"]
    assert booked[0].output_tokens == 0


def test_a_truncated_response_is_incomplete(openai_for: OpenAIFor) -> None:
    answer = openai_for(Ending.TRUNCATED).responses.create(model=_MODEL, input="hello")
    assert (answer.status, answer.model) == ("incomplete", "gpt-4o-mini-2024-07-18")
    assert answer.incomplete_details is not None
    assert answer.incomplete_details.reason == "max_output_tokens"
    assert answer.usage is not None and answer.usage.output_tokens_details.reasoning_tokens > 0


def test_an_unknown_model_is_not_found(openai_for: OpenAIFor) -> None:
    with pytest.raises(openai.NotFoundError):
        openai_for(Ending.ANSWER).chat.completions.create(model="nobody", messages=[])


def test_anthropic_leaves_the_cache_out_of_its_input_tokens(claude_for: ClaudeFor, provider: MockProvider) -> None:
    answer = claude_for(Ending.ANSWER).messages.create(
        model=_CLAUDE, max_tokens=100, messages=[{"role": "user", "content": "hello"}]
    )
    assert (answer.model, answer.stop_reason) == ("claude-haiku-4-5-20251001", "end_turn")
    booked = [call for call in provider.truth.calls() if call.model == _CLAUDE][-1]
    assert booked.input_tokens == answer.usage.input_tokens + (answer.usage.cache_read_input_tokens or 0)


@pytest.mark.parametrize(("ending", "stop_reason"), [(Ending.REFUSAL, "refusal"), (Ending.TRUNCATED, "max_tokens")])
def test_anthropic_s_stop_reason_tells_how_it_ended_in_streams_too(
    claude_for: ClaudeFor, ending: Ending, stop_reason: str
) -> None:
    with claude_for(ending).messages.stream(
        model=_CLAUDE, max_tokens=100, messages=[{"role": "user", "content": "stream"}]
    ) as stream:
        answer = stream.get_final_message()
    assert answer.stop_reason == stop_reason
    assert answer.usage.output_tokens > 1


def test_anthropic_s_rate_limit_is_a_429(claude_for: ClaudeFor) -> None:
    with pytest.raises(anthropic.RateLimitError):
        claude_for(Ending.RATE_LIMITED).messages.create(
            model=_CLAUDE, max_tokens=100, messages=[{"role": "user", "content": "hello"}]
        )


def test_equal_seeds_give_equal_answers_in_any_order() -> None:
    prompts = [f"question {number}" for number in range(8)]
    assert _answers(5, prompts) == _answers(5, prompts[::-1])
    assert _answers(5, prompts) != _answers(6, prompts)


def _answers(seed: int, prompts: list[str]) -> dict[str, str]:
    profiles = {_MODEL: replace(_FAST, odds={})}
    with (
        serving(MockProvider(seed, profiles)) as address,
        openai.OpenAI(api_key="sk-demo-x", base_url=f"{address}/v1") as client,
    ):
        return {prompt: _chat(client, prompt).model_dump_json() for prompt in prompts}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
