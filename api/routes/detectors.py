"""``/v1/detectors``: what the detectors know of each series, and how often people called them wrong."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from api.access import Scope, require
from api.detector_models import FalseAlarmItem, MetricStatusItem, SeriesExplanationItem, StatusList
from api.problems import Problem, problem_description
from watchkeeper.errors import ConfigError
from watchkeeper.series_id import is_begin
from watchkeeper.storage.client import Store
from watchkeeper.storage.false_alarms import FalseAlarmCount, false_alarm_counts
from watchkeeper.storage.regression_stream import bounded_micros
from watchkeeper.wilson import wilson

_READER = Depends(require(Scope.READ))
_SEPARATOR = " "
Word = Annotated[str, Query(max_length=300)]
StateName = Literal["", "learning", "cannot_tell", "ok", "suspect", "open", "recovering"]


@dataclass(frozen=True, slots=True)
class DetectorViews:
    """What a process that has the detectors' code shows of their states, as they were saved last."""

    explain: Callable[[str], Mapping[str, Any]]
    """All of the series that a text, an id or a part of the text names. Raises :class:`ConfigError` otherwise."""
    statuses: Callable[[], Sequence[Mapping[str, Any]]]
    """All watched metrics, by series."""
    late: Callable[[], Mapping[str, Mapping[str, Any]]] = dict
    """Calls that came too late to be judged, by series id: how many (``calls``), and when one came ``last``."""


def router(store: Store, views: DetectorViews | None) -> APIRouter:
    """The routes; those that need the detectors' code where there are ``views``."""
    routes = APIRouter(prefix="/v1/detectors", tags=["detectors"])
    _add_false_alarms(routes, store)
    if views is not None:
        _add_series(routes, views)
        _add_explain(routes, views)
    return routes


def _add_false_alarms(routes: APIRouter, store: Store) -> None:
    @routes.get(
        "/false-alarms", summary="How often people called what was reported a false alarm", dependencies=[_READER]
    )
    def false_alarms(
        since: Annotated[AwareDatetime | None, Query(description="Of what was detected since; default: all.")] = None,
    ) -> list[FalseAlarmItem]:
        return [_false_alarm(one) for one in false_alarm_counts(store, bounded_micros(since) if since else 0)]


def _add_series(routes: APIRouter, views: DetectorViews) -> None:
    @routes.get(
        "/series", summary="Where each metric of each series stands, as of the last save", dependencies=[_READER]
    )
    def series(
        state: StateName = "",
        metric: Word = "",
        text: Annotated[
            str, Query(alias="series", max_length=1_000, description="Id or its begin, or a part of its text.")
        ] = "",
        limit: Annotated[int, Query(ge=1, le=5_000)] = 500,
        cursor: Annotated[str, Query(max_length=2_000, description="`next_cursor` of the page before.")] = "",
    ) -> StatusList:
        wanted = [
            one
            for one in views.statuses()
            if state in ("", one["state"])
            and metric in ("", one["metric"])
            and (text.lower() in one["series"].lower() or is_begin(text, one["series_id"]))
        ]
        begin = _position(wanted, cursor)
        page = wanted[begin : begin + limit]
        more = begin + limit < len(wanted)
        rows = [MetricStatusItem.model_validate(one) for one in page]
        return StatusList(rows=rows, next_cursor=_name(page[-1]) if more else None)


def _add_explain(routes: APIRouter, views: DetectorViews) -> None:
    @routes.get(
        "/explain",
        summary="Baselines, guards, statistics and distance to alarm of one series, as of the last save",
        dependencies=[_READER],
        responses={404: problem_description("No series, or several, are named so; the detail lists what there is")},
    )
    def explain(
        series: Annotated[
            str,
            Query(
                min_length=1,
                max_length=1_000,
                description="Its text, its id (or its begin), or a part that only one has.",
            ),
        ],
    ) -> SeriesExplanationItem:
        try:
            return SeriesExplanationItem.model_validate(views.explain(series))
        except ConfigError as error:
            raise Problem(404, "Not one series", str(error)) from None


def _name(status: Mapping[str, Any]) -> str:
    return f"{status['series_id']}{_SEPARATOR}{status['metric']}"


def _position(wanted: Sequence[Mapping[str, Any]], cursor: str) -> int:
    """Of the first metric after the one that ``cursor`` names. Raises :class:`Problem` (422) where it is gone."""
    if not cursor:
        return 0
    for position, one in enumerate(wanted):
        if _name(one) == cursor:
            return position + 1
    raise Problem(422, "A parameter does not fit", "cursor names a metric that is not listed any more: begin again.")


def _false_alarm(one: FalseAlarmCount) -> FalseAlarmItem:
    known = one.judged > 0
    low, high = wilson(one.false_alarms, one.judged) if known else (None, None)
    return FalseAlarmItem(
        kind=one.kind,
        metric=one.metric,
        told=one.told,
        judged=one.judged,
        false_alarms=one.false_alarms,
        rate=one.false_alarms / one.judged if known else None,
        rate_low=low,
        rate_high=high,
    )
