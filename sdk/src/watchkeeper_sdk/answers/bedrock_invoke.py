"""Answers of Amazon Bedrock's InvokeModel: what boto3 returns, and the bodies of the model families.

A body that is still bytes or a stream belongs to the application and is not touched: then the response's headers
tell the tokens, and nothing tells the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from watchkeeper_sdk.answers.answer import Answer
from watchkeeper_sdk.answers.anthropic_messages import MessageStream, is_message_event, read_message
from watchkeeper_sdk.answers.bedrock_converse import ConverseStream, is_converse, is_converse_event, read_converse
from watchkeeper_sdk.answers.cohere_chat import read_cohere
from watchkeeper_sdk.answers.fields import TextBuffer, count, get, items, total, word, words
from watchkeeper_sdk.answers.openai_chat import ChatStream, is_chat, read_chat

_BEDROCK = "aws.bedrock"
_HEADER = "x-amzn-bedrock-"
_METRICS = "amazon-bedrock-invocationMetrics"
"""Key of the counts in a stream's last event."""


def is_invoked(source: object) -> bool:
    """What ``invoke_model`` returned?"""
    return isinstance(source, dict) and "body" in source and isinstance(source.get("ResponseMetadata"), dict)


def is_body(source: object) -> bool:
    """The body of a model family that answers in a shape of its own?"""
    return isinstance(source, dict) and _family(source) is not None


def read_invoked(source: object, provider: str) -> Answer:
    """Read what ``invoke_model`` returned: the headers, and the body if the application put a dict there."""
    body = get(source, "body")
    answer = _read_any_body(body) if isinstance(body, dict) else Answer()
    answer.provider = provider or _BEDROCK
    headers = get(get(source, "ResponseMetadata"), "HTTPHeaders")
    if answer.input_tokens is None and isinstance(headers, dict):
        _fill_counts(answer, lambda name: _number(headers.get(_HEADER + name)), _HEADERS)
    answer.service_tier = answer.service_tier or word(get(source, "serviceTier"))
    return answer


def read_body(source: object, provider: str) -> Answer:
    """Read the body of a Titan, Llama, Mistral or Cohere model, or one piece of a streamed one."""
    assert isinstance(source, dict)
    family = _family(source)
    answer = Answer() if family is None else family(source)
    answer.provider = provider or _BEDROCK
    return answer


_HEADERS = ("input-token-count", "output-token-count", "cache-read-input-token-count", "cache-write-input-token-count")
_METRIC_NAMES = ("inputTokenCount", "outputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount")


def _fill_counts(answer: Answer, counted: Callable[[str], int | None], names: tuple[str, ...]) -> None:
    """Fill in Bedrock's own counts, whose input leaves out cached tokens."""
    given, sent, read, written = (counted(name) for name in names)
    answer.input_tokens, answer.output_tokens = total(given, read, written), sent
    answer.cache_read_tokens, answer.cache_write_tokens = read, written


def _number(header: object) -> int | None:
    return count(int(header)) if isinstance(header, str) and header.isdecimal() and len(header) < 16 else None


def _read_any_body(body: dict[str, Any]) -> Answer:
    if body.get("type") == "message":
        return read_message(body, _BEDROCK)
    if is_converse(body):
        return read_converse(body, _BEDROCK)
    return read_chat(body, _BEDROCK) if is_chat(body) else read_body(body, _BEDROCK)


def _family(body: dict[str, Any]) -> Callable[[dict[str, Any]], Answer] | None:
    return next((read for key, read in _FAMILIES if key in body), None)


def _read_titan(body: dict[str, Any]) -> Answer:
    results = items(body.get("results"))
    counts = [count(get(result, "tokenCount")) for result in results]
    return Answer(
        finish_reasons=words(get(result, "completionReason") for result in results),
        input_tokens=count(body.get("inputTextTokenCount")),
        output_tokens=total(*counts),
        text=_text(get(results[0], "outputText")) if results else None,
    )


