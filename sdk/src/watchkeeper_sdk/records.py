"""Calls on their way out: an ended span, what the application says of it afterwards, and which one is meant.

Instrumentations end their span before the application sees the answer, so a verdict on the answer comes too late for
the span. It goes into the :class:`CallRecord`, which waits a moment before it is sent.
"""

from __future__ import annotations

import itertools
import os
import time
from collections import deque
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeAlias

from opentelemetry import trace

from watchkeeper_sdk.clock import clock
from watchkeeper_sdk.tracing import SCOPE

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
    SCOPE,
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

    __slots__ = ("added", "ended_at", "events", "finished", "line", "sealed", "serial", "span", "values", "_forks")

    def __init__(self, span: ReadableSpan, values: Attributes | None = None) -> None:
        self.span = span
        self.values: Attributes = values or {}
        """What the blocks around it said; the span's own attributes win."""
        self.added: dict[str, Value] = {}
        self.events: list[tuple[str, Attributes, int]] = []
        """Name, attributes, time in nanoseconds since the epoch."""
        self.ended_at = time.monotonic()
        self.serial = next(_serials)
        self.line: tuple[int, ...] = ()
        """The calls before it in its thread or task and in those that this one came from, by ``serial``."""
        self.sealed = False
        self._forks = _forks
        self.finished: ReadableSpan | None = None
        """What is sent: made once, kept for retries."""

    @property
    def is_ours(self) -> bool:
        """Did it end in this process? If not, the parent sends it."""
        return self._forks == _forks

    def add(self, attributes: Attributes) -> bool:
        """Add ``attributes``, an empty one only to take back another; false when the call was sent already."""
        if self.sealed or not self.is_ours:
            return False
        self.added.update(_telling(attributes, {**(self.span.attributes or {}), **self.added}))
        return not self.sealed

    def add_event(self, name: str, attributes: Attributes) -> bool:
        """Add an event at this moment; false when the call was sent already."""
        if self.sealed or not self.is_ours:
            return False
        self.events.append((name, attributes, clock().time_ns()))
        return not self.sealed


class Hold:
    """Calls that end while it is the current one wait for its release instead of going out.

    Bounded: beyond ``most`` the oldest goes out at once, or to the ``outer`` hold, where there is one. Threads and
    tasks that outlive the block still have it; a released hold keeps nothing. Needs no lock: whoever takes a record
    from the deque is the only one who has it. In a forked child nothing is left of the parent's calls.
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
        if not record.is_ours:
            return None
        return record if self.outer is None else self.outer.take(record)


class Scope:
    """The calls that ended last inside one block: in its own thread or task, and in those that were started in it.

    What is started inside a block has its own context, in which :data:`last_record` is set unseen by the others; this
    object they all share.
    """

    __slots__ = ("_calls", "block", "outer")

    def __init__(self, block: object, outer: Scope | None) -> None:
        self.block = block
        self.outer = outer
        self._calls: deque[CallRecord] = deque(maxlen=16)

    def note(self, record: CallRecord) -> None:
        """``record`` ended here."""
        self._calls.append(record)

    def last_after(self, serial: int | None) -> CallRecord | None:
        """The last call; with ``serial`` only of those that this call came before, and not merely a neighbour's."""
        ended = reversed(self._calls.copy())
        return next((one for one in ended if serial is None or serial in one.line), None)


last_record: ContextVar[CallRecord | None] = ContextVar("watchkeeper_last_record", default=None)
"""The call that ended last in this thread or task, or before it in the one that it came from."""

own_line: ContextVar[tuple[int, ...]] = ContextVar("watchkeeper_line", default=())
"""That call and those before it since the current block was entered, by ``serial``."""

current_scope: ContextVar[Scope | None] = ContextVar("watchkeeper_scope", default=None)

current_hold: ContextVar[Hold | None] = ContextVar("watchkeeper_hold", default=None)

_LONGEST_LINE = 32
_serials = itertools.count(1)
_forks = 0


def _after_fork_in_child() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def enter_scope(block: object) -> Scope:
    """From here on only calls of ``block`` are meant; the one before it is another matter's, and forgotten."""
    scope = Scope(block, current_scope.get())
    current_scope.set(scope)
    last_record.set(None)
    own_line.set(())
    return scope


def leave_scope(block: object) -> None:
    """Go back to what was before ``block``; where it was not entered, nothing changes."""
    scope = current_scope.get()
    while scope is not None and scope.block is not block:
        scope = scope.outer
    if scope is not None:
        current_scope.set(scope.outer)


def call_ended(record: CallRecord) -> None:
    """``record`` is the call that is meant from now on, here and in the blocks around."""
    record.line = own_line.get()
    own_line.set((*record.line, record.serial)[-_LONGEST_LINE:])
    last_record.set(record)
    scope = current_scope.get()
    while scope is not None:
        scope.note(record)
        scope = scope.outer


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
    return span if span.is_recording() and is_llm_span(span) and not is_around_calls(span) else None


def is_around_calls(span: object) -> bool:
    """Is this LLM span that of an agent, chain, workflow or tool? Verdicts are on calls."""
    scope = getattr(span, "instrumentation_scope", None)
    if scope is not None and scope.name == SCOPE:
        return False  # those are calls by their making
    # The SDK's own mapping raises and catches for every key that is missing: a copy is cheaper to ask.
    attributes = dict(getattr(span, "attributes", None) or {})
    return any(attributes.get(key) in kinds for key, kinds in _AROUND_CALLS.items())


def is_unsampled() -> bool:
    """Are we inside a trace that is not recorded? Its calls are unknown; the last known one is another's."""
    here = trace.get_current_span().get_span_context()
    return here.is_valid and not here.trace_flags.sampled


def last_call(within: Scope | None = None) -> CallRecord | None:
    """The call that ended last: here, or in what was started from here since; without either, anywhere in the block.

    The block is ``within`` or the current one. Outside of any it is the last call of this thread or task: what others
    did is not known, nor whether it belongs here. A call that ran beside ours, in a task that we did not start, is not
    ours, however late it ended; only where this thread or task called nothing in the block itself, it is taken.
    """
    if is_unsampled():
        return None
    own, line, scope = last_record.get(), own_line.get(), within or current_scope.get()
    if scope is None or (line and own is None):  # the call here is one that is not recorded
        return own
    return scope.last_after(line[-1] if line else None) or own


def mark(attributes: Attributes, within: Scope | None = None) -> bool:
    """Write ``attributes`` on the current call: the open LLM span, else the :func:`last_call`.

    An empty one only takes back another. False when there is no call that can still take them.
    """
    span = open_llm_span()
    if span is not None:
        write(span, attributes)
        return True
    record = last_call(within)
    return record is not None and record.add(attributes)


def write(span: trace.Span, attributes: Attributes) -> None:
    """Set ``attributes`` on an open span, an empty one only to take back another."""
    span.set_attributes(_telling(attributes, getattr(span, "attributes", None) or {}))


def _telling(attributes: Attributes, told: Mapping[str, object]) -> dict[str, Value]:
    return {key: value for key, value in attributes.items() if value != "" or key in told}


def mark_event(name: str, attributes: Attributes) -> bool:
    """As :func:`mark`, with an event."""
    span = open_llm_span()
    if span is not None:
        span.add_event(name, dict(attributes), clock().time_ns())
        return True
    record = last_call()
    return record is not None and record.add_event(name, attributes)
