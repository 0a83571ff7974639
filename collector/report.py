"""What a stored batch adds to our own metrics."""

from collections import Counter
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from collector.stage import Staged
from watchkeeper.streams.source import Batch
from watchkeeper.telemetry import LabelBound, Metrics


class Report:
    """Counts stored batches."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._models = LabelBound()

    def stored(self, batch: Batch, staged: Staged, now: datetime) -> None:
        """Count one batch that is stored and acknowledged."""
        metrics = self._metrics
        for signal, count in Counter(message.signal for message in batch.messages).items():
            metrics.messages.labels(batch.source, signal).inc(count)
        metrics.message_bytes.labels(batch.source).inc(sum(len(m.body) for m in batch.messages))
        metrics.spans.labels(batch.source).inc(staged.spans.count)
        for reason, rows in staged.skipped.items():
            metrics.skipped_spans.labels(reason).inc(len(rows))
        for error in staged.bad.values():
            metrics.dead_letters.labels(error.reason).inc()
        for (provider, model), count in staged.unpriced.items():
            metrics.unpriced_calls.labels(*self._models(provider, model)).inc(count)
        metrics.scores.inc(len(staged.scores))
        metrics.last_insert.set(now.timestamp())
        self._calls(staged.calls)

    def _calls(self, calls: pa.Table) -> None:
        self._metrics.batch_rows.observe(calls.num_rows)
        counted = calls.select(["dialect", "outcome"]).group_by(["dialect", "outcome"]).aggregate([([], "count_all")])
        for row in counted.to_pylist():
            self._metrics.calls.labels(row["dialect"], row["outcome"]).inc(row["count_all"])
        unknown = calls.filter(pc.equal(calls["finish_reason"].cast(pa.string()), "unknown"))
        for dialect, count in Counter(unknown["dialect"].to_pylist()).items():
            self._metrics.unknown_finish_reasons.labels(dialect).inc(count)
