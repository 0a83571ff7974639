"""``/migrations``: routes on their way to another model, each in full, and what a person may do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import RedirectResponse

from api.access import Caller, Scope
from api.comparing.desk import Desk
from api.comparing.schedule import Comparisons
from api.comparing.scheduled_models import comparison_row
from api.kept import Kept
from api.migrating.acting import Acting, Action
from api.migrating.models import ActionBody, MigrationAnswer
from api.migrating.standing import MigrationLog, new_id
from api.migrating.watching import Watching
from api.problems import Problem
from api.routes.migrations import MigrationViewer
from api.web.address import Address, href, validated
from api.web.advice_shown import VERDICTS
from api.web.asking import answered
from api.web.doors import Visit, visiting
from api.web.forms import Form, posting
from api.web.migration_shown import PHASE_MARKS, gate_rows, measured_rows, phase_steps, trigger_rows, waits_for
from api.web.parts import WebParts

Reader = Annotated[Visit, Depends(visiting(Scope.READ))]
Operator = Annotated[Form, Depends(posting(Scope.OPERATE))]
Id = Annotated[str, Path(max_length=64)]
_LISTED, _MOST = 50, 1_000
_FRESH_S = 15.0
_SHOW = ("all", "active", "ended")
_ACTIVE: Mapping[str, bool | None] = {"all": None, "active": True, "ended": False}
ACTIONS = {
    "roll-back": (Action.ROLLBACK, "Roll back", "All calls of the route go where they went before, at once."),
    "promote": (Action.PROMOTE, "Promote", "The next phase begins at once, whatever the gate says."),
    "pause": (Action.PAUSE, "Pause", "No promotion until it is resumed; triggers still roll back."),
    "resume": (Action.RESUME, "Resume", "It goes on, with the weights of the phase."),
    "cancel": (Action.CANCEL, "Cancel", "It ends, and all calls go where they went before, without blame."),
}
"""By the last part of the path: what is done, the button, and what it means."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the pages are made of."""

    parts: WebParts
    viewer: MigrationViewer
    acting: Acting
    comparisons: Desk
    kept: Kept[MigrationAnswer]

    @classmethod
    def of(cls, parts: WebParts) -> "_Desk":
        viewer = MigrationViewer(parts.reader, parts.clock, Watching(parts.reader, parts.clock))
        acting = Acting(parts.store, MigrationLog(parts.store), new_id)
        recurring = Comparisons(parts.reader, parts.store, parts.clock, parts.bounds)
        return cls(parts, viewer, acting, Desk(recurring), Kept(parts.clock, _FRESH_S, most=32))

    def listing(self, address: Address, caller: Caller) -> dict[str, Any]:
        """What ``/migrations`` shows. Raises :class:`Problem` (422)."""
        address.check_known(("route", "show", "limit"))
        desk, show = self.comparisons, address.choice("show", _SHOW, "all")
        limit = address.whole("limit", _LISTED, _MOST)
        return {
            "answer": self.viewer.listing(address.one("route"), _ACTIVE[show], limit),
            "address": address,
            "show": show,
            "shows": _SHOW,
            "more": address.link(limit=str(_MOST)) if limit < _MOST else None,
            "marks": PHASE_MARKS,
            "comparisons": [comparison_row(one, desk.last(one.name)) for one in desk.visible(caller)],
            "verdicts": VERDICTS,
        }

    def one(self, migration_id: str) -> MigrationAnswer:
        """Raises :class:`Problem` 404 where there is none."""
        return self.viewer.one(self.acting.find(migration_id), with_outlook=False)

    def of_now(self, migration_id: str) -> MigrationAnswer:
        """With what would be decided of it, which takes several queries. Raises as :meth:`one`."""
        standing = self.acting.find(migration_id)
        key = (migration_id, standing.last.seq)
        return self.kept.get(key, lambda: self.viewer.one(standing, with_outlook=True))

    def act(self, migration_id: str, action: str, form: Form) -> None:
        """Raises :class:`Problem` 404, 409 where it cannot be done, and 422 for no reason."""
        body = validated(ActionBody, {"reason": form.text("reason", 500).replace("\n", " ")})
        self.acting.act(migration_id, known(action)[0], body.reason, form.visit.caller, self.parts.clock.now())


def known(action: str) -> tuple[Action, str, str]:
    """What ``action`` of a path is. Raises :class:`Problem` 404 for none."""
    if action not in ACTIONS:
        raise Problem(404, "No such action", f"There are {', '.join(ACTIONS)}.")
    return ACTIONS[action]


def router(parts: WebParts) -> APIRouter:
    """The pages."""
    routes = APIRouter(prefix="/migrations", include_in_schema=False)
    desk = _Desk.of(parts)
    _add_reading(routes, desk)
    _add_acting(routes, desk)
    return routes


def _add_reading(routes: APIRouter, desk: _Desk) -> None:
    @routes.get("")
    def listing(request: Request, visit: Reader) -> Response:
        def page(address: Address) -> Response:
            return desk.parts.renderer.page(request, "migrations.html", **desk.listing(address, visit.caller))

        return answered(desk.parts, request, "Migrations", page)

    @routes.get("/{migration_id}")
    def one(request: Request, migration_id: Id, _: Reader) -> Response:
        answer = desk.of_now(migration_id)
        gates = gate_rows(answer)
        return desk.parts.renderer.page(
            request,
            "migration.html",
            answer=answer,
            steps=phase_steps(answer),
            gates=gates,
            waiting=waits_for(gates),
            measured=measured_rows(answer),
            triggers=trigger_rows(answer),
            actions=_possible(answer),
            verdicts=VERDICTS,
            marks=PHASE_MARKS,
            calls=_calls(answer),
        )


def _add_acting(routes: APIRouter, desk: _Desk) -> None:
    @routes.get("/{migration_id}/{action}")
    def confirm(request: Request, migration_id: Id, action: Id, visit: Reader) -> Response:
        _, title, meaning = known(action)
        answer = desk.one(migration_id)
        return _confirm_page(desk, request, answer, {"action": action, "title": title, "meaning": meaning})

    @routes.post("/{migration_id}/{action}")
    def act(request: Request, migration_id: Id, action: Id, form: Operator) -> Response:
        _, title, meaning = known(action)
        try:
            desk.act(migration_id, action, form)
        except Problem as problem:
            if problem.status not in (409, 422):
                raise
            about = {"action": action, "title": title, "meaning": meaning}
            return _confirm_page(desk, request, desk.one(migration_id), about, problem)
        return RedirectResponse(href(f"/migrations/{migration_id}", ()), 303)


def _confirm_page(
    desk: _Desk, request: Request, answer: MigrationAnswer, about: Mapping[str, str], problem: Problem | None = None
) -> Response:
    status = problem.status if problem else 200
    return desk.parts.renderer.page(
        request, "migration_act.html", status, answer=answer, problem=problem, steps=phase_steps(answer), **about
    )


def _possible(answer: MigrationAnswer) -> list[tuple[str, str]]:
    """What may be done as it stands, by the last part of its path."""
    migration = answer.migration
    if not migration.active:
        return []
    not_now = "pause" if migration.paused else "resume"
    return [(path, title) for path, (_, title, _) in ACTIONS.items() if path != not_now]


def _calls(answer: MigrationAnswer) -> str:
    """The search of the candidate's calls on the route."""
    migration = answer.migration
    return href("/calls", (("route", migration.route), ("provider", migration.candidate.provider)))
