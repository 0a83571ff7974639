"""A small engine with the contract of the real one: a transition every so many calls of a model, one after silence."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from detectors.actions import Action
from detectors.engines import DetectorEngine
from detectors.metrics import Severity
from detectors.records import FindingKind, Regression, State
from detectors.series import SeriesKey

SILENT_S = 120.0


@dataclass(frozen=True, slots=True)
class StandInCounts:
    calls: int
    late: int
    future: int
    evicted: int
    series_by_state: dict[str, int]
    scores: dict[str, int]


@dataclass(slots=True)
class StandInEngine:
    """``history`` is a digest of all units and ticks in their order: what ends up in ids depends on every one."""

    every: int
    calls: Counter[str] = field(default_factory=Counter)
    seqs: Counter[str] = field(default_factory=Counter)
    history: int = 0
    newest: float = 0.0
    silent: bool = False
    scores: int = 0

    def process(self, calls: pa.Table, received_at: float) -> list[Regression]:
        self._remember(received_at, calls.num_rows)
        self.newest, self.silent = received_at, False
        found = []
        for pair in pc.value_counts(calls["request_model"].cast(pa.string())).to_pylist():
            model, before = pair["values"], self.calls[pair["values"]]
            self.calls[model] += pair["counts"]
            if self.calls[model] // self.every > before // self.every:
                found.append(self._transition(model, FindingKind.REGRESSION, received_at))
        return found

    def advance(self, now: float) -> list[Regression]:
        self._remember(now, 0)
        if self.silent or now - self.newest < SILENT_S:
            return []
        self.silent = True
        return [self._transition(model, FindingKind.TRAFFIC_STOP, now) for model in sorted(self.calls)]

    def process_scores(self, scores: pa.Table) -> list[Regression]:
        """Of the same kind as calls, but counted apart."""
        self._remember(float(scores["second"][0].as_py()), scores.num_rows)
        self.scores += scores.num_rows
        return []

    def act(self, action: Action) -> list[Regression]:
        """Somebody's word on a model is a transition of its own."""
        self._remember(action.due, 0)
        model = action.model.request_model
        return [self._transition(model, FindingKind.REGRESSION, action.due)] if model in self.calls else []

    def snapshot(self) -> bytes:
        state = [self.every, self.calls, self.seqs, self.history, self.newest, self.silent, self.scores]
        return json.dumps(state).encode()

    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        every, calls, seqs, history, newest, silent, scores = json.loads(snapshot)
        return cls(every, Counter(calls), Counter(seqs), history, newest, silent, scores)

    def counts(self) -> StandInCounts:
        return StandInCounts(sum(self.calls.values()), 0, 0, 0, {"ok": len(self.calls)}, {"used": self.scores})

    def _remember(self, at: float, rows: int) -> None:
        self.history = (self.history * 1_000_003 + round(at * 1000) * 31 + rows) % 2**61

    def _transition(self, model: str, kind: FindingKind, at: float) -> Regression:
        self.seqs[model] += 1
        return transition(model, self.seqs[model], kind, at, reason=f"{self.calls[model]} calls, {self.history:x}")


def transition(model: str, seq: int, kind: FindingKind, at: float, reason: str = "for a test") -> Regression:
    """A record that says little."""
    when = datetime.fromtimestamp(at, UTC)
    key = SeriesKey("shop", "chat", "openai", model, model)
    return Regression(
        id=f"{kind}-{model}", seq=seq, kind=kind, severity=Severity.PAGE, state=State.OPEN, at=when, reason=reason,
        series=str(key), series_id=key.id, service=key.service, route=key.route, provider=key.provider,
        request_model=model, model=model, metric="error", direction="up", onset=when, onset_low=when, onset_high=when,
        detected_at=when, confidence=0.9,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class StandInEngines:
    every: int = 1_000
    version: str = "standin-1"

    def begin(self) -> DetectorEngine:
        return StandInEngine(self.every)

    def restore(self, snapshot: bytes) -> DetectorEngine:
        return StandInEngine.restore(snapshot)
