"""The tracer our own spans come from: that of ``init``'s provider, else of the application's global one."""

from __future__ import annotations

from opentelemetry import trace

from watchkeeper_sdk._version import __version__

SCOPE = "watchkeeper_sdk"

_provider: trace.TracerProvider | None = None
_cached: tuple[trace.TracerProvider, trace.Tracer] | None = None


def use_provider(provider: trace.TracerProvider | None) -> None:
    """Let our spans come from ``provider``; null: from the global one."""
    global _provider
    _provider = provider


def provider_in_use() -> trace.TracerProvider | None:
    """What :func:`use_provider` was told last."""
    return _provider


def tracer() -> trace.Tracer:
    """Making a tracer costs more than a span; so it is kept as long as the provider stays."""
    global _cached
    provider = _provider or trace.get_tracer_provider()
    cached = _cached
    if cached is None or cached[0] is not provider:
        cached = _cached = (provider, provider.get_tracer(SCOPE, __version__))
    return cached[1]
