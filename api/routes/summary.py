"""``GET /v1/summary``: calls, outcomes, latency, tokens and cost per service and model."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.access import Scope, require
from api.bounds import Bounds
from api.models import SummaryAnswer, summary_row
from api.problems import Problem
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.summary import SummaryQuery, summarise

_FIRST = datetime.min.replace(tzinfo=UTC)
_DEFAULT_SPAN = timedelta(hours=24)
_INTERVALS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "6h": 21600, "1d": 86400}


def router(store: Store, clock: Clock, bounds: Bounds) -> APIRouter:
    """The summary over ``store``."""
    routes = APIRouter(prefix="/v1", tags=["summary"])

    @routes.get(
        "/summary",
        summary="Calls, outcomes, latency, tokens and cost per service and model",
        dependencies=[Depends(require(Scope.READ))],
    )
    def summary(
        start: Annotated[datetime | None, Query(description="From this time (ISO 8601); default: 24 h ago.")] = None,
        end: Annotated[datetime | None, Query(description="Up to this time; default: now.")] = None,
        interval: Annotated[
            str, Query(description="Empty: one row a service and model; else 1m, 5m, 15m, 1h, 6h, 1d.")
        ] = "",
        service: Annotated[str, Query(description="Only this service.")] = "",
        model: Annotated[str, Query(description="Only this served model.")] = "",
    ) -> SummaryAnswer:
        if interval and interval not in _INTERVALS:
            raise Problem(
                422, "A parameter does not fit", f"interval is {interval!r}: use one of {', '.join(_INTERVALS)}."
            )
        end = end or clock.now() + timedelta(minutes=1)
        start = start or max(_aware(end), _FIRST + _DEFAULT_SPAN) - _DEFAULT_SPAN
        query = SummaryQuery(_aware(start), _aware(end), _INTERVALS.get(interval, 0), service, model)
        if query.begin >= query.end:
            raise Problem(422, "A parameter does not fit", f"start ({start}) must be before end ({end}).")
        bounds.check_period(query.begin, query.end)
        found = summarise(store, query)
        bounds.check_rows(len(found))
        return SummaryAnswer(start=query.begin, end=query.end, rows=[summary_row(row) for row in found])

    return routes


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise Problem(422, "A parameter does not fit", "times need a zone: write 2026-01-31T12:00:00Z.")
    return moment
