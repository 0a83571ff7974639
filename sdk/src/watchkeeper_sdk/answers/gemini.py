"""Answers of Google's Gemini models, from the Gemini API or Vertex AI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from watchkeeper_sdk.answers.answer import Answer
from watchkeeper_sdk.answers.fields import TextBuffer, count, either, get, items, total, word, words

_CALLS = (("function_call", "functionCall"), ("executable_code", "executableCode"), ("tool_call", "toolCall"))
_BLOCKED = "content_filter"
"""Finish reason of an answer that has no candidate because the prompt was blocked, whatever the block reason."""


def is_generated(source: object) -> bool:
    """Candidates, or the reason why there are none, or at least their counts?"""
    if isinstance(get(source, "candidates"), list) or _block_reason(source):
        return True
    usage = either(source, "usage_metadata", "usageMetadata")
    return count(either(usage, "total_token_count", "totalTokenCount")) is not None


def is_embedded(source: object) -> bool:
    """A list of vectors with ``values``?"""
    vectors = get(source, "embeddings")
    return isinstance(vectors, list) and bool(vectors) and isinstance(get(vectors[0], "values"), list)


def read_generated(source: object, provider: str) -> Answer:
    """Read a ``GenerateContentResponse``."""
    answer = Answer(provider=provider or "gcp.gemini")
    identify(answer, source)
    candidates = items(get(source, "candidates"))
    answer.finish_reasons = words(either(candidate, "finish_reason", "finishReason") for candidate in candidates)
    if not candidates and _block_reason(source):
        answer.finish_reasons = (_BLOCKED,)
    parts = _parts(candidates[0]) if candidates else ()
    said = [get(part, "text") for part in parts if not get(part, "thought")]
    texts = [text for text in said if isinstance(text, str)]
    answer.text = "".join(texts) if texts else None
    answer.called_tool = any(_is_call(part) for candidate in candidates for part in _parts(candidate))
    _fill_usage(answer, either(source, "usage_metadata", "usageMetadata"))
    return answer


def read_embedded(source: object, provider: str) -> Answer:
    """Read an ``EmbedContentResponse``; Vertex AI counts the tokens of each text, the Gemini API all at once."""
    usage = either(source, "usage_metadata", "usageMetadata")
    counted = count(either(usage, "prompt_token_count", "promptTokenCount"))
    if counted is None:
        statistics = (get(vector, "statistics") for vector in items(get(source, "embeddings")))
        counts = [count(either(each, "token_count", "tokenCount")) for each in statistics]
        counted = total(*counts) if None not in counts else None
    return Answer(provider=provider or "gcp.gemini", input_tokens=counted)


def identify(answer: Answer, source: object) -> None:
    """Fill in who answered."""
    answer.model = word(either(source, "model_version", "modelVersion")) or answer.model
    answer.response_id = word(either(source, "response_id", "responseId")) or answer.response_id


def _block_reason(source: object) -> str:
    return word(either(either(source, "prompt_feedback", "promptFeedback"), "block_reason", "blockReason"))


def _parts(candidate: object) -> Sequence[Any]:
    return items(get(get(candidate, "content"), "parts"))


def _is_call(part: object) -> bool:
    return any(either(part, name, in_json) is not None for name, in_json in _CALLS)


def _fill_usage(answer: Answer, usage: object) -> None:
    """Fill in the counts: results of tools count beside the prompt, thoughts beside the candidates."""
    if usage is None:
        return
    thoughts = count(either(usage, "thoughts_token_count", "thoughtsTokenCount"))
    prompt = count(either(usage, "prompt_token_count", "promptTokenCount"))
    candidates = count(either(usage, "candidates_token_count", "candidatesTokenCount"))
    answer.input_tokens = total(prompt, count(either(usage, "tool_use_prompt_token_count", "toolUsePromptTokenCount")))
    answer.output_tokens = thoughts if candidates is None else total(candidates, thoughts)
    answer.cache_read_tokens = count(either(usage, "cached_content_token_count", "cachedContentTokenCount"))
    answer.reasoning_tokens = thoughts
    answer.service_tier = word(either(usage, "traffic_type", "trafficType"))
    if answer.service_tier and answer.provider == "gcp.gemini":
        answer.provider = "gcp.vertex_ai"  # the Gemini API has no traffic types


class GeminiStream:
    """Chunks are responses themselves; the last counts hold."""

    __slots__ = ("_answer", "_blocked", "_finish", "_text", "_usage")

    def __init__(self, provider: str) -> None:
        self._answer = Answer(provider=provider or "gcp.gemini")
        self._text = TextBuffer()
        self._usage: Any = None
        self._finish = ""
        self._blocked = False

    def add(self, chunk: object) -> bool:
        """Take in one chunk; does it carry content?"""
        usage = either(chunk, "usage_metadata", "usageMetadata")
        if usage is not None:
            self._usage = usage
        if not self._answer.response_id:
            identify(self._answer, chunk)
        candidates = items(get(chunk, "candidates"))
        if candidates:
            return self._add_candidate(candidates[0])
        self._blocked = self._blocked or _block_reason(chunk) != ""
        return False

    def answer(self) -> Answer:
        """The answer so far."""
        finish = self._finish or (_BLOCKED if self._blocked else "")
        self._answer.finish_reasons = (finish,) if finish else ()
        self._answer.text = self._text.text()
        _fill_usage(self._answer, self._usage)
        return self._answer

    def _add_candidate(self, candidate: object) -> bool:
        self._finish = word(either(candidate, "finish_reason", "finishReason")) or self._finish
        carries = False
        for part in _parts(candidate):
            if self._add_part(part):
                carries = True
        return carries

    def _add_part(self, part: object) -> bool:
        text = get(part, "text")
        if isinstance(text, str) and text:
            if not get(part, "thought"):
                self._text.add(text)
            return True
        if _is_call(part):
            self._answer.called_tool = True
            return True
        return either(part, "inline_data", "inlineData") is not None
