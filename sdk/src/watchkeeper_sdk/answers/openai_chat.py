"""Answers in the shape of OpenAI's chat completions, which Mistral, Groq, LiteLLM and many servers share.

Legacy completions and embeddings are read here too: they count their tokens under the same names.
"""

from __future__ import annotations

from typing import Any

from watchkeeper_sdk.answers.answer import Answer
from watchkeeper_sdk.answers.fields import TextBuffer, attribute, count, get, items, text_of, word, words
from watchkeeper_sdk.answers.providers import litellm_provider

_REASONING_FIELDS = ("reasoning_content", "reasoning")
"""Where servers that are not OpenAI's stream their models' reasoning."""
_MOST_CHOICES = 128


def is_chat(source: object) -> bool:
    """Has it choices?"""
    return isinstance(get(source, "choices"), list)


def is_embeddings(source: object) -> bool:
    """Vectors in ``data``, and how many tokens were embedded?"""
    return isinstance(get(source, "data"), list) and count(get(get(source, "usage"), "prompt_tokens")) is not None


def read_chat(source: object, provider: str) -> Answer:
    """Read a ``ChatCompletion``, ``Completion`` or their likes."""
    answer = Answer(provider=provider)
    identify(answer, source)
    choices = items(get(source, "choices"))
    answer.finish_reasons = words(_finish_reason(choice) for choice in choices)
    for choice in choices:
        _read_message(answer, get(choice, "message"))
    if choices:
        message = get(choices[0], "message")
        answer.text = text_of(get(choices[0], "text") if message is None else get(message, "content"))
    fill_usage(answer, get(source, "usage"))
    return answer


def read_embeddings(source: object, provider: str) -> Answer:
    """Read a ``CreateEmbeddingResponse`` or its likes."""
    answer = Answer(provider=provider)
    identify(answer, source)
    answer.input_tokens = _told(get(source, "usage"), "prompt_tokens")
    return answer


def identify(answer: Answer, source: object) -> None:
    """Fill in who answered."""
    answer.response_id = word(get(source, "id")) or answer.response_id
    answer.model = word(get(source, "model")) or answer.model
    answer.service_tier = word(get(source, "service_tier")) or answer.service_tier
    answer.system_fingerprint = word(get(source, "system_fingerprint")) or answer.system_fingerprint
    if not answer.provider:
        answer.provider = litellm_provider(source)


def fill_usage(answer: Answer, usage: object) -> None:
    """Fill in the counts: the input has the cached tokens in it, the output (almost always) the reasoning."""
    if usage is None:
        return
    read, written = get(usage, "prompt_tokens_details"), get(usage, "completion_tokens_details")
    answer.input_tokens = _told(usage, "prompt_tokens")
    answer.output_tokens = _told(usage, "completion_tokens")
    answer.cache_read_tokens = count(get(read, "cached_tokens"))
    answer.cache_write_tokens = _cache_writes(read)
    answer.reasoning_tokens = count(get(written, "reasoning_tokens"))
    answer.service_tier = answer.service_tier or word(get(usage, "service_tier"))
    _include_reasoning(answer, count(get(usage, "total_tokens")))


def _cache_writes(details: object) -> int | None:
    if details is None:
        return None
    found = count(get(details, "cache_write_tokens"))
    return count(get(details, "cache_creation_tokens")) if found is None else found


def _include_reasoning(answer: Answer, sum_of_all: int | None) -> None:
    """xAI counts reasoning beside the completion; its total gives that away."""
    given, sent, thought = answer.input_tokens, answer.output_tokens, answer.reasoning_tokens
    if given is not None and sent is not None and thought and given + sent + thought == sum_of_all:
        answer.output_tokens = sent + thought


def _told(usage: object, name: str) -> int | None:
    """A count the provider sent; Mistral's client fills in 0 for what did not come."""
    found = count(get(usage, name))
    if found == 0:
        sent = attribute(usage, "model_fields_set")
        return None if isinstance(sent, set) and name not in sent else 0
    return found


def _finish_reason(choice: object) -> object:
    """Models of other vendors behind Bedrock call it ``stop_reason``."""
    reason = get(choice, "finish_reason")
    return get(choice, "stop_reason") if reason is None and isinstance(choice, dict) else reason


def _read_message(answer: Answer, message: object) -> None:
    if message is None:
        return
    if _says(get(message, "refusal")) or any(get(part, "type") == "refusal" for part in items(get(message, "content"))):
        answer.refused = True
    if items(get(message, "tool_calls")) or get(message, "function_call") is not None:
        answer.called_tool = True


def _says(value: object) -> bool:
    return isinstance(value, str) and value != ""


class ChatStream:
    """Chunks with ``choices[].delta``, or ``choices[].text`` of legacy completions."""

    __slots__ = ("_answer", "_finish", "_text", "_usage")

    def __init__(self, provider: str) -> None:
        self._answer = Answer(provider=provider)
        self._finish: dict[int, str] = {}
        self._text = TextBuffer()
        self._usage: Any = None

    def add(self, chunk: object) -> bool:
        """Take in one chunk; does it carry content?"""
        usage = get(chunk, "usage")
        if usage is not None:
            # Some servers send running totals with every chunk: the last is the whole.
            self._usage = usage
            identify(self._answer, chunk)
        elif not self._answer.model:
            identify(self._answer, chunk)
        carries = False
        for choice in items(get(chunk, "choices")):
            if self._add_choice(choice):
                carries = True
        return carries

    def answer(self) -> Answer:
        """The answer so far."""
        self._answer.finish_reasons = tuple(self._finish[index] for index in sorted(self._finish))
        self._answer.text = self._text.text()
        fill_usage(self._answer, self._usage)
        return self._answer

    def _add_choice(self, choice: object) -> bool:
        index = get(choice, "index")
        reason = _finish_reason(choice)
        if reason is not None:
            self._finish_choice(index, reason)
        delta = get(choice, "delta")
        content = get(choice, "text") if delta is None else get(delta, "content")
        if isinstance(content, str) and content:
            if not index:
                self._text.add(content)
            return True
        return self._add_parts(content, index) or self._add_other(delta)

    def _finish_choice(self, index: object, reason: object) -> None:
        known, number = word(reason), count(index) or 0
        if known and number < _MOST_CHOICES:
            self._finish[number] = known

    def _add_parts(self, content: object, index: object) -> bool:
        """Mistral streams lists of parts where a model reasons."""
        parts = items(content)
        piece = text_of(parts) if parts else None
        if piece and not index:
            self._text.add(piece)
        return bool(piece) or any(get(part, "type") == "thinking" for part in parts)

    def _add_other(self, delta: object) -> bool:
        if delta is None:
            return False
        if _says(get(delta, "refusal")):
            self._answer.refused = True
            return True
        if items(get(delta, "tool_calls")) or get(delta, "function_call") is not None:
            self._answer.called_tool = True
            return True
        return any(_says(get(delta, name)) for name in _REASONING_FIELDS)
