"""The very same engine over calls of the past: what would have been reported, and when.

Calls are fed by their own time, in units as a busy hour would bring them, with clock ticks between; nothing depends on
the machine or on the moment of the run.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from detectors.blocks import LONGEST_S
from detectors.engine import Engine
from detectors.finding import HOUR_S, instant
from detectors.metrics import Severity
from detectors.records import FindingKind, Regression, State
from detectors.score_tape import ScoreTape
from detectors.series import SeriesKey
from detectors.statuses import MetricStatus, statuses
from detectors.story import moment

UNIT_CALLS = 100_000
MOST_PAIRS = 20_000
_UNIT_HOURS = (1, 2, 3, 4, 6, 8, 12, 24)
_NOT_JUDGED = {State.LEARNING.value, State.CANNOT_TELL.value}

Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Backtest:
    """What came of it."""

    engine: Engine
    transitions: list[Regression] = field(default_factory=list)
    """In the order in which they would have been told."""
    calls: int = 0
    """Rows that were fed."""
    begin: float = 0.0
    """Unix seconds of the first call."""
    end: float = 0.0

    @property
    def regressions(self) -> list[Regression]:
        """Each as it stood in the end, by when it was found; pages before notices."""
        return self._latest(lambda one: one.kind is FindingKind.REGRESSION)

    @property
    def findings(self) -> list[Regression]:
        """The same of findings of other kinds."""
        return self._latest(lambda one: one.kind is not FindingKind.REGRESSION)

    def statuses(self) -> list[MetricStatus]:
        """Where each metric of each series stood in the end."""
        return statuses(self.engine)

    def told_as(self, record: Regression) -> str:
        """Why ``record`` was told when it was told first."""
        return next(one.reason for one in self.transitions if one.id == record.id)

    def is_regressed(self) -> bool:
        """Would anybody have been paged?"""
        return any(one.severity is Severity.PAGE for one in self.transitions)

    def cannot_tell(self) -> str:
        """Why there was nothing that could be judged at all; empty: there was."""
        if self.transitions:
            return ""
        if self.calls > 1 and self.begin == self.end:
            return (
                f"all {self.calls:,} calls have the same time, {moment(instant(self.begin))}: "
                "ts must say when each of them began"
            )
        judged = set(self.engine.counts().series_by_state) - _NOT_JUDGED
        return "" if judged else "too few calls: no metric of any series got past learning"

    def _latest(self, wanted: Callable[[Regression], bool]) -> list[Regression]:
        last = {one.id: one for one in self.transitions if wanted(one)}
        return sorted(last.values(), key=lambda one: (one.severity is not Severity.PAGE, one.detected_at, one.id))


def backtest(
    engine: Engine,
    calls: Iterable[pa.Table],
    progress: Callable[[int], None] = lambda rows: None,
    scores: Iterable[pa.Table] = (),
) -> Backtest:
    """Feed ``calls`` (tables in the call schema, each by time and later than the one before) to a fresh ``engine``.

    ``progress`` is told the number of rows after each unit. ``scores`` are in the schema of joined scores, as ordered.
    """
    result, tape = Backtest(engine), ScoreTape(scores)
    for table in calls:
        times: Ints = table["ts"].cast(pa.int64()).to_numpy()
        for first, last in cuts(times, hours=unit_hours(table, times)):
            _feed(result, table.slice(first, last - first), times[first] / 1e6, times[last - 1] / 1e6)
            _judge(result, tape, result.end)
            progress(last - first)
    _judge(result, tape, math.inf)
    if result.calls:
        _end(result)
    return result


def _feed(result: Backtest, unit: pa.Table, begin: float, end: float) -> None:
    if not result.calls:
        result.begin = begin
    result.transitions += result.engine.advance(begin)
    result.transitions += result.engine.process(unit, end)
    result.calls += unit.num_rows
    result.end = end


def _judge(result: Backtest, tape: ScoreTape, until: float) -> None:
    for scores in tape.until(until):
        result.transitions += result.engine.process_scores(scores)


def _end(result: Backtest) -> None:
    """The blocks that are open are judged, as the clock would soon do; that no call follows means nothing here."""
    result.transitions += result.engine.advance(result.end)
    late = result.engine.advance(result.end + LONGEST_S)
    result.transitions += [one for one in late if one.kind is FindingKind.REGRESSION]


def unit_hours(table: pa.Table, times: Ints) -> int:
    """Longest span of a unit in hours: one, if the file is not of very many series over a long time.

    Findings are dated by units, and an outage that ends within one is none. But a unit costs as much for each series
    that has calls in it, however few: units are longer where hours would make more than :data:`MOST_PAIRS` pairs.
    """
    columns = [name for name in SeriesKey._fields if name in table.column_names]
    series = table.select(columns).unify_dictionaries().group_by(columns).aggregate([]).num_rows if columns else 1
    for hours in _UNIT_HOURS:
        calls = np.unique(times // int(hours * HOUR_S * 1e6), return_counts=True)[1]
        if np.minimum(calls, series).sum() <= MOST_PAIRS:
            return hours
    return _UNIT_HOURS[-1]


def cuts(times: Ints, most: int = UNIT_CALLS, hours: int = 24) -> Iterator[tuple[int, int]]:
    """Rows [first, last) of each unit of ascending ``times`` (microseconds): at most ``most`` calls.

    A unit lies within a span of ``hours`` (a divisor of 24); an hour ends it once it has a fifth of ``most`` calls.
    """
    every, spans = (times // int(count * HOUR_S * 1e6) for count in (1, hours))
    begin = 0
    for end in [*(np.flatnonzero(np.diff(every)) + 1).tolist(), len(times)]:
        if end < len(times) and end - begin < most // 5 and spans[end] == spans[begin]:
            continue
        for first in range(begin, end, most):
            yield first, min(first + most, end)
        begin = end
