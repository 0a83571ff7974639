"""``/v1/comparisons``: comparisons that recur, and what they found."""

import threading
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from api.access import Caller, Scope, require
from api.answers.tabular import RESPONSES, Form, Wanted, respond, table_of
from api.comparing.desk import Desk
from api.comparing.schedule import Comparisons
from api.comparing.scheduled_models import (
    ComparisonBody,
    ComparisonItem,
    ComparisonRow,
    ComparisonsAnswer,
    ResultRow,
    ResultsAnswer,
    comparison_item,
    comparison_row,
    result_row,
)

Reader = Annotated[Caller, Depends(require(Scope.READ, scoped=True))]
Writer = Annotated[Caller, Depends(require(Scope.OPERATE, scoped=True))]
Name = Annotated[
    str, Path(description="Letters, digits and . _ -", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)
]
Limit = Annotated[int, Query(ge=1, le=200)]
Before = Annotated[datetime | None, Query(description="`next_before` of the page before.")]


def router(parts: Comparisons) -> APIRouter:
    """The routes; ``parts.store`` takes what is written."""
    routes = APIRouter(prefix="/v1/comparisons", tags=["compare"])
    desk = Desk(parts)
    # A version is the one before plus one, so one at a time.
    turn = threading.Lock()

    @routes.get(
        "",
        summary="Comparisons that recur, and how each stands",
        response_model=ComparisonsAnswer,
        responses={**RESPONSES},
    )
    def listing(caller: Reader, form: Wanted) -> Any:
        found = desk.visible(caller)
        answer = ComparisonsAnswer(rows=[comparison_row(one, desk.last(one.name)) for one in found])
        return answer if form is Form.JSON else respond(answer, table_of(ComparisonRow, answer.rows), form)

    @routes.get("/{name}", summary="One comparison: what it compares, and when")
    def one(name: Name, caller: Reader) -> ComparisonItem:
        return comparison_item(desk.present(name, caller))

    @routes.get(
        "/{name}/results",
        summary="What a comparison found, the latest first",
        response_model=ResultsAnswer,
        responses={**RESPONSES},
    )
    def results(name: Name, caller: Reader, form: Wanted, limit: Limit = 50, before: Before = None) -> Any:
        desk.present(name, caller)
        answer = desk.results(name, limit, before)
        return answer if form is Form.JSON else respond(answer, table_of(ResultRow, answer.rows), form)

    @routes.put("/{name}", summary="Make a comparison that recurs, or change it as a whole")
    def put(name: Name, body: ComparisonBody, caller: Writer) -> ComparisonItem:
        with turn:
            return comparison_item(desk.put(name, body, caller))

    @routes.post("/{name}/run", summary="Compare now, for the minute that began last")
    def run_now(name: Name, caller: Writer) -> ResultRow:
        """Twice within a minute answers the same result."""
        return result_row(desk.run(name, caller))

    @routes.delete("/{name}", summary="Remove a comparison; its results stay", status_code=204)
    def delete(name: Name, caller: Writer) -> Response:
        with turn:
            desk.remove(name, caller)
        return Response(status_code=204)

    return routes
