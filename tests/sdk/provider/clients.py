"""One call of a real client in each of its manners, against the stand-in."""

import asyncio
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import anthropic
import openai
from google import genai
from google.genai import types

from tests.sdk.provider.scenario import Api, Scenario
from tests.sdk.provider.server import Provider

_SCHEMA = {"type": "object", "properties": {}}
_JSON = {"type": "json_object"}
_TOOLS: dict[Api, Any] = {
    Api.CHAT: {"type": "function", "function": {"name": "look_up", "parameters": _SCHEMA}},
    Api.RESPONSES: {"type": "function", "name": "look_up", "parameters": _SCHEMA, "strict": False},
    Api.MESSAGES: {"name": "look_up", "input_schema": _SCHEMA},
}
MODELS = {
    Api.CHAT: "gpt-4o-mini",
    Api.RESPONSES: "gpt-4o-mini",
    Api.MESSAGES: "claude-haiku-4-5",
    Api.GENERATE: "gemini-2.5-flash-latest",
}


class Manner(StrEnum):
    """How a client is used."""

    PLAIN = "plain"
    STREAM = "stream"
    ASYNC = "async"
    ASYNC_STREAM = "async_stream"

    @property
    def streams(self) -> bool:
        return self in (Manner.STREAM, Manner.ASYNC_STREAM)

    @property
    def waits(self) -> bool:
        return self in (Manner.ASYNC, Manner.ASYNC_STREAM)


@dataclass(frozen=True)
class Asking:
    """One call: what is asked, and what of."""

    provider: Provider
    scenario: Scenario
    manner: Manner
    label: str
    timeout_s: float = 20.0

    @property
    def prompt(self) -> str:
        return f"scenario: {self.scenario} {self.label}"

    @property
    def wants_json(self) -> bool:
        return self.scenario in (Scenario.JSON_OK, Scenario.JSON_INVALID)

    @property
    def messages(self) -> list[Any]:
        return [{"role": "user", "content": self.prompt}]


def ask(api: Api, asking: Asking) -> list[Any]:
    """The answer as the client gives it: one object, or every chunk of a stream. Raises what the client raises."""
    calls: dict[Api, tuple[Callable[..., Any], Callable[..., Any]]] = {
        Api.CHAT: (_openai, _openai_async),
        Api.RESPONSES: (_openai, _openai_async),
        Api.MESSAGES: (_anthropic, _anthropic_async),
        Api.GENERATE: (_google, _google_async),
    }
    call, call_async = calls[api]
    answer = asyncio.run(call_async(api, asking)) if asking.manner.waits else call(api, asking)
    return answer if isinstance(answer, list) else [answer]


def _openai(api: Api, asking: Asking) -> Any:
    with openai.OpenAI(**_client(asking, asking.provider.openai_url)) as client:
        create: Any = client.chat.completions.create if api is Api.CHAT else client.responses.create
        answer = create(**_openai_arguments(api, asking))
        return list(answer) if asking.manner.streams else answer


async def _openai_async(api: Api, asking: Asking) -> Any:
    async with openai.AsyncOpenAI(**_client(asking, asking.provider.openai_url)) as client:
        create: Any = client.chat.completions.create if api is Api.CHAT else client.responses.create
        answer = await create(**_openai_arguments(api, asking))
        return await _all(answer) if asking.manner.streams else answer


def _openai_arguments(api: Api, asking: Asking) -> dict[str, Any]:
    given = {"model": MODELS[api], "tools": [_TOOLS[api]], "stream": asking.manner.streams}
    if api is Api.RESPONSES:
        formatted = {"text": {"format": _JSON}} if asking.wants_json else {}
        return given | {"input": asking.messages} | formatted
    options: dict[str, Any] = {"stream_options": {"include_usage": True}} if asking.manner.streams else {}
    wanted = {"response_format": _JSON} if asking.wants_json else {}
    return given | {"messages": asking.messages} | options | wanted


def _anthropic(api: Api, asking: Asking) -> Any:
    with anthropic.Anthropic(**_client(asking, asking.provider.anthropic_url)) as client:
        if not asking.manner.streams:
            return client.messages.create(**_anthropic_arguments(api, asking))
        with client.messages.stream(**_anthropic_arguments(api, asking)) as stream:
            return [stream.get_final_message()]


async def _anthropic_async(api: Api, asking: Asking) -> Any:
    async with anthropic.AsyncAnthropic(**_client(asking, asking.provider.anthropic_url)) as client:
        given = _anthropic_arguments(api, asking)
        if not asking.manner.streams:
            return await client.messages.create(**given)
        return await _all(await client.messages.create(**given, stream=True))


def _anthropic_arguments(api: Api, asking: Asking) -> dict[str, Any]:
    given = {"model": MODELS[api], "tools": [_TOOLS[api]], "messages": asking.messages, "max_tokens": 99}
    wanted = {"output_config": {"format": {"type": "json_schema", "schema": _SCHEMA}}} if asking.wants_json else {}
    return given | wanted


def _client(asking: Asking, url: str) -> dict[str, Any]:
    return {"api_key": "k", "base_url": url, "max_retries": 0, "timeout": asking.timeout_s}


def _google(api: Api, asking: Asking) -> Any:
    with _google_client(asking) as client:
        given = _google_arguments(api, asking)
        if asking.manner.streams:
            return list(client.models.generate_content_stream(**given))
        return client.models.generate_content(**given)


async def _google_async(api: Api, asking: Asking) -> Any:
    with _google_client(asking) as client:
        async with client.aio as waiting:
            given = _google_arguments(api, asking)
            if asking.manner.streams:
                return await _all(await waiting.models.generate_content_stream(**given))
            return await waiting.models.generate_content(**given)


def _google_client(asking: Asking) -> genai.Client:
    options = types.HttpOptions(base_url=asking.provider.google_url, timeout=int(asking.timeout_s * 1000))
    return genai.Client(api_key="k", http_options=options)


def _google_arguments(api: Api, asking: Asking) -> dict[str, Any]:
    tool = types.Tool(function_declarations=[types.FunctionDeclaration(name="look_up")])
    config = types.GenerateContentConfig(
        tools=[tool], response_mime_type="application/json" if asking.wants_json else None
    )
    return {"model": MODELS[api], "contents": asking.prompt, "config": config}


async def _all(stream: AsyncIterable[Any]) -> list[Any]:
    return [chunk async for chunk in stream]
