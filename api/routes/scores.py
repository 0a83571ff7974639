"""``GET /v1/scores/export``: feedback and evaluation results with the calls they judge, in columns."""

from collections.abc import Iterator
from math import ceil
from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Depends, Query, Response

from api.access import Scope, require
from api.answers.tabular import RESPONSES, Form, Wanted, stream
from api.bounds import Bounds
from api.filters import End, Period, Start, period
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.score_feed import SCORED_SCHEMA, ScoreFeed


def router(store: Store, clock: Clock, bounds: Bounds) -> APIRouter:
    """The route over ``store``."""
    routes = APIRouter(prefix="/v1/scores", tags=["calls"])

    @routes.get(
        "/export",
        summary="Feedback and evaluation results whose call is stored, as a table",
        response_class=Response,
        responses={**RESPONSES},
        dependencies=[Depends(require(Scope.READ))],
    )
    def export(
        form: Wanted,
        words: Annotated[Period, Query(alias="period")] = "",
        start: Start = None,
        end: End = None,
    ) -> Response:
        """By when they were given. Arrow (the default here), Parquet or CSV; written as it is read."""
        begin, until = period(clock.now(), words, start, end, "24h")
        bounds.check_period(begin, until)
        tables = ScoreFeed(store).given(int(begin.timestamp()), ceil(until.timestamp()))
        about = {"start": begin.isoformat(), "end": until.isoformat()}
        return stream(SCORED_SCHEMA, _batches(tables), Form.ARROW if form is Form.JSON else form, about)

    return routes


def _batches(tables: Iterator[pa.Table]) -> Iterator[pa.RecordBatch]:
    for table in tables:
        yield from table.combine_chunks().to_batches()
