"""What a captured answer tells: id, served model, finish reason, refusal, failure, text.

Only facts leave this module; the text is looked at (is it JSON, was it asked for) and dropped. The shapes are the
response objects of the OpenAI, Anthropic and Gemini APIs, LangChain's ``LLMResult``, OpenTelemetry's
``gen_ai.output.messages``, and plain text.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from collector.any_value import as_number
from collector.dialects import FINISH_REASONS, FINISH_SEVERITY, HIDDEN_VALUES
from collector.structured import parse_structured, walk

_TEXT_KEYS = frozenset(
    (
        "ai.response.text",
        "gen_ai.completion.0.content",
        "llm.output_messages.0.message.content",
        "ai.response.object",
    )
)
_MAX_PARTS = 64
_ASKING_ROLES = ("user", "system", "developer", "tool")
"""Messages of these roles stand beside answers in some captures and are none."""
_RAW_ANSWER = re.compile(
    r"ChatCompletion\(id='([^']{1,128})', choices=\[Choice\(finish_reason='(\w{1,32})'",
)
"""How the Python text of OpenAI's answer object begins: smolagents keeps it beside the answer."""
_REFUSAL_PART = re.compile(r"""["']type["']:\s*["']refusal["']""")
_INNER = (
    "choices",
    "output",
    "candidates",
    "generations",
    "content",
    "parts",
    "message",
    "kwargs",
    "additional_kwargs",
    "provider_specific_fields",
    "response_metadata",
    "body",
    "data",
    "generation_info",
)
_USAGE_PATHS: dict[str, tuple[tuple[str | int, ...], ...]] = {
    "input_tokens": (("prompt_tokens",), ("input_tokens",)),
    "output_tokens": (("completion_tokens",), ("output_tokens",)),
    "cache_read_tokens": (
        ("prompt_tokens_details", "cached_tokens"),
        ("input_tokens_details", "cached_tokens"),
    ),
    "reasoning_tokens": (
        ("completion_tokens_details", "reasoning_tokens"),
        ("output_tokens_details", "reasoning_tokens"),
    ),
}
"""OpenAI-shaped usage only: Anthropic's raw counts exclude the cache and would need their own accounting."""


@dataclass(slots=True)
class Answer:
    """Facts read from one captured answer; empty or None where it does not tell."""

    id: str = ""
    model: str = ""
    finish: str = ""
    refused: bool = False
    failed: bool = False
    error: str = ""
    called_tool: bool = False
    usage: dict[str, float] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str | None:
        """The whole text, or None where none was captured."""
        return "".join(self.texts) if self.texts else None

    def joined(self, other: "Answer") -> "Answer":
        """This answer and what another capture of it adds. Both stay as they are: rows share equal answers."""
        both = replace(
            self,
            id=self.id or other.id,
            model=self.model or other.model,
            refused=self.refused or other.refused,
            failed=self.failed or other.failed,
            called_tool=self.called_tool or other.called_tool,
            usage={**other.usage, **self.usage},
            texts=self.texts or other.texts,
        )
        both.saw_finish(other.finish)
        return both

    def saw_finish(self, raw: Any) -> None:
        """Keep the worst finish reason."""
        word = finish_word(raw)
        if word and finish_rank(word) >= finish_rank(self.finish):
            self.finish = word


def finish_word(raw: Any) -> str:
    """A finish reason as the emitter wrote it, without a Python enum's class name; worst first of several."""
    if isinstance(raw, (list, tuple)):
        words = [finish_word(item) for item in raw[:_MAX_PARTS]]
        return max(words, key=finish_rank, default="")
    if isinstance(raw, dict):
        return finish_word(raw.get("unified") or raw.get("raw") or raw.get("reason"))
    if not isinstance(raw, str) or raw in HIDDEN_VALUES:
        return ""
    word = raw.strip()
    return word.rsplit(".", 1)[-1] if word.startswith(("FinishReason.", "StopReason.")) else word[:64]


def canonical_finish(raw: str) -> str:
    """The canonical finish reason of a raw one; ``unknown`` for anything new, empty for nothing."""
    if not raw:
        return ""
    return FINISH_REASONS.get(raw.lower().replace("-", "_"), "unknown")


def finish_rank(raw: str) -> int:
    """How bad a finish reason is."""
    return FINISH_SEVERITY.index(canonical_finish(raw))


