"""``GET /v1/costs/forecast``: what will have been spent by the end of the month, or by another time."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query

from api.access import Caller, Scope, require
from api.answers.dollars import usd
from api.answers.tabular import RESPONSES, Form, Wanted, respond, table_of
from api.filters import Chosen
from api.forecasting.models import Certainty, ForecastAnswer, ForecastDay
from api.forecasting.ranges import spend_range
from api.problems import Problem
from watchkeeper.clock import Clock
from watchkeeper.forecasting.forecast import METHOD, MOST_DAYS_AHEAD, DayAhead
from watchkeeper.forecasting.spending import Outlook, outlook
from watchkeeper.storage.client import Store
from watchkeeper.time_zone import midnight, time_zone

Reader = Annotated[Caller, Depends(require(Scope.READ, scoped=True))]
Until = Annotated[datetime | None, Query(description="Forecast up to this time; default: the end of this month.")]
Zone = Annotated[
    str, Query(description="IANA name, such as Europe/Berlin: whose days and months count.", max_length=60)
]


def router(store: Store, clock: Clock) -> APIRouter:
    """The route over ``store``."""
    routes = APIRouter(prefix="/v1/costs", tags=["costs"])

    @routes.get(
        "/forecast",
        summary="What will have been spent by the end of the month",
        response_model=ForecastAnswer,
        responses={**RESPONSES},
    )
    def forecast(
        caller: Reader, chosen: Annotated[Chosen, Depends()], form: Wanted, until: Until = None, zone: Zone = "UTC"
    ) -> Any:
        """With an interval that is as wide as the days so far make it, or with what is missing. See docs/costs.md."""
        now, where = clock.now(), time_zone(zone)
        first = now.astimezone(where).date().replace(day=1)
        end = _checked(until, now) if until else midnight(next_month(first), where)
        answer = forecast_answer(
            outlook(store, chosen.within((midnight(first, where), end), caller.tenants), now, where), where
        )
        return answer if form is Form.JSON else respond(answer, table_of(ForecastDay, answer.days), form, rows="days")

    return routes


def _checked(until: datetime, now: datetime) -> datetime:
    if until.tzinfo is None:
        raise _unfit("until needs a zone: write 2026-01-31T12:00:00Z.")
    if not timedelta(0) < until - now <= timedelta(days=MOST_DAYS_AHEAD):
        raise _unfit(f"until is {until.isoformat()}: choose a time within the next {MOST_DAYS_AHEAD} days.")
    return until


def next_month(first: date) -> date:
    """The first day of the month after that of ``first``, which is a first day."""
    return (first + timedelta(days=31)).replace(day=1)


def forecast_answer(seen: Outlook, zone: ZoneInfo) -> ForecastAnswer:
    """The outlook as the API tells it, with days of ``zone``."""
    found = seen.forecast
    return ForecastAnswer(
        certainty=Certainty.FORECAST if found else Certainty.CANNOT_TELL,
        summary=_summary(seen, zone),
        missing=seen.missing or None,
        start=seen.begin,
        now=seen.now,
        until=seen.end,
        time_zone=zone.key,
        spent_usd=seen.spent,
        total=spend_range(found.total) if found else None,
        days=[_day(one) for one in found.days] if found else [],
        whole_days_of_history=seen.whole_days,
        unpriced_calls=seen.unpriced_calls,
        complete_since=seen.complete_since,
        method=METHOD,
        notes=list(seen.notes()),
    )


def _summary(seen: Outlook, zone: ZoneInfo) -> str:
    if seen.forecast is None:
        return f"Cannot tell yet. {seen.missing}"
    total, end = seen.forecast.total, seen.end.astimezone(zone)
    return (
        f"Expected by {end:%Y-%m-%d %H:%M} {zone.key}: {usd(total.expected)}, with 80 % certainty between "
        f"{usd(total.low_80)} and {usd(total.high_80)}."
    )


def _day(one: DayAhead) -> ForecastDay:
    return ForecastDay(day=one.day, expected_usd=one.expected, total=spend_range(one.total))


def _unfit(detail: str) -> Problem:
    return Problem(422, "A parameter does not fit", detail)
