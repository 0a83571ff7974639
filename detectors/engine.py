"""The engine: units of calls in, transitions of regressions and findings out.

Deterministic: what comes out depends on the sequence of units and clock ticks and on nothing else, so that a state
restored from a snapshot and fed the same units goes on bit for bit (see :mod:`.engines` for the contract).
"""

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from detectors.actions import Action
from detectors.actions_on_model import act
from detectors.alarms import Alarm
from detectors.attribution import ChangeFacts, attribute
from detectors.columns import CallColumns, Ints, call_columns
from detectors.config import DetectorConfig
from detectors.finding import FindingDetector
from detectors.fleet_stop import FleetStop, Silence
from detectors.group_calls import by_model
from detectors.history import CallHistory
from detectors.incidents import Explained, RaisedAlarm
from detectors.late_calls import LateCalls
from detectors.model_group import ModelGroup
from detectors.onset import sharpened
from detectors.records import Regression
from detectors.score_columns import score_columns
from detectors.score_group import ScoreFate
from detectors.series import SeriesKey
from detectors.series_watch import SeriesWatch
from detectors.sizes import interval
from detectors.traffic import TrafficStop
from detectors.watched import FINDINGS
from watchkeeper.errors import Transient
from watchkeeper.telemetry import logger

VERSION = "2"
_log = logger("detectors")
_AHEAD_S = 300.0


@dataclass(frozen=True, slots=True)
class EngineCounts:
    """What was counted since the state began."""

    calls: int
    late: int
    future: int
    evicted: int
    series_by_state: dict[str, int]
    scores: dict[str, int]
    """Scores by what became of them."""