def read_answer(key: str, value: Any) -> Answer:
    """Read the captured answer ``value`` of attribute ``key``. Never raises."""
    answer = Answer()
    if not isinstance(value, (str, dict, list)) or (isinstance(value, str) and value in HIDDEN_VALUES):
        return answer
    if key.endswith(".refusal"):
        answer.refused = bool(value)
        return answer
    if key in _TEXT_KEYS and isinstance(value, str):
        answer.texts.append(value)
        return answer
    parsed = parse_structured(value)
    if isinstance(parsed, str):
        # A structure that was cut off by a length limit is no answer text; its beginning may still tell.
        if not parsed.lstrip().startswith(("{", "[")):
            answer.texts.append(parsed)
        elif _REFUSAL_PART.search(parsed):
            answer.refused = True
        return answer
    _read(answer, parsed, 0)
    return answer


def _read(answer: Answer, value: Any, depth: int) -> None:
    if depth > 8:
        return
    if isinstance(value, list):
        for item in value[:_MAX_PARTS]:
            _read(answer, item, depth + 1)
    elif isinstance(value, dict) and value.get("role") not in _ASKING_ROLES:
        _read_identity(answer, value)
        _read_usage(answer, value)
        _read_state(answer, value)
        _read_parts(answer, value, depth)


def _read_identity(answer: Answer, value: dict[str, Any]) -> None:
    if "choices" in value or "stop_reason" in value or "output" in value or "object" in value or "embeddings" in value:
        answer.id = answer.id or _text(value.get("id"))
        answer.model = answer.model or _text(value.get("model"))
    answer.id = answer.id or _text(value.get("response_id") or value.get("responseId"))
    answer.model = answer.model or _text(value.get("model_version") or value.get("modelVersion"))
    if "finish_reason" in value or "model_provider" in value:
        answer.model = answer.model or _text(value.get("model_name"))
    raw = _RAW_ANSWER.match(_text(value.get("raw")))
    if raw:
        answer.id = answer.id or raw[1]
        answer.saw_finish(raw[2])
    llm_output = value.get("llm_output")
    if isinstance(llm_output, dict):
        answer.id = answer.id or _text(llm_output.get("id"))
        answer.model = answer.model or _text(llm_output.get("model_name"))


def _read_usage(answer: Answer, value: dict[str, Any]) -> None:
    usage = value.get("usage")
    if not isinstance(usage, dict):
        return
    for name, paths in _USAGE_PATHS.items():
        for path in paths:
            number = as_number(walk(usage, path))
            if name not in answer.usage and number == number:
                answer.usage[name] = number


def _read_state(answer: Answer, value: dict[str, Any]) -> None:
    for name in ("finish_reason", "stop_reason", "finishReason", "stopReason"):
        answer.saw_finish(value.get(name))
    if value.get("object") == "response" or "incomplete_details" in value:
        details = value.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        answer.saw_finish(reason or value.get("status"))
    if value.get("refusal"):
        answer.refused = True
    feedback = value.get("prompt_feedback") or value.get("promptFeedback")
    if isinstance(feedback, dict) and (feedback.get("block_reason") or feedback.get("blockReason")):
        answer.saw_finish("safety")
    error = value.get("error")
    if isinstance(error, dict) and (error.get("message") or error.get("code")):
        answer.failed = True
        answer.error = _text(error.get("code")) or _text(error.get("type"))


def _read_parts(answer: Answer, value: dict[str, Any], depth: int) -> None:
    kind = value.get("type")
    if kind == "refusal":
        answer.refused = True
        return
    if kind in ("tool_call", "tool_use", "function_call") or value.get("tool_calls") or value.get("functionCall"):
        answer.called_tool = True
        return
    if kind in ("reasoning", "thinking"):
        return
    text = value.get("text") if isinstance(value.get("text"), str) else None
    content = value.get("content")
    if isinstance(content, str):
        answer.texts.append(content)
    elif text is not None and "generation_info" not in value:
        answer.texts.append(text)
    for name in _INNER:
        inner = value.get(name)
        if isinstance(inner, (dict, list)):
            _read(answer, inner, depth + 1)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def is_json(text: str) -> bool:
    """Is the text one JSON document?"""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
