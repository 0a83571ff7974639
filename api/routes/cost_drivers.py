"""``GET /v1/costs/drivers``: why cost moved between two periods."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.access import Caller, Scope, require
from api.answers.tabular import RESPONSES, Form, Wanted, respond, table_of
from api.bounds import Bounds
from api.cost_drivers.answer import Origin, PeriodRead, drivers_answer
from api.cost_drivers.models import CostDriversAnswer, SliceItem
from api.filters import PERIOD_HELP, Chosen, End, Period, Start, named_period, period
from api.problems import Problem
from watchkeeper.clock import Clock
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_cells import MOST_CELLS, read_cost_cells
from watchkeeper.storage.cost_source import choose_source, kept_since

Reader = Annotated[Caller, Depends(require(Scope.READ, scoped=True))]
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Periods:
    """A dependency: the two periods that are compared, the earlier one by default equally long and just before."""

    period: Period = ""
    start: Start = None
    end: End = None
    versus: Annotated[str, Query(description=f"The other period: {PERIOD_HELP}.", max_length=20)] = ""
    versus_start: Annotated[datetime | None, Query(description="Instead of `versus`.")] = None
    versus_end: Annotated[datetime | None, Query(description="Default: the begin of the period.")] = None

    def at(self, now: datetime) -> tuple[Span, Span]:
        """The other period, and the period; both end by ``now``. Raises :class:`Problem` (422)."""
        begin, end = _past(period(now, self.period, self.start, self.end, "7d"), now)
        if self.versus_start or self.versus_end:
            other = period(begin, self.versus, self.versus_start, self.versus_end, "7d")
        else:
            other = named_period(self.versus, now) if self.versus else (_before(begin, end), begin)
        other = _past(other, now)
        if other[0] < end and begin < other[1]:
            raise _unfit(self._overlap(other, (begin, end)))
        return other, (begin, end)

    def _overlap(self, other: Span, chosen: Span) -> str:
        said = f"the two periods overlap: versus is {_times(other)}, the period is {_times(chosen)}."
        if self.versus and not (self.versus_start or self.versus_end):
            return (
                f"{said} {self.versus!r} is counted from now, not from the period: leave versus out for the time just "
                "before the period, or give versus_start (--versus-from) and versus_end (--versus-to)."
            )
        return f"{said} Choose a versus that ends before the period begins, or begins after it."


def router(store: Store, clock: Clock, bounds: Bounds) -> APIRouter:
    """The route over ``store``."""
    routes = APIRouter(prefix="/v1/costs", tags=["costs"])

    @routes.get(
        "/drivers",
        summary="Why cost moved between two periods",
        response_model=CostDriversAnswer,
        responses={**RESPONSES},
    )
    def drivers(
        caller: Reader,
        periods: Annotated[Periods, Depends()],
        chosen: Annotated[Chosen, Depends()],
        form: Wanted,
        limit: Annotated[
            int, Query(ge=1, le=1_000, description="Slices listed one by one in JSON; tables hold all.")
        ] = 50,
    ) -> Any:
        """The difference, taken apart exactly: volume, mix, lengths, caching, unit prices, waste. See docs/costs.md."""
        now = clock.now()
        wanted = [chosen.within(span, caller.tenants) for span in checked_spans(periods, now, bounds)]
        answer = explain_costs(store, wanted, now, limit if form is Form.JSON else MOST_CELLS)
        return answer if form is Form.JSON else respond(answer, table_of(SliceItem, answer.slices), form, rows="slices")

    return routes


def checked_spans(periods: Periods, now: datetime, bounds: Bounds) -> tuple[Span, Span]:
    """The other period, and the period. Raises :class:`Problem` (422) for what makes no sense or is too long."""
    spans = periods.at(now)
    for span in spans:
        bounds.check_period(*span)
    return spans


def explain_costs(store: Store, wanted: list[CallFilter], now: datetime, limit: int) -> CostDriversAnswer:
    """Why the second of the ``wanted`` calls cost something else than the first; lists ``limit`` slices.

    Raises :class:`Problem` (422) for periods shorter than what is kept so far back.
    """
    kept = kept_since(store, now)
    source = choose_source(wanted, kept)
    readings = [source.reading(one) for one in wanted]
    if any(one.begin >= one.end for one in readings):
        raise _unfit(
            f"the period is too short: so far back calls are kept in steps of {source.bucket_s // 60} minutes."
        )
    versus, chosen = (PeriodRead(one.begin, one.end, read_cost_cells(store, one, source)) for one in readings)
    return drivers_answer(versus, chosen, Origin(source.table, kept.get(source.table)), limit)


def _times(span: Span) -> str:
    begin, end = (moment.strftime("%Y-%m-%d %H:%M") for moment in span)
    return f"{begin} to {end} UTC"


def _before(begin: datetime, end: datetime) -> datetime:
    try:
        return begin - (end - begin)
    except OverflowError:
        raise _unfit("the time before the period lies outside the calendar: give versus.") from None


def _past(span: Span, now: datetime) -> Span:
    begin, end = span
    if begin >= now:
        raise _unfit(f"the period begins at {begin.isoformat()}, which is still to come.")
    return begin, min(end, now)


def _unfit(detail: str) -> Problem:
    return Problem(422, "A parameter does not fit", detail)