def _read_titan_piece(body: dict[str, Any]) -> Answer:
    return Answer(finish_reasons=words((body.get("completionReason"),)), text=_text(body.get("outputText")))


def _read_llama(body: dict[str, Any]) -> Answer:
    return Answer(
        finish_reasons=words((body.get("stop_reason"),)),
        input_tokens=count(body.get("prompt_token_count")),
        output_tokens=count(body.get("generation_token_count")),
        text=_text(body.get("generation")),
    )


def _read_texts(key: str, reason: str) -> Callable[[dict[str, Any]], Answer]:
    """A reader of bodies that list texts with a finish reason each, and count nothing."""

    def read(body: dict[str, Any]) -> Answer:
        texts = items(body.get(key))
        finish_reasons = words(get(each, reason) for each in texts)
        return Answer(finish_reasons=finish_reasons, text=_text(get(texts[0], "text")) if texts else None)

    return read


def _read_claude_completion(body: dict[str, Any]) -> Answer:
    return Answer(finish_reasons=words((body.get("stop_reason"),)), text=_text(body.get("completion")))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


_FAMILIES: tuple[tuple[str, Callable[[dict[str, Any]], Answer]], ...] = (
    ("results", _read_titan),
    ("outputText", _read_titan_piece),
    ("inputTextTokenCount", _read_titan),
    ("generation", _read_llama),
    ("outputs", _read_texts("outputs", "stop_reason")),
    ("generations", _read_texts("generations", "finish_reason")),
    ("completion", _read_claude_completion),
    ("generation_id", lambda body: read_cohere(body, _BEDROCK)),
    ("is_finished", lambda body: read_cohere(body, _BEDROCK)),
)
"""A key that only this family's bodies have."""


def is_invoke_event(chunk: object) -> bool:
    """An event of ``invoke_model_with_response_stream``?"""
    return isinstance(chunk, dict) and isinstance(get(chunk.get("chunk"), "bytes"), bytes)


class InvokeStream:
    """Events of ``invoke_model_with_response_stream``: JSON of the model's own kind, counts in the last."""

    __slots__ = ("_inner", "_metrics", "_provider")

    def __init__(self, provider: str) -> None:
        self._provider = provider or _BEDROCK
        self._inner: MessageStream | ConverseStream | ChatStream | _Pieces | None = None
        self._metrics: Any = None

    def add(self, chunk: object) -> bool:
        """Take in one event; does it carry content?"""
        raw = get(get(chunk, "chunk"), "bytes")
        piece = json.loads(raw) if isinstance(raw, bytes) else None
        if not isinstance(piece, dict):
            return False
        self._metrics = piece.get(_METRICS, self._metrics)
        if self._inner is None:
            self._inner = self._choose(piece)
        return self._inner.add(piece)

    def answer(self) -> Answer:
        """The answer so far."""
        answer = Answer() if self._inner is None else self._inner.answer()
        answer.provider = self._provider
        if self._metrics is not None and answer.input_tokens is None:
            _fill_counts(answer, lambda name: count(get(self._metrics, name)), _METRIC_NAMES)
        return answer

    def _choose(self, piece: dict[str, Any]) -> MessageStream | ConverseStream | ChatStream | _Pieces:
        if is_message_event(piece):
            return MessageStream(self._provider)
        if is_converse_event(piece):
            return ConverseStream(self._provider)
        return ChatStream(self._provider) if is_chat(piece) else _Pieces()


class _Pieces:
    """Pieces of families that stream small bodies."""

    __slots__ = ("_finish_reasons", "_text")

    def __init__(self) -> None:
        self._finish_reasons: tuple[str, ...] = ()
        self._text = TextBuffer()

    def add(self, piece: dict[str, Any]) -> bool:
        read = read_body(piece, _BEDROCK)
        self._finish_reasons = read.finish_reasons or self._finish_reasons
        if not read.text:
            return False
        self._text.add(read.text)
        return True

    def answer(self) -> Answer:
        return Answer(finish_reasons=self._finish_reasons, text=self._text.text())
