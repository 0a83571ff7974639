"""Token counts that an application names itself."""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper_sdk.records import Value

_NAMES = {
    "gen_ai.usage.input_tokens": ("input_tokens", "prompt_tokens", "inputTokens"),
    "gen_ai.usage.output_tokens": ("output_tokens", "completion_tokens", "outputTokens"),
    "gen_ai.usage.cache_read.input_tokens": ("cache_read_tokens", "cached_tokens", "cache_read_input_tokens"),
    "gen_ai.usage.cache_write.input_tokens": ("cache_write_tokens", "cache_creation_input_tokens"),
    "gen_ai.usage.reasoning.output_tokens": ("reasoning_tokens",),
}
_ATTRIBUTE = {name: attribute for attribute, names in _NAMES.items() for name in names}


def usage_attributes(usage: object) -> dict[str, Value]:
    """OpenTelemetry's usage attributes of a mapping or object; what is absent stays absent, never 0."""
    given = usage if isinstance(usage, Mapping) else {name: getattr(usage, name, None) for name in _ATTRIBUTE}
    found: dict[str, Value] = {}
    for name, value in given.items():
        attribute = _ATTRIBUTE.get(name)
        if attribute is not None and type(value) is int and value >= 0:
            found.setdefault(attribute, value)
    return found
