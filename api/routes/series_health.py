"""``GET /v1/health`` and ``GET /v1/series/{id}/history``: how each series fares, and how it did."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel

from api.access import Caller, Scope, require
from api.answers.cursor import Cursor, read_cursor
from api.answers.tabular import RESPONSES, Form, Wanted, respond, table_of
from api.bounds import Bounds
from api.filters import Chosen, End, Period, Start, check_dimensions, listed, no_words, period
from api.health.models import HealthAnswer, HealthItem, HistoryAnswer, HistoryItem
from api.health.reader import HealthReader
from api.health.series_state import Judgement
from api.problems import Problem, problem_description
from api.routes.detectors import DetectorViews
from watchkeeper.clock import Clock
from watchkeeper.schema import Outcome
from watchkeeper.series_id import ANY, SHORTEST_BEGIN
from watchkeeper.storage.call_filter import from_mapping
from watchkeeper.storage.client import Store
from watchkeeper.storage.series_cells import SERIES, HealthQuery
from watchkeeper.storage.series_health import Series
from watchkeeper.storage.series_names import find_series

Reader = Annotated[Caller, Depends(require(Scope.READ, scoped=True))]
INTERVALS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3_600, "6h": 21_600, "1d": 86_400}
_MOST_INTERVALS = 5_000
_MOST_NAMED = 10
_NAMED_WITHIN = timedelta(days=90)
"""A series without regressions is known by its name if it had calls so recently."""
_OUTCOMES = [str(outcome) for outcome in Outcome]


@dataclass(frozen=True)
class Asked:
    """A dependency: how series are put together, and which page."""

    by: Annotated[
        list[str],
        Query(
            description="Dimensions, repeated or with commas; default: service, route, provider, request_model, model.",
            max_length=20,
            default_factory=no_words,
        ),
    ]
    limit: Annotated[int, Query(ge=1, le=5_000)] = 200
    cursor: Annotated[str, Query(description="`next_cursor` of the page before.", max_length=400)] = ""

    def dimensions(self, bounds: Bounds) -> tuple[str, ...]:
        """Each once, in the order that was asked for. Raises :class:`Problem` (422) for what is none."""
        found = listed(self.by)
        if not found or set(found) == {*SERIES}:
            return SERIES
        bounds.check_groups(found)
        check_dimensions(found, "by")
        return found


@dataclass(frozen=True, slots=True)
class HealthParts:
    """What the routes are made of."""

    store: Store
    clock: Clock
    bounds: Bounds
    detectors: DetectorViews | None
    """None where this process has not their code."""


def health_reader(parts: HealthParts) -> HealthReader:
    """What reads how series fare: one for all who ask, as it keeps answers for a moment."""
    return HealthReader(parts.store, parts.clock, _judgement(parts))


def router(parts: HealthParts, reader: HealthReader) -> APIRouter:
    """The routes; ``reader`` is that of :func:`health_reader`."""
    routes = APIRouter(prefix="/v1", tags=["health"])
    _add_health(routes, parts, reader)
    _add_history(routes, parts, reader)
    return routes


def _judgement(parts: HealthParts) -> Judgement | None:
    views = parts.detectors
    return Judgement(views.statuses, views.late) if views is not None else None


def _add_health(routes: APIRouter, parts: HealthParts, reader: HealthReader) -> None:
    @routes.get(
        "/health",
        summary="How each series fares: traffic, outcomes, times, cost, what is open",
        response_model=HealthAnswer,
        responses={**RESPONSES},
    )
    def health(
        caller: Reader,
        chosen: Annotated[Chosen, Depends()],
        asked: Annotated[Asked, Depends()],
        form: Wanted,
        words: Annotated[Period, Query(alias="period")] = "",
        start: Start = None,
        end: End = None,
    ) -> Response:
        """Those with most calls first. A failed call counts with the model that last answered the same use."""
        by = asked.dimensions(parts.bounds)
        question = (by, chosen, caller.tenants)
        page = read_cursor(asked.cursor, question) if asked.cursor else None
        span = (page.begin, page.end) if page else period(parts.clock.now(), words, start, end, "24h")
        parts.bounds.check_period(*span)
        query = HealthQuery(chosen.within(span, caller.tenants), by)
        reading = reader.health(query, sees_all=not caller.tenants)
        offset = page.offset if page else 0
        following = offset + asked.limit
        cursor = Cursor(following, *span).write(question) if following < len(reading.items) else None
        rows = reading.items[offset:following] if form is Form.JSON else reading.items
        about = {**_about(reader, query), "as_of": reading.as_of}
        answer = HealthAnswer(**about, rows=[], next_cursor=cursor if form is Form.JSON else None)
        return _respond(answer, rows, HealthItem, form, by)


def _add_history(routes: APIRouter, parts: HealthParts, reader: HealthReader) -> None:
    @routes.get(
        "/series/{series}/history",
        summary="How one series fared, interval by interval, and its regressions",
        response_model=HistoryAnswer,
        responses={**RESPONSES, 404: problem_description("No series of that id had calls or a regression")},
    )
    def history(
        caller: Reader,
        series: Annotated[
            str,
            Path(
                pattern=f"^[0-9a-f]{{{SHORTEST_BEGIN},12}}$",
                description="`series_id` of a row of /v1/health, or as much of its begin as no other has.",
            ),
        ],
        form: Wanted,
        words: Annotated[Period, Query(alias="period")] = "",
        start: Start = None,
        end: End = None,
        interval: Annotated[str, Query(description=f"{', '.join(INTERVALS)}; default: what suits the period.")] = "",
    ) -> Response:
        """Intervals without calls are left out. Intervals below an hour read single calls."""
        now = parts.clock.now()
        span = period(now, words, start, end, "7d")
        parts.bounds.check_period(*span)
        chosen_interval = _interval(interval, span)
        series, found = _named(parts, series, now, sees_all=not caller.tenants)
        query = _history_query(found, span, INTERVALS[chosen_interval], caller.tenants)
        rows = reader.history(query)
        if caller.tenants and not rows:
            raise _no_such(series)
        named: dict[str, Any] = dict(zip(SERIES, found, strict=True))
        regressions, truncated = ([], False) if caller.tenants else reader.past_regressions(found, *span)
        answer = HistoryAnswer(
            **_about(reader, query),
            **named,
            as_of=now,
            series_id=series,
            interval=chosen_interval,
            regressions=regressions,
            regressions_truncated=truncated,
            rows=[],
        )
        return _respond(answer, rows, HistoryItem, form)


def _named(parts: HealthParts, text: str, now: datetime, *, sees_all: bool) -> tuple[str, Series]:
    """Id and series; who does not see all names one by its whole id. Raises :class:`Problem` (404) otherwise."""
    found = find_series(parts.store, text, now - _NAMED_WITHIN)
    if not found or (not sees_all and text not in found):
        raise _no_such(text)
    if len(found) > 1:
        named = [f"{name} ({'|'.join(found[name])})" for name in sorted(found)]
        listed = ", ".join(named[:_MOST_NAMED]) + (" …" if len(named) > _MOST_NAMED else "")
        raise Problem(404, "Not one series", f"several ids begin with {text}: {listed}; write more of the id.")
    return next(iter(found.items()))


def _no_such(text: str) -> Problem:
    return Problem(404, "No such series", f"{text} had no calls of late; /v1/health lists what had, with ids.")


def _history_query(
    series: Series, span: tuple[datetime, datetime], interval_s: int, tenants: tuple[str, ...]
) -> HealthQuery:
    fixed = {name: (value,) for name, value in zip(SERIES, series, strict=True) if value != ANY}
    return HealthQuery(from_mapping(*span, {**fixed, "tenant": tenants}), tuple(fixed), interval_s)


def _interval(words: str, span: tuple[datetime, datetime]) -> str:
    length_s = (span[1] - span[0]).total_seconds()
    suits = next((name for name, most in _SUITS if length_s <= most), "1d")
    chosen = words or suits
    if chosen not in INTERVALS:
        raise Problem(422, "A parameter does not fit", f"interval is {words[:40]!r}: use {', '.join(INTERVALS)}.")
    if length_s / INTERVALS[chosen] > _MOST_INTERVALS:
        raise Problem(
            422,
            "Too much at once",
            f"the period has more than {_MOST_INTERVALS:,} intervals of {chosen}: choose a longer interval or a "
            "shorter period.",
        )
    return chosen


_SUITS = (("5m", 2 * 3_600), ("1h", 8 * 86_400), ("6h", 32 * 86_400))


def _about(reader: HealthReader, query: HealthQuery) -> dict[str, Any]:
    since = reader.complete_since(query.table)
    return {
        "start": query.read.begin,
        "end": query.read.end,
        "asked_start": query.chosen.begin,
        "asked_end": query.chosen.end,
        "source": [query.table],
        "complete_since": since,
        "complete": since is None or query.read.begin >= since,
    }


def _respond(
    answer: BaseModel, rows: Sequence[dict[str, Any]], item: type[BaseModel], form: Form, by: Iterable[str] = ()
) -> Response:
    """``rows`` hold the fields of ``item``; ``answer`` is what is said beside them."""
    if form is Form.JSON:
        about = answer.model_dump(exclude={"rows"})
        text = orjson.dumps({**about, "rows": rows}, default=_written, option=orjson.OPT_UTC_Z)
        return Response(text, media_type="application/json")
    shown = [item.model_validate(row) for row in rows]
    return respond(answer, table_of(item, shown, {"group": tuple(by), "outcomes": _OUTCOMES}), form)


def _written(value: Any) -> str:
    """Dollars as :data:`~api.answers.dollars.Dollars` has them."""
    if not isinstance(value, Decimal):
        raise TypeError
    return f"{value:f}"
