"""LangChain's ``AIMessage`` and its chunks, whatever provider is behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from watchkeeper_sdk.answers import openai_chat
from watchkeeper_sdk.answers.answer import Answer
from watchkeeper_sdk.answers.fields import TextBuffer, count, get, items, text_of, word, words
from watchkeeper_sdk.answers.providers import provider_of

_TYPES = ("ai", "AIMessageChunk")
_FINISH_KEYS = ("finish_reason", "stop_reason", "stopReason", "done_reason", "status")
_MODEL_KEYS = ("model_name", "model", "model_id")
_RUN_IDS = ("run-", "lc_")
"""Beginnings of ids that LangChain itself gives to messages."""
_WRITES = ("cache_creation", "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
"""Where tokens written to a cache are counted; the parts by lifetime replace the whole."""
_COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")


def is_ai_message(source: object) -> bool:
    """A model's message, or a chunk of one, with the metadata LangChain adds?"""
    return isinstance(get(source, "response_metadata"), dict) and word(get(source, "type")) in _TYPES


def read_ai_message(source: object, provider: str) -> Answer:
    """Read an ``AIMessage``."""
    answer = Answer(provider=provider)
    metadata = get(source, "response_metadata")
    _describe(answer, metadata, get(source, "id"))
    answer.finish_reasons = _finish_reasons(metadata)
    answer.text = text_of(get(source, "content"))
    answer.refused = _is_refusal(source) or answer.finish_reasons == ("refusal",)
    answer.called_tool = bool(items(get(source, "tool_calls")) or items(get(source, "invalid_tool_calls")))
    usage = get(source, "usage_metadata")
    if usage is None:
        openai_chat.fill_usage(answer, get(metadata, "token_usage"))
    else:
        _fill_usage(answer, usage)
    _drop_made_up(answer)
    return answer


def _describe(answer: Answer, metadata: object, message_id: object) -> None:
    """Fill in who answered, as far as this message or chunk tells."""
    answer.provider = answer.provider or provider_of(get(metadata, "model_provider"))
    answer.model = answer.model or next(iter(words(get(metadata, key) for key in _MODEL_KEYS)), "")
    own = word(message_id)
    own = "" if own.startswith(_RUN_IDS) else own
    answer.response_id = word(get(metadata, "id")) or answer.response_id or own
    tier = word(get(metadata, "service_tier")) or word(get(get(metadata, "usage"), "service_tier"))
    answer.service_tier = tier or answer.service_tier
    answer.system_fingerprint = word(get(metadata, "system_fingerprint")) or answer.system_fingerprint


def _finish_reasons(metadata: object) -> tuple[str, ...]:
    detail = words((get(get(metadata, "incomplete_details"), "reason"),))
    found = detail or words(get(metadata, key) for key in _FINISH_KEYS)[:1]
    blocked = get(get(metadata, "prompt_feedback"), "block_reason")
    return ("content_filter",) if blocked and not found else found


def _is_refusal(message: object) -> bool:
    if get(get(message, "additional_kwargs"), "refusal"):
        return True
    return any(get(part, "type") == "refusal" for part in items(get(message, "content")))


def _fill_usage(answer: Answer, usage: object) -> None:
    """Fill in the counts; LangChain's sums include every part, and are 0 where the provider told nothing."""
    read, written = get(usage, "input_token_details"), get(usage, "output_token_details")
    answer.input_tokens = count(get(usage, "input_tokens"))
    answer.output_tokens = count(get(usage, "output_tokens"))
    answer.cache_read_tokens = _detail(read, "cache_read")
    answer.cache_write_tokens = _detail(read, *_WRITES)
    answer.reasoning_tokens = _detail(written, "reasoning")


def _drop_made_up(answer: Answer) -> None:
    """No call has an empty input: a 0 there stands for unknown, and so does one beside it."""
    if answer.input_tokens == 0:
        answer.input_tokens = None
        answer.output_tokens = answer.output_tokens or None


def _detail(details: object, *names: str) -> int | None:
    """Sum of the details of these names, which OpenAI's tiers prefix: ``flex_cache_read``."""
    if not isinstance(details, dict):
        return None
    prefixed = tuple("_" + name for name in names)
    counts = [
        count(value)
        for key, value in details.items()
        if isinstance(key, str) and (key in names or key.endswith(prefixed))
    ]
    known = [each for each in counts if each is not None]
    return sum(known) if known else None


class AIMessageStream:
    """``AIMessageChunk`` after ``AIMessageChunk``, whose counts add up."""

    __slots__ = ("_answer", "_metadata", "_refused", "_text")

    def __init__(self, provider: str) -> None:
        self._answer = Answer(provider=provider)
        self._metadata: Any = None
        self._text = TextBuffer()
        self._refused = False

    def add(self, chunk: object) -> bool:
        """Take in one chunk; does it carry content?"""
        metadata = get(chunk, "response_metadata")
        if metadata != self._metadata:
            self._metadata = metadata
            _describe(self._answer, metadata, get(chunk, "id"))
            self._answer.finish_reasons = _finish_reasons(metadata) or self._answer.finish_reasons
        usage = get(chunk, "usage_metadata")
        if usage is not None:
            self._add_usage(usage)
        content = get(chunk, "content")
        if isinstance(content, str) and content:
            self._text.add(content)
            return True
        return self._add_parts(chunk, content)

    def answer(self) -> Answer:
        """The answer so far."""
        answer = replace(self._answer, text=self._text.text())
        answer.refused = self._refused or answer.finish_reasons == ("refusal",)
        _drop_made_up(answer)
        return answer

    def _add_usage(self, usage: object) -> None:
        more = Answer()
        _fill_usage(more, usage)
        for name in _COUNTS:
            found: int | None = getattr(more, name)
            if found is not None:
                setattr(self._answer, name, found + (getattr(self._answer, name) or 0))

    def _add_parts(self, chunk: object, content: Any) -> bool:
        parts = items(content)
        piece = text_of(parts) if parts else None
        if piece:
            self._text.add(piece)
        called, refused = bool(items(get(chunk, "tool_call_chunks"))), _is_refusal(chunk)
        self._answer.called_tool = self._answer.called_tool or called
        self._refused = self._refused or refused
        return bool(piece) or called or refused or _is_reasoning(chunk, parts)


def _is_reasoning(chunk: object, parts: Any) -> bool:
    if get(get(chunk, "additional_kwargs"), "reasoning_content"):
        return True
    return any(get(part, "type") in ("thinking", "reasoning", "reasoning_content") for part in parts)
