"""Calls of an application, as a test's own watch sees them."""

from opentelemetry.sdk.trace import TracerProvider

from watchkeeper_sdk import llm_call, tracing


def ask(model: str = "gpt-4o") -> None:
    """A call made by hand."""
    with llm_call("openai", model):
        pass


def instrumented(model: str = "gpt-4o") -> None:
    """A call of somebody else's instrumentation, which ends before the application sees the answer."""
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": model}
    other = provider_in_use().get_tracer("other.instrumentation")
    with other.start_as_current_span(f"chat {model}", attributes=attributes):
        pass


def provider_in_use() -> TracerProvider:
    """That of the watch."""
    provider = tracing.provider_in_use()
    assert isinstance(provider, TracerProvider)
    return provider
