"""Answers of Cohere: chat in version 2 and 1 of its API, and embeddings. Cohere does not name the model."""

from __future__ import annotations

from typing import Any

from watchkeeper_sdk.answers.answer import Answer
from watchkeeper_sdk.answers.fields import TextBuffer, count, get, items, text_of, word, words

_EVENTS = (
    "message-start",
    "content-start",
    "content-delta",
    "tool-plan-delta",
    "tool-call-start",
    "message-end",
    "debug",
)
"""Events a stream may begin with, or soon come to."""


def is_cohere(source: object) -> bool:
    """A chat answer of version 2 or 1, or embeddings with billed units?"""
    if isinstance(get(source, "finish_reason"), str):
        return get(source, "message") is not None or isinstance(get(source, "generation_id"), str)
    return get(source, "embeddings") is not None and _is_usage(get(source, "meta"))


def is_cohere_event(chunk: object) -> bool:
    """Any event of a streamed chat, version 2?"""
    return word(get(chunk, "type")) in _EVENTS


def read_cohere(source: object, provider: str) -> Answer:
    """Read a ``V2ChatResponse``, ``NonStreamedChatResponse`` or ``EmbedByTypeResponse``."""
    message = get(source, "message")
    text = get(source, "text")
    answer = Answer(
        provider=provider or "cohere",
        response_id=word(get(source, "id")) or word(get(source, "response_id")),
        finish_reasons=words((get(source, "finish_reason"),)),
        text=text_of(text if message is None else get(message, "content")),
        called_tool=bool(items(get(message or source, "tool_calls"))),
    )
    _fill_usage(answer, get(source, "usage") or get(source, "meta"))
    return answer


def _is_usage(usage: object) -> bool:
    return count(get(get(usage, "billed_units"), "input_tokens")) is not None


def _fill_usage(answer: Answer, usage: object) -> None:
    """Fill in the counts: what is billed, as OpenTelemetry asks where a provider tells both."""
    billed, used = get(usage, "billed_units"), get(usage, "tokens")
    answer.input_tokens = _either_count(billed, used, "input_tokens")
    answer.output_tokens = _either_count(billed, used, "output_tokens")
    cached = count(get(usage, "cached_tokens"))
    if cached is not None and cached <= (answer.input_tokens or 0):
        answer.cache_read_tokens = cached


def _either_count(billed: object, used: object, name: str) -> int | None:
    found = count(get(billed, name))
    return count(get(used, name)) if found is None else found


class CohereStream:
    """Events of a streamed chat, version 2."""

    __slots__ = ("_called_tool", "_end", "_id", "_provider", "_text")

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._id = ""
        self._end: Any = None
        self._text = TextBuffer()
        self._called_tool = False

    def add(self, chunk: object) -> bool:
        """Take in one event; does it carry content?"""
        kind = word(get(chunk, "type"))
        delta = get(chunk, "delta")
        if kind == "content-delta":
            return self._add_content(get(get(delta, "message"), "content"))
        if kind == "message-start":
            self._id = word(get(chunk, "id"))
        elif kind == "message-end":
            self._end = delta
        elif kind in ("tool-call-start", "tool-call-delta"):
            self._called_tool = True
            return True
        return kind == "tool-plan-delta"

    def answer(self) -> Answer:
        """The answer so far."""
        answer = Answer(
            provider=self._provider or "cohere",
            response_id=self._id,
            finish_reasons=words((get(self._end, "finish_reason"),)),
            text=self._text.text(),
            called_tool=self._called_tool,
        )
        _fill_usage(answer, get(self._end, "usage"))
        return answer

    def _add_content(self, content: object) -> bool:
        text = get(content, "text")
        if isinstance(text, str) and text:
            self._text.add(text)
            return True
        thinking = get(content, "thinking")
        return isinstance(thinking, str) and thinking != ""
