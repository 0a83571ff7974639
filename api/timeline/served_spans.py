"""From days on which models answered to spans, re-points and mixed fleets. No I/O."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import pairwise

from api.timeline.models import RepointItem, ServedSpanItem
from watchkeeper.storage.model_timeline import ServedDay

_Numbered = tuple[int, ServedDay]
"""With the number of its day among the days that had answers."""


def served_spans(days: Sequence[ServedDay]) -> list[ServedSpanItem]:
    """The spans of the models that answered for one name; a day without any answers ends none."""
    order = {day: number for number, day in enumerate(sorted({one.day for one in days}))}
    totals: dict[int, int] = defaultdict(int)
    of_model: dict[str, list[_Numbered]] = defaultdict(list)
    for one in sorted(days, key=lambda one: one.day):
        totals[order[one.day]] += one.calls
        of_model[one.model].append((order[one.day], one))
    spans = [_span(run, totals) for numbered in of_model.values() for run in _runs(numbered)]
    return sorted(spans, key=lambda span: (span.first_seen, -span.calls, span.model))


def serving_now(days: Sequence[ServedDay]) -> list[str]:
    """Who answered on the last day, most answers first."""
    last = max((one.day for one in days), default=None)
    return [one.model for one in sorted(days, key=lambda one: (-one.calls, one.model)) if one.day == last]


def repoints(days: Sequence[ServedDay]) -> list[RepointItem]:
    """Changes of the model with most answers of a day, in the order of time."""
    leaders = _leaders(days)
    spans = served_spans(days)
    return [
        RepointItem(at=_took_over(after, spans), before=before.model, after=after.model)
        for before, after in pairwise(leaders)
        if before.model != after.model
    ]


def _leaders(days: Sequence[ServedDay]) -> list[ServedDay]:
    best: dict[date, ServedDay] = {}
    for one in sorted(days, key=lambda one: (one.day, one.calls, one.last_seen)):
        best[one.day] = one
    return [best[day] for day in sorted(best)]


def _took_over(after: ServedDay, spans: Sequence[ServedSpanItem]) -> datetime:
    """The begin of the span of ``after``: it may have answered a few calls before it answered most."""
    inside = [span.first_seen for span in spans if span.model == after.model and span.first_seen.date() <= after.day]
    return max(inside, default=after.first_seen)


def _runs(numbered: Sequence[_Numbered]) -> Iterator[Sequence[_Numbered]]:
    """Cut where a day had answers, but none of this model."""
    begin = 0
    for place in range(1, len(numbered) + 1):
        if place == len(numbered) or numbered[place][0] != numbered[place - 1][0] + 1:
            yield numbered[begin:place]
            begin = place


def _span(run: Sequence[_Numbered], totals: dict[int, int]) -> ServedSpanItem:
    calls = sum(one.calls for _, one in run)
    return ServedSpanItem(
        model=run[0][1].model,
        first_seen=min(one.first_seen for _, one in run),
        last_seen=max(one.last_seen for _, one in run),
        calls=calls,
        share=round(calls / sum(totals[number] for number, _ in run), 6),
    )
