"""``POST /v1/compare``: two cohorts of stored calls, compared honestly."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from api.access import Caller, Scope, require
from api.answers.tabular import RESPONSES, Form, Wanted, respond, table_of
from api.bounds import Bounds
from api.comparing.answer import answered
from api.comparing.cohorts import Asking
from api.comparing.models import CompareAnswer, CompareRequest, MetricRow
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store

Reader = Annotated[Caller, Depends(require(Scope.READ, scoped=True))]


def router(store: Store, clock: Clock, bounds: Bounds) -> APIRouter:
    """The route over ``store``."""
    routes = APIRouter(prefix="/v1", tags=["compare"])

    @routes.post(
        "/compare",
        summary="Two cohorts of calls by metric: better, not worse, worse, or cannot tell",
        response_model=CompareAnswer,
        responses={**RESPONSES},
    )
    def compare(caller: Reader, asked: CompareRequest, form: Wanted) -> Any:
        """Stratified by route, prompt size and kind of output; right however often it is asked.

        Tables have a row for each metric. See docs/how-we-compare.md.
        """
        answer = answered(store, asked, Asking(clock.now(), caller.tenants, bounds))
        return answer if form is Form.JSON else respond(answer, table_of(MetricRow, answer.rows), form)

    return routes
