"""Answers of Amazon Bedrock's Converse, and of Nova models, which answer InvokeModel in the same shape."""

from __future__ import annotations

from typing import Any

from watchkeeper_sdk.answers.answer import Answer
from watchkeeper_sdk.answers.fields import TextBuffer, count, get, items, text_of, total, word, words

_EVENTS = ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata")


def is_converse(source: object) -> bool:
    """A stop reason and one message?"""
    return isinstance(get(source, "stopReason"), str) and get(get(source, "output"), "message") is not None


def is_converse_event(chunk: object) -> bool:
    """Any event of ConverseStream?"""
    return isinstance(chunk, dict) and any(name in chunk for name in _EVENTS)


def read_converse(source: object, provider: str) -> Answer:
    """Read the dict that ``converse`` returns."""
    content = items(get(get(get(source, "output"), "message"), "content"))
    answer = Answer(provider=provider or "aws.bedrock", text=text_of(content))
    answer.called_tool = any(get(block, "toolUse") is not None for block in content)
    _stop(answer, get(source, "stopReason"))
    _describe(answer, source)
    return answer


def _stop(answer: Answer, reason: object) -> None:
    answer.finish_reasons = words((reason,))
    answer.refused = answer.finish_reasons == ("refusal",)


def _describe(answer: Answer, source: object) -> None:
    """Fill in counts and tier. The input leaves out cached tokens; only a prompt router names the model."""
    usage = get(source, "usage")
    read = _cached(usage, "cacheReadInputToken")
    written = _cached(usage, "cacheWriteInputToken")
    answer.input_tokens = total(count(get(usage, "inputTokens")), read, written)
    answer.output_tokens = count(get(usage, "outputTokens"))
    answer.cache_read_tokens, answer.cache_write_tokens = read, written
    answer.service_tier = word(get(get(source, "serviceTier"), "type"))
    routed = get(get(get(source, "trace"), "promptRouter"), "invokedModelId")
    answer.model = word(routed).rpartition("/")[2]


def _cached(usage: object, stem: str) -> int | None:
    """Converse says ``…Tokens``, Nova's own body ``…TokenCount``."""
    found = count(get(usage, stem + "s"))
    return count(get(usage, stem + "Count")) if found is None else found


class ConverseStream:
    """Events of ``converse_stream``."""

    __slots__ = ("_called_tool", "_metadata", "_provider", "_stop_reason", "_text")

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._metadata: Any = None
        self._stop_reason: Any = None
        self._text = TextBuffer()
        self._called_tool = False

    def add(self, chunk: object) -> bool:
        """Take in one event; does it carry content?"""
        block = get(chunk, "contentBlockDelta")
        if block is not None:
            return self._add_delta(get(block, "delta"))
        start = get(chunk, "contentBlockStart")
        if start is not None:
            return self._note_tool(get(start, "start"))
        stop, metadata = get(chunk, "messageStop"), get(chunk, "metadata")
        self._stop_reason = get(stop, "stopReason") or self._stop_reason
        self._metadata = self._metadata if metadata is None else metadata
        return False

    def answer(self) -> Answer:
        """The answer so far."""
        answer = Answer(provider=self._provider or "aws.bedrock", text=self._text.text())
        answer.called_tool = self._called_tool
        _stop(answer, self._stop_reason)
        _describe(answer, self._metadata)
        return answer

    def _add_delta(self, delta: object) -> bool:
        text = get(delta, "text")
        if isinstance(text, str) and text:
            self._text.add(text)
            return True
        return self._note_tool(delta) or get(delta, "reasoningContent") is not None

    def _note_tool(self, part: object) -> bool:
        if get(part, "toolUse") is None:
            return False
        self._called_tool = True
        return True
