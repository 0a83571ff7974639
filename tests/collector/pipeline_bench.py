"""A pipeline over a source in memory and a real store, with a journal of its steps and faults on order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from collector.memory import CallMemory
from collector.pipeline import Parts, Pipeline, Publisher
from collector.stage import Stage, Staged, StageOptions
from collector.writer import Writer
from tests.collector.otlp import BOOK, SpanSpec, request
from watchkeeper.clock import SystemClock
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.streams.bad_messages import BadMessageGuard
from watchkeeper.streams.kafka_partition import BatchLimits
from watchkeeper.streams.memory import MemorySource
from watchkeeper.streams.source import Batch, RawMessage, Rejection
from watchkeeper.telemetry import Metrics

REMEMBER = 10_000
SOURCE = "memory"


class Killed(BaseException):
    """What stands for ``kill -9``: nothing catches it, nothing after it runs."""


@dataclass(slots=True)
class Journal:
    """Steps in their order, and for each kind of step what is to happen at its next occurrences."""

    steps: list[str] = field(default_factory=list)
    faults: dict[str, list[Callable[[], None]]] = field(default_factory=dict)

    def on(self, step: str, *faults: Callable[[], None]) -> None:
        """Run ``faults`` at the next occurrences of ``step``, one each."""
        self.faults.setdefault(step, []).extend(faults)

    def note(self, step: str) -> None:
        self.steps.append(step)
        if waiting := self.faults.get(step):
            waiting.pop(0)()

    def count(self, step: str) -> int:
        return self.steps.count(step)


def raising(error: BaseException) -> Callable[[], None]:
    """A fault that raises ``error``."""

    def fault() -> None:
        raise error

    return fault


class JournalSource(MemorySource):
    """Faults come before the step has any effect."""

    def __init__(self, journal: Journal, messages: Mapping[int, Sequence[RawMessage]], limits: BatchLimits) -> None:
        super().__init__(messages, limits, SOURCE)
        self._journal = journal
        self.acknowledged: list[tuple[Batch, Mapping[int, Rejection]]] = []

    def poll(self, timeout_s: float) -> Sequence[Batch]:
        self._journal.note("poll")
        return super().poll(timeout_s)

    def begin(self, batches: Sequence[Batch]) -> None:
        self._journal.note("begin")
        super().begin(batches)

    def acknowledge(self, batch: Batch, rejections: Mapping[int, Rejection]) -> None:
        self._journal.note("acknowledge")
        super().acknowledge(batch, rejections)
        self.acknowledged.append((batch, rejections))

    def release(self, batch: Batch, error: Exception) -> None:
        self._journal.note("release")
        super().release(batch, error)

    def keep_alive(self) -> None:
        self._journal.note("keep alive")


class JournalStore(Store):
    """Faults come before the insert (``insert calls``) or after it (``inserted calls``)."""

    def __init__(self, config: StoreConfig, journal: Journal) -> None:
        super().__init__(config)
        self._journal = journal
        self.inserts: list[tuple[str, pa.Table, str]] = []

    def insert_arrow(self, table: str, data: pa.Table, token: str) -> None:
        self.inserts.append((table, data, token))
        self._journal.note(f"insert {table}")
        super().insert_arrow(table, data, token)
        self._journal.note(f"inserted {table}")


class JournalStage(Stage):
    def __init__(self, journal: Journal, options: StageOptions) -> None:
        super().__init__(CallMemory(REMEMBER), BOOK, options)
        self._journal = journal

    def read(self, batch: Batch) -> Staged:
        self._journal.note("read")
        return super().read(batch)


class JournalPublisher(Publisher):
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.calls: list[pa.Table] = []

    def publish(self, staged: Staged, batch: Batch) -> None:
        self._journal.note("publish")
        self.calls.append(staged.calls)


class Bench:
    """One source and store over any number of pipelines, as one process after the other would have them."""

    def __init__(
        self, config: StoreConfig, messages: Mapping[int, Sequence[RawMessage]], max_messages: int = 100, **options: Any
    ) -> None:
        self.journal = Journal()
        self.source = JournalSource(self.journal, messages, BatchLimits(max_messages, linger_s=0.0))
        self.store = JournalStore(config, self.journal)
        self.publisher = JournalPublisher(self.journal)
        self.metrics = Metrics()
        self._options = StageOptions(**options)
        self.restart()

    def restart(self) -> None:
        """A new process: nothing is remembered, what was begun comes again."""
        self.source.crash()
        clock = SystemClock()
        self.pipeline = Pipeline(
            Parts(
                source=self.source,
                stage=JournalStage(self.journal, self._options),
                writer=Writer(self.store, clock, REMEMBER),
                publisher=self.publisher,
                guard=BadMessageGuard(0.5, 50),
                metrics=self.metrics,
                clock=clock,
            )
        )

    def inserts(self, table: str = "calls") -> list[tuple[pa.Table, str]]:
        """What was offered to ``table``, with its token, failed attempts included."""
        return [(data, token) for name, data, token in self.store.inserts if name == table]

    def stored_spans(self) -> list[int]:
        """Numbers of the stored spans, in order, each as often as it is there."""
        rows = self.store.query_rows(
            "SELECT reinterpretAsUInt64(reverse(toString(span_id))) AS n FROM calls ORDER BY n"
        )
        return [row["n"] for row in rows]

    def rolled_up(self) -> tuple[int, int]:
        """Calls in both rollups."""
        one, other = (
            self.store.query_rows(f"SELECT sum(calls) AS calls FROM {rollup}")[0]["calls"]
            for rollup in ("calls_1m", "calls_1h")
        )
        return one, other

    def value(self, metric: str, **labels: str) -> float | None:
        """A metric's value."""
        return self.metrics.registry.get_sample_value(f"watchkeeper_{metric}", labels)

    def close(self) -> None:
        self.store.close()


def spans(*numbers: int, first_offset: int = 0) -> list[RawMessage]:
    """One message a span; each span a trace of its own."""
    return [
        RawMessage(request(SpanSpec(number, trace=number)), offset)
        for offset, number in enumerate(numbers, first_offset)
    ]
