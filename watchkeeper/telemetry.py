"""Our own metrics and logs. Every metric stands here once, with kind, labels and meaning.

Label values are bounded: where they come from outside, :func:`bounded` folds what exceeds the bound into ``other``.
No metric, log line or error carries prompt content or secrets.
"""

import logging
import sys
from collections.abc import Sequence

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_ROWS = (1, 10, 100, 1_000, 5_000, 10_000, 20_000, 50_000, 100_000)
_MAX_LABEL_VALUES = 200


class Metrics:
    """All metrics of the platform, on a registry of their own (docs/operations.md lists them)."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self.messages = self._counter("messages_total", "OTLP messages taken from a source.", ("source", "signal"))
        self.message_bytes = self._counter("message_bytes_total", "Bytes of those messages.", ("source",))
        self.spans = self._counter("spans_total", "Spans decoded.", ("source",))
        self.calls = self._counter("calls_total", "Calls stored.", ("dialect", "outcome"))
        self.skipped_spans = self._counter("skipped_spans_total", "Spans that became no call.", ("reason",))
        self.dead_letters = self._counter("dead_letters_total", "Messages put into the dead letters.", ("reason",))
        self.scores = self._counter("scores_total", "Evaluation and feedback scores stored.", ())
        self.unpriced_calls = self._counter(
            "unpriced_calls_total", "Calls with usage but without a price.", ("provider", "model")
        )
        self.unknown_finish_reasons = self._counter(
            "unknown_finish_reasons_total", "Finish reasons no table knows.", ("dialect",)
        )
        self.insert_seconds = self._histogram("insert_seconds", "Duration of one insert.", _SECONDS)
        self.batch_rows = self._histogram("batch_rows", "Calls in one insert.", _ROWS)
        self.insert_retries = self._counter("insert_retries_total", "Inserts tried again.", ())
        self.released_batches = self._counter(
            "released_batches_total", "Batches given back unstored; they come again.", ("source",)
        )
        self.remembered_calls = self._gauge("remembered_calls", "Calls in the duplicate memory.", ())
        self.kafka_lag = self._gauge(
            "kafka_lag_messages", "Messages behind the end of a partition.", ("topic", "partition")
        )
        self.queue_bytes = self._gauge("otlp_queue_bytes", "Bytes of OTLP requests waiting for the store.", ())
        self.last_insert = self._gauge("last_insert_timestamp_seconds", "Unix time of the last insert.", ())
        self.detector_calls = self._counter("detector_calls_total", "Calls the detectors have worked on.", ())
        self.detector_seconds = self._counter(
            "detector_seconds_total", "Seconds they needed for them; over detector_calls_total: seconds a call.", ()
        )
        self.detector_left_out = self._counter(
            "detector_left_out_calls_total",
            "Calls the detectors did not use: `late`, `future` (clocks ahead) or `repeated` (came twice).",
            ("reason",),
        )
        self.detector_scores = self._counter(
            "detector_scores_total", "Feedback and evaluation scores the detectors have worked on.", ()
        )
        self.detector_left_out_scores = self._counter(
            "detector_left_out_scores_total",
            "Scores they did not use: `no_call` (not stored within an hour), `no_number` (a label that means none), "
            "`no_series` (of a series that is not held), `crowded` (too many names) or `not_watched` (by the rules).",
            ("reason",),
        )
        self.detector_lag = self._gauge(
            "detector_lag_seconds", "Seconds between the newest calls worked on and now, while some wait.", ()
        )
        self.detector_series = self._gauge("detector_series", "Watched metrics of series, by state.", ("state",))
        self.detector_evicted = self._counter(
            "detector_evicted_series_total", "Series given up because more than the most came.", ()
        )
        self.detector_failures = self._counter(
            "detector_failures_total", "Rounds of the detectors that failed and are tried again.", ()
        )
        self.regression_transitions = self._counter(
            "regression_transitions_total", "Transitions of regressions and findings.", ("kind", "state")
        )
        self.detector_snapshot_age = self._gauge(
            "detector_snapshot_age_seconds", "Seconds since the state of the detectors was saved.", ()
        )
        self.task_failures = self._counter(
            "task_failures_total", "Turns of periodic tasks (migrations, comparisons) that failed.", ("task",)
        )

        self.alert_messages = self._counter(
            "alert_messages_total", "Attempts to deliver a message, by how they ended.", ("channel", "outcome")
        )
        self.alert_waiting = self._gauge(
            "alert_waiting_messages", "Messages that wait for their channel.", ("channel",)
        )
        self.alert_cases = self._gauge("alert_cases", "Cases that are open or were until lately.", ())
        self.alert_failures = self._counter(
            "alert_failures_total", "Rounds of the alerts service that failed and are tried again.", ()
        )

    def _counter(self, name: str, text: str, labels: Sequence[str]) -> Counter:
        return Counter(f"watchkeeper_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: Sequence[str]) -> Gauge:
        return Gauge(f"watchkeeper_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: Sequence[float]) -> Histogram:
        return Histogram(f"watchkeeper_{name}", text, (), buckets=buckets, registry=self.registry)


class LabelBound:
    """Lets the first label values through and folds later ones into ``other``."""

    def __init__(self, limit: int = _MAX_LABEL_VALUES) -> None:
        self._limit = limit
        self._known: set[tuple[str, ...]] = set()

    def __call__(self, *values: str) -> tuple[str, ...]:
        if values in self._known:
            return values
        if len(self._known) >= self._limit:
            return ("other",) * len(values)
        self._known.add(values)
        return values


def configure_logs(level: str, form: str) -> None:
    """Send our logs and the libraries' to standard error, as lines for people or as JSON."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        # Standard error as it is when a line is written, not as it was when this ran.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    logging.basicConfig(
        stream=sys.stderr, level=max(number, logging.WARNING), format="%(levelname)s %(name)s %(message)s"
    )

    # At debug level the Kafka client writes message bodies into the log, at info level every step of a connection.
    logging.getLogger("kafka").setLevel(max(number, logging.WARNING))

    # Their warnings quote the address of a statement, with the values that are bound to it; what failed is told by us.
    for client in ("urllib3", "clickhouse_connect"):
        logging.getLogger(client).setLevel(logging.ERROR)


def logger(part: str) -> structlog.typing.FilteringBoundLogger:
    """A structured logger for one part of the platform."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=part)
    return bound
