"""The span processor that stands in the application's tracer provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor

from watchkeeper_sdk._safety import guarded
from watchkeeper_sdk.call_context import current_values
from watchkeeper_sdk.outbox import Outbox
from watchkeeper_sdk.records import Attributes, CallRecord, call_ended, current_hold, is_around_calls, is_llm_span
from watchkeeper_sdk.semconv import EVALUATION_EVENT

if TYPE_CHECKING:
    from opentelemetry.context import Context


_MOST_OPEN = 10_000
"""Open spans whose values are remembered; an application that never ends its spans must not cost memory."""


class CallProcessor(SpanProcessor):
    """Queues LLM spans that end, with the values of the blocks in which they started.

    It writes nothing on the spans, which other exporters of the application see too; looking at answers
    (:mod:`watchkeeper_sdk.watching`) and verdicts inside an open call do.
    ``export_all``: queue the other spans as well.
    """

    def __init__(self, outbox: Outbox, export_all: bool = False) -> None:
        self._outbox = outbox
        self._export_all = export_all
        self._values: dict[int, Attributes] = {}

    @guarded
    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        values = current_values.get()
        if values and span.context is not None and not self._outbox.closed:
            if len(self._values) >= _MOST_OPEN:
                self._values.clear()
            self._values[span.context.span_id] = values

    @guarded
    def on_end(self, span: ReadableSpan) -> None:
        # A provider keeps its processors: after another init, those of the one before are still asked.
        if span.context is None or self._outbox.closed:
            return
        values = self._values.pop(span.context.span_id, None)
        if not span.context.trace_flags.sampled:
            return
        if is_llm_span(span) and span.name != EVALUATION_EVENT:
            self._call_ended(CallRecord(span, values))
        elif self._export_all or span.name == EVALUATION_EVENT:
            self._outbox.put(CallRecord(span, values))

    def _call_ended(self, record: CallRecord) -> None:
        if not is_around_calls(record.span):
            call_ended(record)
        hold = current_hold.get()
        ready = hold.take(record) if hold is not None else record
        if ready is not None:
            self._outbox.put(ready)

    @guarded
    def shutdown(self) -> None:
        self._outbox.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return bool(_flush(self._outbox, timeout_millis))


@guarded
def _flush(outbox: Outbox, timeout_millis: int) -> bool:
    # The host flushes all its processors in turn: it is not kept for as long as our receiver is away.
    return outbox.flush(timeout_millis / 1000, persistent=False)
