"""Watch an application's model calls: ``watchkeeper_sdk.init()`` and the calls are on their way.

Nothing here raises into the application, does I/O on its threads, or sends prompts and answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from watchkeeper_sdk._version import __version__
from watchkeeper_sdk.call_context import CallContext, context, prompt, tags, tenant
from watchkeeper_sdk.calls import Call, llm_call
from watchkeeper_sdk.format_check import Verdict
from watchkeeper_sdk.observing import observe
from watchkeeper_sdk.outcomes import Expectation, expect, expect_json, expect_regex, feedback, refused
from watchkeeper_sdk.threads import propagated

if TYPE_CHECKING:
    from watchkeeper_sdk.initialising import Watch, counts, flush, init, shutdown
    from watchkeeper_sdk.kafka import KafkaSpanExporter
    from watchkeeper_sdk.routing import Pick, configure_routes, route

_LATE = {
    **dict.fromkeys(("Watch", "counts", "flush", "init", "shutdown"), "watchkeeper_sdk.initialising"),
    "KafkaSpanExporter": "watchkeeper_sdk.kafka",
    **dict.fromkeys(("Pick", "configure_routes", "route"), "watchkeeper_sdk.routing"),
}
"""Names that need the OpenTelemetry SDK, or HTTP, which are loaded when they are first used."""

__all__ = [
    "Call",
    "CallContext",
    "Expectation",
    "KafkaSpanExporter",
    "Pick",
    "Verdict",
    "Watch",
    "__version__",
    "configure_routes",
    "context",
    "counts",
    "expect",
    "expect_json",
    "expect_regex",
    "feedback",
    "flush",
    "init",
    "llm_call",
    "observe",
    "prompt",
    "propagated",
    "refused",
    "route",
    "shutdown",
    "tags",
    "tenant",
]


def __getattr__(name: str) -> Any:
    module = _LATE.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  only here is it needed

    return getattr(import_module(module), name)
