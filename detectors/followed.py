"""One partition's engine with all that belongs to it, and both as bytes. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

import pyarrow as pa

from detectors.actions import Action
from detectors.engines import DetectorEngine, Engines
from detectors.records import Regression
from detectors.repeated_calls import RepeatedCalls
from detectors.score_inbox import ScoreQueue
from detectors.stream_clock import StreamClock
from watchkeeper.storage.detector_state import DetectorState

_SCHEMA: pa.Schema = pa.schema(
    [
        ("engine", pa.binary()),
        ("newest", pa.float64()),
        ("ticked", pa.float64()),
        ("newer", pa.list_(pa.uint64())),
        ("older", pa.list_(pa.uint64())),
        ("marks", pa.map_(pa.int32(), pa.int64())),
        ("heard", pa.int64()),
        ("scored", pa.int64()),
    ]
)

Marks = Mapping[int, int]
"""Where the topic of regressions ended when a state was saved: offset by partition."""


@dataclass(slots=True)
class Followed:
    """The state of the detectors up to ``position``: always together, so that either both are kept or none.

    ``step`` begins at the Unix time in microseconds and grows by one a unit or tick, of which there are fewer than a
    million a second: a state that was begun anew outranks all before it.
    """

    engine: DetectorEngine
    position: int
    step: int
    clock: StreamClock = field(default_factory=StreamClock)
    repeated: RepeatedCalls | None = None
    marks: Marks = field(default_factory=dict)
    heard: int = 0
    """All actions stored before this Unix second took effect, or wait in ``waiting``."""
    waiting: list[Action] = field(default_factory=list)
    """Actions that take effect later, in their order."""
    scores: ScoreQueue = field(default_factory=ScoreQueue)
    repeats: int = 0
    """Calls left out because they had come before, since this object was made."""

    @classmethod
    def begin(cls, engines: Engines, now: datetime, position: int, *, with_repeats: bool) -> Self:
        """Nothing is known yet; reading starts at ``position``."""
        repeated = RepeatedCalls() if with_repeats else None
        return cls(engines.begin(), position, int(now.timestamp() * 1e6), repeated=repeated)

    @classmethod
    def restore(cls, engines: Engines, saved: DetectorState, *, with_repeats: bool) -> Self:
        """Exactly what :meth:`save` was called on."""
        with pa.ipc.open_stream(saved.state) as reader:
            (row,) = reader.read_all().to_pylist()
        repeated = RepeatedCalls(newer=set(row["newer"]), older=set(row["older"])) if with_repeats else None
        clock = StreamClock(row["newest"], row["ticked"])
        engine = engines.restore(row["engine"])
        scores = ScoreQueue(row["scored"])
        marks, heard = dict(row["marks"]), row["heard"]
        return cls(engine, saved.position, saved.step, clock, repeated, marks, heard, scores=scores)

    def hear(self, actions: Sequence[Action], until: int) -> None:
        """Actions stored since ``heard``, in the order they were stored, and before ``until``: all of them."""
        self.waiting.extend(actions)
        self.heard = until

    def take(self, calls: pa.Table, received_at: float, position: int) -> list[Regression]:
        """The transitions of a unit and of the ticks before it; after it, the state is that of ``position``."""
        found = self.tick(received_at)
        if self.repeated is not None:
            came = calls.num_rows
            calls = self.repeated.drop(calls)
            self.repeats += came - calls.num_rows
        found += self.engine.process(calls, self.clock.move(received_at))
        self.step += 1
        self.position = position
        return found

    def tick(self, until: float) -> list[Regression]:
        """The transitions of the ticks, actions and scores that are due up to ``until`` (Unix seconds)."""
        found: list[Regression] = []
        for tick in self.clock.due(until):
            found += self._act(tick) + self._score(tick)
            found += self.engine.advance(tick)
            self.step += 1
        return found + self._act(until) + self._score(until)

    def _score(self, until: float) -> list[Regression]:
        """The transitions of the scores that are due up to ``until``."""
        found: list[Regression] = []
        for scores in self.scores.due(until):
            found += self.engine.process_scores(scores)
            self.step += 1
        return found

    def _act(self, until: float) -> list[Regression]:
        """The transitions of the actions that take effect up to ``until``."""
        found: list[Regression] = []
        while self.waiting and self.waiting[0].due <= until:
            found += self.engine.act(self.waiting.pop(0))
            self.step += 1
        return found

    def save(self, marks: Marks) -> DetectorState:
        """The state as it is, with where the topic of regressions ends now."""
        newer, older = self.repeated.arrays() if self.repeated is not None else ((), ())
        row = [
            pa.array([self.engine.snapshot()], pa.binary()),
            pa.array([self.clock.newest], pa.float64()),
            pa.array([self.clock.ticked], pa.float64()),
            pa.array([newer], pa.list_(pa.uint64())),
            pa.array([older], pa.list_(pa.uint64())),
            pa.array([list(marks.items())], pa.map_(pa.int32(), pa.int64())),
            pa.array([self.waiting[0].stored if self.waiting else self.heard], pa.int64()),
            pa.array([self.scores.saved], pa.int64()),
        ]
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, _SCHEMA) as writer:
            writer.write_table(pa.table(row, schema=_SCHEMA))
        return DetectorState(self.step, self.position, sink.getvalue().to_pybytes())