class Engine:
    """All models of one partition, of an embedded store or of a file. One thread owns it."""

    def __init__(self, config: DetectorConfig, history: CallHistory | None = None) -> None:
        self.config = config
        self.groups: dict[SeriesKey, ModelGroup] = {}
        self._history = history
        self._watermark = 0.0
        self._calls = self._late = self._future = self._evicted = 0
        self._late_calls = LateCalls(config.max_series)
        self._scores: Counter[ScoreFate] = Counter()
        self._fleet = FleetStop()

    def process(self, calls: pa.Table, received_at: float) -> list[Regression]:
        """The new transitions that one unit of calls brings; ``received_at`` in Unix seconds.

        Calls older than the newest by more than ``late_s``, or more than five minutes ahead of ``received_at``, are
        counted and left out.
        """
        columns = self._in_time(call_columns(calls), received_at)
        if not len(columns):
            return []
        self._calls += len(columns)
        self._watermark = max(self._watermark, float(columns.ts[-1]))
        rows = _rows_by_series(columns)
        transitions: list[Regression] = []
        for group_calls in by_model(columns):
            group = self.groups.get(group_calls.parent) or self._begin(group_calls.parent)
            transitions += group.feed(columns, rows[group.key], group_calls, received_at)
        return self._fleet.gather(transitions, self._silences, received_at) + self._evict()

    def process_scores(self, scores: pa.Table) -> list[Regression]:
        """The new transitions that scores bring (:data:`~watchkeeper.storage.score_feed.SCORED_SCHEMA`).

        Those of models whose calls do not come here are another engine's.
        """
        columns, valueless = score_columns(scores)
        self._scores[ScoreFate.NO_NUMBER] += valueless
        transitions: list[Regression] = []
        for parent, rows_of in columns.rows_by_model():
            if parent in self.groups:
                transitions += self.groups[parent].feed_scores(columns, rows_of, self._scores)
        return transitions

    def advance(self, now: float) -> list[Regression]:
        """The new transitions that the time brings, where no unit came until ``now`` (Unix seconds)."""
        told = [record for key in sorted(self.groups) for record in self.groups[key].advance(now)]
        return self._fleet.gather(told, self._silences, now)

    def act(self, action: Action) -> list[Regression]:
        """The new transitions that somebody's word brings; none where it is about nothing that is known here."""
        group = self.groups.get(action.model)
        return act(group, action) if group is not None else []

    @property
    def late_calls(self) -> LateCalls:
        """Calls of the last days that were left out as late, by series."""
        return self._late_calls

    def counts(self) -> EngineCounts:
        """What was counted since the state began."""
        states: Counter[str] = Counter()
        for group in self.groups.values():
            for watch in group.series.values():
                states.update(state.value for state in watch.states())
            for score in group.scores.all():
                states.update(state.value for state in score.watch.states())
        scores = {fate.value: count for fate, count in self._scores.items() if count}
        return EngineCounts(self._calls, self._late, self._future, self._evicted, dict(states), scores)

    def snapshot(self) -> bytes:
        """Everything, for :meth:`restore`: JSON, deflated."""
        state = {
            "version": VERSION,
            "watermark": self._watermark,
            "counts": [self._calls, self._late, self._future, self._evicted],
            "late": self._late_calls.state(),
            "scores": {fate.value: count for fate, count in self._scores.items()},
            "fleet": self._fleet.state(),
            "groups": [group.snapshot() for group in self.groups.values()],
        }
        return zlib.compress(orjson.dumps(state, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY), 1)

    @classmethod
    def restore(cls, config: DetectorConfig, history: CallHistory | None, blob: bytes) -> "Engine":
        """The engine that goes on exactly where the one with this snapshot was."""
        state: dict[str, Any] = orjson.loads(zlib.decompress(blob))
        engine = cls(config, history)
        engine._watermark = float(state["watermark"])
        engine._calls, engine._late, engine._future, engine._evicted = map(int, state["counts"])
        # States of before this was counted by series have none.
        engine._late_calls = LateCalls.restore(config.max_series, state.get("late", []))
        engine._scores = Counter({ScoreFate(fate): int(count) for fate, count in state["scores"].items()})
        engine._fleet = FleetStop.of(state["fleet"])
        for kept in state["groups"]:
            key = SeriesKey(*kept["key"])
            engine.groups[key] = ModelGroup.restore(kept, config, engine._explain, engine._sharpen, _findings(key))
        return engine

    def _begin(self, key: SeriesKey) -> ModelGroup:
        self.groups[key] = ModelGroup(key, self.config, self._explain, self._sharpen, _findings(key))
        return self.groups[key]

    def _silences(self, begin: float, at: float) -> Iterator[Silence]:
        for group in self.groups.values():
            for finding in group.findings:
                if isinstance(finding, TrafficStop):
                    yield finding.silence(begin, at)

    def _explain(self, raised: RaisedAlarm) -> Explained:
        """What the history says of an alarm; nothing where it cannot be asked now, which keeps back no alarm."""
        if self._history is None:
            return Explained()
        low, high = interval(raised.alarm)
        facts = ChangeFacts(raised.series, raised.metric, raised.alarm.onset, low, high, raised.alarm.at)
        try:
            found = attribute(self._history, facts)
        except Transient as error:
            _log.warning("a regression goes without its attribution", series=str(raised.series), error=str(error))
            return Explained()
        return Explained(found.slices, found.mix, found.co_timed)

    def _sharpen(self, watches: Sequence[SeriesWatch], alarm: Alarm) -> Alarm:
        """Onset and size by the history, or as the monitor has them where it cannot be asked now."""
        if self._history is None:
            return alarm
        try:
            return sharpened(self._history, watches, alarm)
        except Transient as error:
            _log.warning("a regression goes with a rough onset", series=str(watches[0].key), error=str(error))
            return alarm

    def _in_time(self, columns: CallColumns, received_at: float) -> CallColumns:
        late = columns.ts < self._watermark - self.config.late_s
        ahead = columns.ts > received_at + _AHEAD_S
        if late.any():
            self._late += int(late.sum())
            self._late_calls.note(columns, late, received_at)
        self._future += int(ahead.sum())
        return columns if not (late | ahead).any() else columns.where(~(late | ahead))

    def _evict(self) -> list[Regression]:
        transitions: list[Regression] = []
        held = sum(len(group.series) for group in self.groups.values())
        while held > self.config.max_series:
            group = min(self.groups.values(), key=lambda one: (one.oldest(), one.key))
            transitions += group.drop_oldest(self._watermark)
            if not group.series:
                del self.groups[group.key]
            self._evicted += 1
            held -= 1
        return transitions


def _findings(key: SeriesKey) -> list[FindingDetector]:
    return [make(key) for make in FINDINGS]


def _rows_by_series(columns: CallColumns) -> dict[SeriesKey, dict[SeriesKey, Ints]]:
    """Positions of each series' calls, by parent and series."""
    order = np.argsort(columns.series, kind="stable")
    cuts = np.searchsorted(columns.series[order], np.arange(len(columns.keys) + 1))
    rows: dict[SeriesKey, dict[SeriesKey, Ints]] = {}
    for i, key in enumerate(columns.keys):
        if cuts[i] < cuts[i + 1]:
            rows.setdefault(key.parent, {})[key] = order[cuts[i] : cuts[i + 1]]
    return rows


def _plain(array: np.ndarray[Any, Any]) -> list[Any]:
    """An array that does not lie in one piece, as lists."""
    plain: list[Any] = array.tolist()
    return plain
