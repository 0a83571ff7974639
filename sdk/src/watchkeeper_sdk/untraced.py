"""What our own threads send must not make spans, whatever instruments the libraries that send it."""

from __future__ import annotations

from opentelemetry.context import Context, get_current, set_value

_SUPPRESS = ("suppress_instrumentation", "suppress_http_instrumentation")
"""OpenTelemetry's own context keys."""


def untraced() -> Context:
    """The present context, without instrumentation; to be attached."""
    context = get_current()
    for key in _SUPPRESS:
        context = set_value(key, True, context)
    return context
