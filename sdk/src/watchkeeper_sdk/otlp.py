"""OpenTelemetry's OTLP/HTTP exporter, with its log lines kept from the application's log.

While the receiver is away it writes several lines for each try, addresses with their query included. One line a minute
of our own says the same. ``logging.getLogger("watchkeeper_sdk").setLevel(logging.DEBUG)`` lets its own pass.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from watchkeeper_sdk._safety import logger, say

_LOGGERS = ("opentelemetry.exporter", "urllib3", "requests")
_inside = threading.local()


class _OursAreQuiet(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(_inside, "exporting", False) or logger.level == logging.DEBUG


_quiet = _OursAreQuiet()


class QuietExporter(SpanExporter):
    """``inner``, told of in our own words; ``where`` is its address without credentials."""

    def __init__(self, inner: SpanExporter, where: str) -> None:
        self._inner = inner
        self._where = where
        for name in list(logging.root.manager.loggerDict):  # a copy: other threads may make loggers
            if name.startswith(_LOGGERS):
                logging.getLogger(name).addFilter(_quiet)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        _inside.exporting = True
        try:
            result = self._inner.export(spans)
        finally:
            _inside.exporting = False
        if result is not SpanExportResult.SUCCESS:
            say(
                f"otlp:{self._where}",
                "watchkeeper_sdk: calls could not be delivered to %s; they are tried again: is it up, is the address "
                "right, does it take OTLP over HTTP?",
                self._where,
            )
        return result

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)
