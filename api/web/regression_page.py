"""``/regressions/{id}``: what changed, the evidence, who was told, and what may be done about it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.access import Scope
from api.alerting.models import WhyAnswer
from api.alerting.story import why
from api.problems import Problem
from api.regressions.actions import Said, take
from api.regressions.models import RegressionDetail, regression_detail
from api.regressions.naming import history_of
from api.web.buttons import BUTTONS, DONE, Button, fitting
from api.web.doors import Visit, visiting
from api.web.evidence import EvidenceReader
from api.web.evidence_metrics import unit_of
from api.web.forms import Form, posting
from api.web.parts import WebParts
from api.web.quieting import LENGTHS, quieten
from api.web.steps import story
from api.web.wording import amount, change, place, plain, what
from watchkeeper.storage.regression_actions import ActionKind, actions_of

Reader = Annotated[Visit, Depends(visiting(Scope.READ))]
Operator = Annotated[Form, Depends(posting(Scope.OPERATE))]
Named = Annotated[str, Path(max_length=300)]
_MOST_COMMENT = 2_000


def router(parts: WebParts) -> APIRouter:
    """The page and its forms."""
    routes = APIRouter(prefix="/regressions", include_in_schema=False)
    page = _Page(parts, EvidenceReader(parts.reader, parts.health, parts.drawing, parts.clock))

    @routes.get("/{regression_id}")
    def one(
        request: Request, visit: Reader, regression_id: Named, done: Annotated[str, Query(max_length=40)] = ""
    ) -> Response:
        return page.show(request, regression_id, good=DONE.get(done, ""))

    @routes.post("/{regression_id}/mute")
    def mute(request: Request, form: Operator, regression_id: Named) -> Response:
        try:
            quieten(parts, page.read(regression_id), form)
        except Problem as wrong:
            return page.show(request, regression_id, wrong=wrong)
        return _back(regression_id, "mute")

    for action in BUTTONS.values():
        _add_action(routes, page, action)
    return routes


def _add_action(routes: APIRouter, page: "_Page", action: Button) -> None:
    @routes.post(f"/{{regression_id}}/{action.path}", name=action.path)
    def act(request: Request, form: Operator, regression_id: Named) -> Response:
        try:
            page.act(regression_id, action.kind, form)
        except Problem as wrong:
            return page.show(request, regression_id, wrong=wrong)
        return _back(regression_id, action.path)


def _back(regression_id: str, done: str) -> Response:
    return RedirectResponse(f"/regressions/{regression_id}?done={done}", 303)


@dataclass(frozen=True, slots=True)
class _Page:
    parts: WebParts
    evidence: EvidenceReader

    def read(self, named: str) -> RegressionDetail:
        """Raises :class:`Problem` 404 where there is none."""
        history = history_of(self.parts.reader, named)
        whole = history[-1].id
        return regression_detail(history, actions_of(self.parts.reader, [whole]).get(whole, ()))

    def act(self, named: str, kind: ActionKind, form: Form) -> None:
        """Raises :class:`Problem` 404, and 409 or 422 for what does not fit."""
        comment = form.text("comment", _MOST_COMMENT)
        if kind is ActionKind.COMMENT and not comment:
            raise Problem(422, "A field does not fit", "comment is empty: write what there is to say.")
        take(self.parts.store, self.parts.clock, named, Said(kind, form.visit.caller.name, comment))

    def show(self, request: Request, named: str, *, good: str = "", wrong: Problem | None = None) -> Response:
        """The page, with what was done or what was wrong. Raises :class:`Problem` 404 where there is none."""
        found = self.read(named)
        told: WhyAnswer = why(self.parts.reader, found.id)
        return self.parts.renderer.page(
            request,
            "regression.html",
            wrong.status if wrong else 200,
            found=found,
            what=what(found, found.transitions[0].reason),
            place=place(found),
            plain=plain,
            amount=amount,
            change=change,
            unit=unit_of(found.metric),
            chart=self.evidence.chart(found),
            story=story(found),
            told=told,
            lasted=_lasted(found, self.parts),
            buttons=fitting(found),
            lengths=LENGTHS,
            may_mute=self.parts.alerts is not None,
            good=good,
            wrong=wrong.detail if wrong else "",
        )


def _lasted(found: RegressionDetail, parts: WebParts) -> float:
    over = found.closed_at or parts.clock.now()
    return max(timedelta(0), over - found.onset).total_seconds()
