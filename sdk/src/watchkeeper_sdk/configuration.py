"""What :func:`watchkeeper_sdk.init` was told, by argument or environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, fields
from typing import Any

from watchkeeper_sdk._safety import is_strict, say
from watchkeeper_sdk.environment import PREFIX

Redact = Callable[[str, str], str]
"""``redact(key, text)`` gives the text that may leave the process."""

VARIANTS = ("primary", "shadow", "canary", "control")

_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")


@dataclass(frozen=True)
class Configuration:
    """Every field is an argument of ``init`` and, but for ``redact``, a variable ``WATCHKEEPER_<IN CAPITALS>``."""

    service: str = ""
    """Service name; ``OTEL_SERVICE_NAME`` otherwise."""
    service_version: str = ""
    """Version of the service."""
    environment: str = ""
    """Deployment environment, e.g. ``production``."""
    route: str = ""
    """Workload of calls that name none themselves."""
    tenant: str = ""
    """Customer or team of calls that name none themselves."""
    variant: str = ""
    """``primary``, ``shadow``, ``canary`` or ``control``, of calls that name none themselves."""
    region: str = ""
    """Cloud region of the service."""
    kafka: str = ""
    """Bootstrap servers, comma-separated; empty: OTLP/HTTP."""
    endpoint: str = ""
    """OTLP/HTTP base address; ``OTEL_EXPORTER_OTLP_ENDPOINT`` otherwise."""
    instrument: bool | Collection[str] = True
    """Switch on installed instrumentations: all, none, or these libraries."""
    check_answers: bool = True
    """Look at answers of known clients in the process, for refusals and broken JSON; nothing of them leaves it."""
    refusal_phrases: bool = False
    """Also mark refusals that are only worded as such."""
    capture_content: bool = False
    """Send prompts and answers."""
    redact: Redact | None = field(default=None, repr=False)
    """Applied to every text when ``capture_content`` is on."""
    user_hash_salt: str = field(default="", repr=False)
    """Key of the hash that replaces user ids; without it they are not sent."""
    export_all: bool = False
    """Send the spans that are no LLM spans, too."""
    queue_size: int = 4_096
    """Most calls waiting to be sent; the oldest is dropped."""
    flush_s: float = 5.0
    """Longest wait at exit for what is still queued."""
    propagate_threads: bool = True
    """Carry route, tenant, … into threads that are started inside."""

    @classmethod
    def read(cls, **given: Any) -> Configuration:
        """Arguments first, then the environment, then the defaults.

        A wrong value is reported in one line and replaced by the default: an application must start all the same.
        With ``WATCHKEEPER_STRICT`` it raises :class:`ValueError`.
        """
        values: dict[str, Any] = {}
        for one in fields(cls):
            value = given.get(one.name)
            if value is None and one.name != "redact":
                value = os.environ.get(PREFIX + one.name.upper()) or None
            if value is None:
                continue
            try:
                values[one.name] = _converted(one.name, one.default, value)
            except ValueError as error:
                if is_strict():
                    raise
                say(f"configuration:{one.name}", "watchkeeper_sdk: %s; the default is used", error)
        return cls(**values)


def _converted(name: str, default: object, value: Any) -> Any:
    if name == "redact":
        return value  # if it cannot be called it fails at each text, which then stays here
    if name == "instrument":
        return _libraries(value)
    if name == "variant" and value not in VARIANTS:
        raise ValueError(f"variant must be one of {', '.join(VARIANTS)}, not {value!r}")
    if isinstance(default, bool):
        return _flag(name, value)
    if isinstance(default, (int, float)):
        return _number(name, type(default), value)
    if name == "kafka":
        return ",".join(_several(name, value))
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a text, not {type(value).__name__}")
    return value


def _flag(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError(f"{name} must be true or false, not {value!r}")


def _number(name: str, kind: type, value: Any) -> Any:
    try:
        number = kind(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must be a number, not {value!r}") from None
    if not number > 0:
        raise ValueError(f"{name} must be above 0, not {value!r}")
    return number


def _libraries(value: Any) -> bool | tuple[str, ...]:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
    return _several("instrument", value)


def _several(name: str, value: Any) -> tuple[str, ...]:
    """A list of texts, or one text with commas in it."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, Collection) or isinstance(value, bytes):
        raise ValueError(f"{name} must be a text or a list of texts, not {type(value).__name__}")
    return tuple(str(one).strip() for one in value if str(one).strip())
