"""Answers of OpenAI's Responses API."""

from __future__ import annotations

from typing import Any

from watchkeeper_sdk.answers.answer import Answer
from watchkeeper_sdk.answers.fields import TextBuffer, count, get, items, text_of, word

_UNFINISHED = ("", "in_progress", "queued")
_TOOL_DELTAS = frozenset(
    f"response.{name}.delta"
    for name in (
        "function_call_arguments",
        "custom_tool_call_input",
        "mcp_call_arguments",
        "code_interpreter_call_code",
    )
)


def is_response(source: object) -> bool:
    """Output items and a status?"""
    return isinstance(get(source, "output"), list) and (
        word(get(source, "object")) == "response" or word(get(source, "status")) != ""
    )


def read_response(source: object, provider: str) -> Answer:
    """Read a ``Response``."""
    answer = Answer(
        provider=provider or "openai",
        model=word(get(source, "model")),
        response_id=word(get(source, "id")),
        service_tier=word(get(source, "service_tier")),
        finish_reasons=_finish_reasons(source),
    )
    _read_output(answer, items(get(source, "output")))
    _fill_usage(answer, get(source, "usage"))
    return answer


def _finish_reasons(source: object) -> tuple[str, ...]:
    """Why it is incomplete, else its status; none while it is not finished."""
    status = word(get(source, "status"))
    if status in _UNFINISHED:
        return ()
    reason = word(get(get(source, "incomplete_details"), "reason"))
    return (reason or status,)


def _read_output(answer: Answer, output: Any) -> None:
    texts = []
    for item in output:
        content = items(get(item, "content"))
        if get(item, "type") == "message":
            texts.append(text_of(content))
            answer.refused = answer.refused or any(get(part, "type") == "refusal" for part in content)
        elif _is_tool_call(item):
            answer.called_tool = True
    said = [text for text in texts if text is not None]
    answer.text = "".join(said) if said else None


def _is_tool_call(item: object) -> bool:
    return word(get(item, "type")).endswith("_call")


def _fill_usage(answer: Answer, usage: object) -> None:
    if usage is None:
        return
    details = get(usage, "input_tokens_details")
    answer.input_tokens = count(get(usage, "input_tokens"))
    answer.output_tokens = count(get(usage, "output_tokens"))
    answer.cache_read_tokens = count(get(details, "cached_tokens"))
    answer.cache_write_tokens = count(get(details, "cache_write_tokens"))
    answer.reasoning_tokens = count(get(get(usage, "output_tokens_details"), "reasoning_tokens"))


class ResponsesStream:
    """Events of type ``response.…``. The one that ends the stream repeats the whole response."""

    __slots__ = ("_called_tool", "_failed", "_provider", "_refused", "_response", "_text")

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._response: Any = None
        self._text = TextBuffer()
        self._refused = self._called_tool = self._failed = False

    def add(self, chunk: object) -> bool:
        """Take in one event; does it carry content?"""
        kind = get(chunk, "type")
        if kind == "response.output_text.delta":
            return self._add_text(get(chunk, "delta"))
        if not isinstance(kind, str):
            return False
        if kind.endswith(".delta"):
            return self._add_delta(kind)
        return self._add_event(kind, chunk)

    def answer(self) -> Answer:
        """The answer so far."""
        answer = read_response(self._response, self._provider)
        answer.refused = answer.refused or self._refused
        answer.called_tool = answer.called_tool or self._called_tool
        if answer.text is None or self._text.overflowed:
            answer.text = self._text.text()
        if self._failed and not answer.finish_reasons:
            answer.finish_reasons = ("error",)
        return answer

    def _add_text(self, delta: object) -> bool:
        if isinstance(delta, str) and delta:
            self._text.add(delta)
            return True
        return False

    def _add_delta(self, kind: str) -> bool:
        if kind == "response.refusal.delta":
            self._refused = True
        elif kind in _TOOL_DELTAS:
            self._called_tool = True
        return True

    def _add_event(self, kind: str, chunk: object) -> bool:
        response = get(chunk, "response")
        if response is not None:
            self._response = response
        elif kind == "response.output_item.added" and _is_tool_call(get(chunk, "item")):
            self._called_tool = True
            return True
        elif kind == "error":
            self._failed = True
        return False
