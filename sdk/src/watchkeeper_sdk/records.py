"""Calls on their way out: an ended span, what the application says of it afterwards, and which one is meant.

Instrumentations end their span before the application sees the answer, so a verdict on the answer comes too late for
the span. It goes into the :class:`CallRecord`, which waits a moment before it is sent.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeAlias

from opentelemetry import trace

from watchkeeper_sdk.clock import clock

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

Value: TypeAlias = "str | bool | int | float | tuple[str, ...]"
Attributes: TypeAlias = Mapping[str, Value]

_LLM_KEYS = (
    "gen_ai.",
    "llm.",
    "openinference.",
    "traceloop.",
    "ai.",
    "langfuse.",
    "langsmith.",
    "litellm.",
    "gcp.vertex.agent.",
    "genkit:",
)
_LLM_SCOPES = (
    "watchkeeper_sdk",
    "com.anthropic.",
    "mistralai_sdk",
    "openinference.",
    "strands",
    "litellm",
    "claude_code",
)
_AROUND_CALLS: Mapping[str, frozenset[str]] = {
    "gen_ai.operation.name": frozenset(
        ("create_agent", "execute_tool", "invoke_agent", "invoke_workflow", "plan", "retrieval")
    ),
    "openinference.span.kind": frozenset(
        ("AGENT", "CHAIN", "EVALUATOR", "GUARDRAIL", "PROMPT", "RERANKER", "RETRIEVER", "TOOL")
    ),
    "traceloop.span.kind": frozenset(("agent", "task", "tool", "workflow")),
}
"""Spans of frameworks that hold calls and are none."""


class CallRecord:
    """One ended LLM span and what was added to it since; it can be added to until it is ``sealed``."""

    __slots__ = ("added", "ended_at", "events", "finished", "sealed", "span", "values")

    def __init__(self, span: ReadableSpan, values: Attributes | None = None) -> None:
        self.span = span
        self.values: Attributes = values or {}
        """What the blocks around it said; the span's own attributes win."""
        self.added: dict[str, Value] = {}
        self.events: list[tuple[str, Attributes, int]] = []
        """Name, attributes, time in nanoseconds since the epoch."""
        self.ended_at = time.monotonic()
        self.sealed = False
        self.finished: ReadableSpan | None = None
        """What is sent: made once, kept for retries."""

    def add(self, attributes: Attributes) -> bool:
        """Add ``attributes``; false when the call was sent already."""
        if self.sealed:
            return False
        self.added.update(attributes)
        return not self.sealed

    def add_event(self, name: str, attributes: Attributes) -> bool:
        """Add an event at this moment; false when the call was sent already."""
        if self.sealed:
            return False
        self.events.append((name, attributes, clock().time_ns()))
        return not self.sealed


class Hold:
    """Calls that end while it is the current one wait for its release instead of going out.

    Bounded: beyond ``most`` the oldest goes out at once, or to the ``outer`` hold, where there is one. Threads and
    tasks that outlive the block still have it; a released hold keeps nothing. Needs no lock: whoever takes a record
    from the deque is the only one who has it.
    """

    def __init__(self, outer: Hold | None = None, most: int = 64) -> None:
        self.records: deque[CallRecord] = deque()
        self.outer = outer
        self.released = False
        self._most = most

    def take(self, record: CallRecord) -> CallRecord | None:
        """Keep ``record``; gives one that is to go out now."""
        self.records.append(record)
        return self._next() if self.released or len(self.records) > self._most else None

    def release(self) -> list[CallRecord]:
        """Keep nothing from now on; gives what is to go out."""
        self.released = True
        ready = []
        while self.records:
            record = self._next()
            if record is not None:
                ready.append(record)
        return ready

    def _next(self) -> CallRecord | None:
        try:
            record = self.records.popleft()
        except IndexError:  # another thread has it
            return None
        return record if self.outer is None else self.outer.take(record)


last_record: ContextVar[CallRecord | None] = ContextVar("watchkeeper_last_record", default=None)
"""The call that ended last in this thread or task."""

current_hold: ContextVar[Hold | None] = ContextVar("watchkeeper_hold", default=None)


def is_llm_span(span: object) -> bool:
    """Does ``span`` (an SDK span, open or ended) tell of a model call or of an agent around one?"""
    scope = getattr(span, "instrumentation_scope", None)
    if scope is not None and scope.name.startswith(_LLM_SCOPES):
        return True
    attributes = getattr(span, "attributes", None)
    return any(key.startswith(_LLM_KEYS) for key in attributes) if attributes else False


def open_llm_span() -> trace.Span | None:
    """The current span, when it is that of a call and still records."""
    span = trace.get_current_span()
    return span if span.is_recording() and is_llm_span(span) and not _is_around_calls(span) else None


def _is_around_calls(span: object) -> bool:
    attributes = getattr(span, "attributes", None) or {}
    return any(attributes.get(key) in kinds for key, kinds in _AROUND_CALLS.items())


def is_unsampled() -> bool:
    """Are we inside a trace that is not recorded? Its calls are unknown; the last known one is another's."""
    here = trace.get_current_span().get_span_context()
    return here.is_valid and not here.trace_flags.sampled


def last_call() -> CallRecord | None:
    """The call that ended last in this context."""
    return None if is_unsampled() else last_record.get()


def mark(attributes: Attributes) -> bool:
    """Write ``attributes`` on the current call: the open LLM span, else the call that ended last in this context.

    False when there is none that can still take them.
    """
    span = open_llm_span()
    if span is not None:
        span.set_attributes(dict(attributes))
        return True
    record = last_call()
    return record is not None and record.add(attributes)


def mark_event(name: str, attributes: Attributes) -> bool:
    """As :func:`mark`, with an event."""
    span = open_llm_span()
    if span is not None:
        span.add_event(name, dict(attributes), clock().time_ns())
        return True
    record = last_call()
    return record is not None and record.add_event(name, attributes)
