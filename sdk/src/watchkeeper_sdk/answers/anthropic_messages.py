"""Answers of Anthropic's Messages API, also as Bedrock and Vertex AI pass them on."""

from __future__ import annotations

from typing import Any

from watchkeeper_sdk.answers.answer import Answer
from watchkeeper_sdk.answers.fields import TextBuffer, count, get, items, text_of, total, word, words

_HOSTS = (("msg_bdrk_", "aws.bedrock"), ("msg_vrtx_", "gcp.vertex_ai"))
"""Beginnings of response ids tell who served the model."""

_EVENTS = (
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "ping",
)


def is_message(source: object) -> bool:
    """A message with a stop reason and Anthropic's counts?"""
    return word(get(source, "type")) == "message" and isinstance(get(source, "content"), list)


def is_message_event(chunk: object) -> bool:
    """Any event of a streamed message?"""
    return word(get(chunk, "type")) in _EVENTS


def read_message(source: object, provider: str) -> Answer:
    """Read a ``Message`` or ``BetaMessage``."""
    answer = Answer()
    _identify(answer, source, provider)
    _stop(answer, get(source, "stop_reason"))
    content = items(get(source, "content"))
    answer.text = text_of(content)
    answer.called_tool = any(is_tool_use(block) for block in content)
    fill_usage(answer, (get(source, "usage"),))
    return answer


def is_tool_use(block: object) -> bool:
    """Is the block a call of the application's, the server's or an MCP server's tool?"""
    return word(get(block, "type")).endswith("tool_use")


def fill_usage(answer: Answer, usages: tuple[object, ...]) -> None:
    """Fill in the counts, each from the first of ``usages`` that tells it. The input leaves out cached tokens."""
    read = _first(usages, "cache_read_input_tokens")
    written = _first(usages, "cache_creation_input_tokens")
    answer.input_tokens = total(_first(usages, "input_tokens"), read, written)
    answer.output_tokens = _first(usages, "output_tokens")
    answer.cache_read_tokens = read
    answer.cache_write_tokens = written
    answer.reasoning_tokens = _first([get(usage, "output_tokens_details") for usage in usages], "thinking_tokens")
    answer.service_tier = next(iter(words(get(usage, "service_tier") for usage in usages)), "")


def _first(usages: Any, name: str) -> int | None:
    for usage in usages:
        found = count(get(usage, name))
        if found is not None:
            return found
    return None


def _identify(answer: Answer, message: object, provider: str) -> None:
    answer.model = word(get(message, "model"))
    answer.response_id = word(get(message, "id"))
    hosts = (host for prefix, host in _HOSTS if answer.response_id.startswith(prefix))
    answer.provider = next(hosts, provider or "anthropic")


def _stop(answer: Answer, reason: object) -> None:
    answer.finish_reasons = words((reason,))
    answer.refused = answer.finish_reasons == ("refusal",)


class MessageStream:
    """Raw events, among which the client's stream helpers mix their own: those repeat and are passed over."""

    __slots__ = ("_called_tool", "_failed", "_final", "_message", "_provider", "_stop_reason", "_text")

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._message: Any = None
        self._final: Any = None
        self._stop_reason: Any = None
        self._text = TextBuffer()
        self._called_tool = self._failed = False

    def add(self, chunk: object) -> bool:
        """Take in one event; does it carry content?"""
        kind = get(chunk, "type")
        if kind == "content_block_delta":
            return self._add_delta(get(chunk, "delta"))
        if kind == "content_block_start":
            return self._add_block(get(chunk, "content_block"))
        if kind == "message_start":
            self._message = get(chunk, "message")
        elif kind == "message_delta":
            self._final = get(chunk, "usage")
            self._stop_reason = get(get(chunk, "delta"), "stop_reason")
        elif kind == "error":
            self._failed = True
        return False

    def answer(self) -> Answer:
        """The answer so far; its output is not counted before the end, where the first event only guesses."""
        answer = Answer()
        _identify(answer, self._message, self._provider)
        _stop(answer, "error" if self._failed else self._stop_reason)
        answer.text = self._text.text()
        answer.called_tool = self._called_tool
        fill_usage(answer, (self._final, get(self._message, "usage")))
        if self._final is None:
            answer.output_tokens = answer.reasoning_tokens = None
        return answer

    def _add_delta(self, delta: object) -> bool:
        kind = word(get(delta, "type"))
        if kind == "text_delta":
            text = get(delta, "text")
            if not isinstance(text, str) or not text:
                return False
            self._text.add(text)
            return True
        return kind in ("input_json_delta", "thinking_delta")

    def _add_block(self, block: object) -> bool:
        if is_tool_use(block):
            self._called_tool = True
            return True
        text = get(block, "text")
        if isinstance(text, str) and text:
            self._text.add(text)
            return True
        return word(get(block, "type")) == "redacted_thinking"
