"""Comparisons that recur: when they are due, what they found, and who is told when one goes worse."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from api.bounds import Bounds
from api.comparing.answer import answered
from api.comparing.cohorts import Asking
from api.comparing.models import CompareAnswer, CompareRequest, MetricRow
from api.comparing.verdict import Verdict
from watchkeeper.choices import Recurrence
from watchkeeper.clock import Clock
from watchkeeper.errors import Transient, WatchkeeperError
from watchkeeper.storage.client import Store
from watchkeeper.storage.notices import Notice, write
from watchkeeper.storage.scheduled_comparisons import (
    ComparisonResult,
    ScheduledComparison,
    list_comparisons,
    list_results,
    save_result,
)

DUE_EVERY_S = 60.0
_WELL = (Verdict.BETTER, Verdict.NOT_WORSE)
_MOST_FACTS = 8


@dataclass(frozen=True, slots=True)
class Comparisons:
    """What recurring comparisons need; ``reader`` is ``store`` with limits on each query."""

    reader: Store
    store: Store
    clock: Clock
    bounds: Bounds


def scheduled_time(every: Recurrence, now: datetime) -> datetime:
    """The last time at or before ``now`` (UTC) that a comparison is due."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    if every is Recurrence.HOUR:
        return hour
    midnight = hour.replace(hour=0)
    return midnight if every is Recurrence.DAY else midnight - timedelta(days=midnight.weekday())


def due(parts: Comparisons) -> list[ComparisonResult]:
    """Run each comparison whose last time has no result yet; times that were missed before it are left out.

    Safe to call from several processes: each time has one result. Raises :class:`~watchkeeper.errors.Transient` where
    the store does not answer; what is left is due at the next call.
    """
    return [run(parts, *one) for one in _waiting(parts)]


def _waiting(parts: Comparisons) -> Iterator[tuple[ScheduledComparison, datetime]]:
    now = parts.clock.now()
    for comparison in list_comparisons(parts.store):
        at = scheduled_time(comparison.every, now)
        last = list_results(parts.store, comparison.name, 1)
        if not last or last[0].scheduled_at < at:
            yield comparison, at


def run(parts: Comparisons, comparison: ScheduledComparison, scheduled_at: datetime) -> ComparisonResult:
    """The result for ``scheduled_at``: what is stored for that time, else a new one. Raises as :func:`due` does."""
    after = scheduled_at + timedelta(microseconds=1)
    before = list_results(parts.store, comparison.name, 1, before=after)
    if before and before[0].scheduled_at == scheduled_at:
        return before[0]
    found = _found(parts, comparison, scheduled_at)
    was_open = before[0].open_notice if before else ""
    result = ComparisonResult(
        name=comparison.name,
        scheduled_at=scheduled_at,
        version=comparison.version,
        at=parts.clock.now(),
        verdict=found.verdict,
        sentence=found.sentence,
        open_notice=_open_after(found.verdict, was_open, f"comparison:{comparison.name}:{scheduled_at.isoformat()}"),
        answer=found.answer.model_dump_json() if found.answer else "",
    )
    # The notice first: a result that is stored is never run again, a notice that is told again is told once.
    if state := _change(was_open, result.open_notice):
        write(parts.store, [_notice(result, was_open or result.open_notice, state, found.rows)])
    save_result(parts.store, result)
    return result


@dataclass(frozen=True, slots=True)
class _Outcome:
    verdict: Verdict
    sentence: str
    answer: CompareAnswer | None = None

    @property
    def rows(self) -> Sequence[MetricRow]:
        return self.answer.rows if self.answer else ()


def _found(parts: Comparisons, comparison: ScheduledComparison, at: datetime) -> _Outcome:
    """What the calls say, or why they say nothing."""
    try:
        asked = CompareRequest.model_validate_json(comparison.request)
        answer = answered(parts.reader, asked, Asking(at, (), parts.bounds))
    except Transient:
        raise
    except ValidationError:
        # Written by another version; one that cannot be read must not hold up the others.
        return _Outcome(Verdict.CANNOT_TELL, "Could not be compared: its request is not understood. Set it anew.")
    except WatchkeeperError as error:
        return _Outcome(Verdict.CANNOT_TELL, f"Could not be compared. {error}")
    return _Outcome(answer.verdict, answer.sentence, answer)


def _open_after(verdict: str, was_open: str, new: str) -> str:
    """The notice that is open now: a comparison that cannot tell leaves it as it was."""
    if verdict in _WELL:
        return ""
    return was_open or (new if verdict == Verdict.WORSE else "")


def _change(was_open: str, is_open: str) -> str:
    if bool(was_open) == bool(is_open):
        return ""
    return "open" if is_open else "resolved"


def _notice(result: ComparisonResult, notice_id: str, state: str, rows: Sequence[MetricRow]) -> Notice:
    facts: dict[str, str | float | None] = {"verdict": result.verdict, "scheduled_at": result.scheduled_at.isoformat()}
    for row in rows[:_MOST_FACTS]:
        facts |= {row.metric: row.verdict, f"{row.metric}_difference": row.difference, f"{row.metric}_unit": row.unit}
    severity = "warning" if state == "open" else "info"
    return Notice(notice_id, "comparison", result.name, state, severity, result.sentence, facts, result.at)


def end(parts: Comparisons, name: str) -> None:
    """Of a comparison that is removed: what is open of it is told as resolved."""
    last = list_results(parts.store, name, 1)
    if last and (was_open := last[0].open_notice):
        now = parts.clock.now()
        sentence = f"The comparison {name} was removed."
        result = ComparisonResult(name, now, last[0].version, now, Verdict.CANNOT_TELL, sentence, "", "")
        write(parts.store, [_notice(result, was_open, "resolved", ())])
        save_result(parts.store, result)
