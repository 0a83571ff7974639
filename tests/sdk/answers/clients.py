"""The providers' own clients, talking to the loopback server, and how tests follow their streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import anthropic
import openai
from google import genai

from tests.sdk.answers.wire import answering, event_stream
from watchkeeper_sdk.answers import Answer, AnswerStream

MESSAGES: Any = [{"role": "user", "content": "hello"}]


@contextmanager
def openai_answering(body: object, *, status: int = 200) -> Iterator[openai.OpenAI]:
    """OpenAI's client, every request of which gets ``body``."""
    with (
        answering(body, status=status) as url,
        openai.OpenAI(base_url=url, api_key="test", max_retries=0) as client,
    ):
        yield client


@contextmanager
def anthropic_answering(body: object, *, status: int = 200) -> Iterator[anthropic.Anthropic]:
    """Anthropic's client, every request of which gets ``body``."""
    with (
        answering(body, status=status) as url,
        anthropic.Anthropic(base_url=url, api_key="test", max_retries=0) as client,
    ):
        yield client


@contextmanager
def google_answering(body: object, *, status: int = 200) -> Iterator[genai.Client]:
    """Google's client, every request of which gets ``body``."""
    with answering(body, status=status) as url:
        client = genai.Client(api_key="test", http_options={"base_url": url})
        try:
            yield client
        finally:
            client.close()


def chat_chunks(events: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Chat completion events as OpenAI's client makes chunks of them."""
    with openai_answering(event_stream(events, done=True)) as client:
        return list(client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True))


def responses_events(events: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Events of the Responses API as OpenAI's client gives them."""
    with openai_answering(event_stream(events, named=True)) as client:
        return list(client.responses.create(model="gpt-4o", input="hello", stream=True))


def message_events(events: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Events of the Messages API as Anthropic's client gives them."""
    with anthropic_answering(event_stream(events, named=True)) as client:
        return list(client.messages.create(model="claude", messages=MESSAGES, max_tokens=9, stream=True))


def gemini_chunks(events: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Chunks as Google's client gives them."""
    with google_answering(event_stream(events)) as client:
        return list(client.models.generate_content_stream(model="gemini-flash", contents="hello"))


def followed(chunks: Sequence[object]) -> tuple[list[bool], Answer]:
    """Which chunks carry content, and the answer they add up to."""
    stream = AnswerStream()
    carries = [stream.add(chunk) for chunk in chunks]
    answer = stream.answer()
    assert answer is not None
    return carries, answer
