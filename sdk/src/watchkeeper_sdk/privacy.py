"""What of a span may leave the process: numbers, flags and words that look like identifiers; no content.

Instrumentations differ in what they write by default. So nothing is trusted by where it comes from: texts with the
look of prose are left out under every key, content keys lose their texts whatever they look like, and JSON keeps its
skeleton (finish reasons, types, token counts), from which the platform reads how a call ended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from watchkeeper_sdk import plain_words, semconv
from watchkeeper_sdk._safety import swallowed
from watchkeeper_sdk.attribute_keys import Kind, kind_of
from watchkeeper_sdk.call_context import hashed_user
from watchkeeper_sdk.configuration import Redact
from watchkeeper_sdk.failure_words import failure_words
from watchkeeper_sdk.json_skeleton import counts, parameters, reduced, skeleton

if TYPE_CHECKING:
    from opentelemetry.util.types import AttributeValue

_HASH = re.compile(r"[0-9a-f]{32}")
_MAX_TEXT = 256
_NUMBERLESS = frozenset((Kind.SECRET, Kind.CONTENT))
_RATED = frozenset((semconv.EVALUATION_NAME, semconv.EVALUATION_LABEL))
_WORDS: Mapping[Kind, Callable[[str], str | None]] = {
    Kind.PLAIN: plain_words.identifier,
    Kind.NAME: plain_words.name,
    Kind.LABEL: plain_words.label,
    Kind.TEMPLATE: plain_words.span_name,
    Kind.ADDRESS: plain_words.address,
    Kind.PARAMETERS: plain_words.identifier,
    Kind.COUNTS: plain_words.identifier,
}


@dataclass(frozen=True)
class Privacy:
    """The rules of one process; ``redact`` applies where content is captured."""

    capture_content: bool = False
    redact: Redact | None = None

    def attributes(self, given: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
        """What may be sent of a span's or an event's attributes."""
        kept: dict[str, AttributeValue] = {}
        is_own_rating = semconv.SCORE_SOURCE in given
        for key, value in given.items():
            kind = Kind.FREE if is_own_rating and key in _RATED else kind_of(key)
            if kind is Kind.USER:
                user = hashed_user(value)
                if user is not None:
                    kept.setdefault(semconv.USER_HASH, user)
                continue
            allowed = self._value(key, value, kind)
            if allowed is not None:
                kept[key] = allowed
        return kept

    def span_name(self, name: str, operation: object = None) -> str:
        """A span's name without prose; ``operation`` stands in where nothing is left of it."""
        if self.capture_content:
            return self._redacted("span.name", name) or plain_words.span_name("", operation)
        return plain_words.span_name(name, operation)

    def event_name(self, name: str) -> str | None:
        """An event's name; null where it is not one word, and the event is left out."""
        return self._redacted("event.name", name) if self.capture_content else plain_words.event_name(name)

    def failure(self, message: str | None) -> str | None:
        """An error text reduced to the words that tell its kind: providers quote prompts in their errors."""
        if not message or self.capture_content:
            return self._redacted("error.message", message) if message else message
        return failure_words(message)

    def _value(self, key: str, value: AttributeValue, kind: Kind) -> AttributeValue | None:
        if kind is Kind.SECRET or (key == semconv.USER_HASH and not _HASH.fullmatch(str(value))):
            return None
        if isinstance(value, (bool, int, float)):
            return value if self.capture_content or kind not in _NUMBERLESS else None
        if kind is Kind.TOKEN:
            return None
        if self.capture_content and kind is not Kind.ADDRESS:
            return self._captured(key, value)
        if isinstance(value, str):
            return self.failure(value) if kind is Kind.FAILURE else _text(key, value, kind)
        if kind in (Kind.CONTENT, Kind.COUNTED_CONTENT, Kind.FAILURE) or not isinstance(value, (tuple, list)):
            return None
        return _sequence(value)

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


def _text(key: str, value: str, kind: Kind) -> str | None:
    if kind is Kind.FREE:
        return value[:_MAX_TEXT]
    if value[:1] in ("{", "["):
        return reduced(key, value, {Kind.PARAMETERS: parameters, Kind.COUNTS: counts}.get(kind, skeleton))
    allowed = _WORDS.get(kind)
    return allowed(value.strip('"') if value[:1] == '"' else value) if allowed else None


def _sequence(values: Iterable[Any]) -> AttributeValue | None:
    kept = [plain_words.identifier(one) if isinstance(one, str) else one for one in values]
    return [one for one in kept if isinstance(one, (str, bool, int, float))] or None
