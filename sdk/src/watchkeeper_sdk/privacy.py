"""What of a span may leave the process: numbers, flags and words that look like identifiers; no content.

Instrumentations differ in what they write by default. So nothing is trusted by where it comes from: texts with the
look of prose are left out under every key, content keys lose their texts whatever they look like, and JSON keeps its
skeleton (finish reasons, types, token counts), from which the platform reads how a call ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from watchkeeper_sdk import semconv
from watchkeeper_sdk._safety import swallowed
from watchkeeper_sdk.call_context import hashed_user
from watchkeeper_sdk.configuration import Redact
from watchkeeper_sdk.failure_words import failure_words
from watchkeeper_sdk.json_skeleton import parameters, reduced, skeleton

if TYPE_CHECKING:
    from opentelemetry.util.types import AttributeValue

USER_KEYS = frozenset(
    (
        "user.id",
        "enduser.id",
        "gen_ai.request.user",
        "llm.user",
        "ai.telemetry.metadata.userId",
        "litellm.end_user.id",
        "langfuse.user.id",
    )
)
_SECRET = re.compile(
    r"header|authoriz|cookie|secret|passw|credential|api[_-]?key|access[_-]?token|command", re.IGNORECASE
)
_CONTENT = re.compile(
    r"messages?$|\.message\.|content|\.text$|\.object$|(^|[._:])(input|output|prompts?|completions?)$|[._](input|output)\.value$|"
    r"^(input|output)\.value$|^gen_ai\.(prompt|completion)\.\d|\.refusal$|arguments?$|\.result$|\.args$|system_instruction|"
    r"tool(s|call|calls|_calls)?([._]|$)|function|description|template|variable|documents?|query|statement|explanation|"
    r"embedding\.(text|vector|embeddings)|ai\.(values|value|embedding)|reasoning$|thinking$|request_data|response_data|"
    r"llm_re(quest|sponse)|stack|^events$|prompt_variables|schema$|schema\.",
    re.IGNORECASE,
)
_FREE = frozenset(
    (
        "gen_ai.agent.name",
        "gen_ai.evaluation.name",
        "gen_ai.evaluation.score.label",
        "gen_ai.workflow.name",
        "gen_ai.prompt.name",
        "gen_ai.prompt.version",
        "gen_ai.tool.name",
        "logfire.msg_template",
    )
)
"""Names that people give, and that may be several words."""
_PLAIN = frozenset(
    ("anthropic.message.stop_reason", "langfuse.observation.completion_start_time", "code.function.name")
)
"""Keys that look like content and hold none."""
_PARAMETERS = re.compile(
    r"invocation_param|model\.parameters$|model_request_parameters$|request_data$|usage_details$|cost_details$"
)
_FREE_PREFIX = "watchkeeper."
_HASH = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"[^\n]{1,120}")
_IDENTIFIER = re.compile(r"[^\s{}\[\]\"']{1,256}")
_MAX_TEXT = 256

_MESSAGE_KEYS = (
    "exception.message",
    "error.message",
    "langfuse.observation.status_message",
    "mistral_ai.error.message",
)


@dataclass(frozen=True)
class Privacy:
    """The rules of one process; ``redact`` applies where content is captured."""

    capture_content: bool = False
    redact: Redact | None = None

    def attributes(self, given: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
        """What may be sent of a span's or an event's attributes."""
        kept: dict[str, AttributeValue] = {}
        for key, value in given.items():
            if key in USER_KEYS:
                user = hashed_user(value)
                if user is not None:
                    kept.setdefault(semconv.USER_HASH, user)
                continue
            allowed = self._value(key, value)
            if allowed is not None:
                kept[key] = allowed
        return kept

    def failure(self, message: str | None) -> str | None:
        """An error text reduced to the words that tell its kind: providers quote prompts in their errors."""
        if not message or self.capture_content:
            return self._redacted("error.message", message) if message else message
        return failure_words(message)

    def _value(self, key: str, value: AttributeValue) -> AttributeValue | None:
        if isinstance(value, (bool, int, float)):
            return None if _kind(key) == "secret" else value
        kind = _kind(key)
        if kind == "secret" or (key == semconv.USER_HASH and not _HASH.fullmatch(str(value))):
            return None
        if self.capture_content:
            return self._captured(key, value)
        if isinstance(value, str):
            return self.failure(value) if key in _MESSAGE_KEYS else _text(key, value, kind)
        if kind == "content" or not isinstance(value, (tuple, list)):
            return None
        return _sequence(key, value)

    def _captured(self, key: str, value: AttributeValue) -> AttributeValue | None:
        if self.redact is None:
            return value
        if isinstance(value, str):
            return self._redacted(key, value)
        return value if isinstance(value, (bool, int, float)) else self._captured_parts(key, value)

    def _captured_parts(self, key: str, value: Any) -> Any:
        """Of lists and mappings, which newer instrumentations nest, each text."""
        if isinstance(value, (tuple, list)):
            kept = [self._captured(key, one) for one in value]
            return ["" if one is None else one for one in kept]
        if isinstance(value, Mapping):
            return {name: self._captured(key, one) for name, one in value.items()}
        return None

    def _redacted(self, key: str, text: str) -> str | None:
        if self.redact is None:
            return text
        try:
            return str(self.redact(key, text))
        except Exception as error:  # noqa: BLE001  the application's hook; without its leave nothing is sent
            swallowed("the redaction hook", error)
            return None


_kinds: dict[str, str] = {}


def _kind(key: str) -> str:
    """``content``, ``secret``, ``free``, ``name`` or ``plain``; remembered for the keys seen (bounded)."""
    kind = _kinds.get(key)
    if kind is None:
        kind = _kind_of(key)
        if len(_kinds) < 4_096:
            _kinds[key] = kind
    return kind


def _kind_of(key: str) -> str:
    if key in _FREE or key.startswith(_FREE_PREFIX):
        return "free"
    if _SECRET.search(key):
        return "secret"
    if key in _PLAIN or key.endswith(("finish_reason", "finish_reasons", ".role", "mime_type")):
        return "plain"
    if _PARAMETERS.search(key):
        return "parameters"
    if key.endswith("functionId"):
        return "name"
    if _CONTENT.search(key):
        return "content"
    return "name" if key.endswith((".name", ".key", "functionId", ".framework", ".system")) else "plain"


def _text(key: str, value: str, kind: str) -> str | None:
    if kind == "free":
        return value[:_MAX_TEXT]
    if value[:1] in ("{", "["):
        return reduced(key, value, parameters if kind == "parameters" else skeleton)
    if value[:1] == '"' and kind != "content":
        value = value.strip('"')
    if kind == "content":
        return None
    return value if (_NAME if kind == "name" else _IDENTIFIER).fullmatch(value) else None


def _sequence(key: str, values: Iterable[Any]) -> AttributeValue | None:
    kept = [
        one
        for one in values
        if isinstance(one, (bool, int, float)) or (isinstance(one, str) and _text(key, one, "plain") == one)
    ]
    return kept or None
