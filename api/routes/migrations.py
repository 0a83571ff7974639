"""``/v1/migrations``: routes on their way to another model, watched and rolled back by themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from api.access import Caller, Scope, require
from api.answers.tabular import RESPONSES, Form, Wanted, respond, table_of
from api.migrating.acting import Acting, Action
from api.migrating.beginning import Beginning
from api.migrating.decide import decide
from api.migrating.facts import facts
from api.migrating.looking import look_at
from api.migrating.models import (
    ActionBody,
    MigrationAnswer,
    MigrationBody,
    MigrationItem,
    MigrationsAnswer,
    OutlookItem,
    decision_item,
    migration_item,
    target_items,
)
from api.migrating.report import MigrationReport, report
from api.migrating.report_text import markdown
from api.migrating.routing import routing
from api.migrating.standing import MigrationLog, Standing, new_id, with_decisions
from api.migrating.triggers import limits_of, limits_values
from api.migrating.watching import Watching
from api.problems import problem_description
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.model_migrations import MOST_MIGRATIONS, decisions, list_migrations

Reader = Annotated[Caller, Depends(require(Scope.READ))]
Writer = Annotated[Caller, Depends(require(Scope.OPERATE))]
Id = Annotated[str, Path(description="As the list shows it.", max_length=64)]
_CONFLICT: dict[int | str, dict[str, Any]] = {409: problem_description("Not as it stands now.")}
_MARKDOWN = "text/markdown"


class ReportForm(StrEnum):
    """Of a report."""

    MARKDOWN = "markdown"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class MigrationParts:
    """What the routes need."""

    reader: Store
    store: Store
    clock: Clock
    new_id: Callable[[], str] = new_id


def router(parts: MigrationParts) -> APIRouter:
    """The routes; a migration concerns all calls of a route, so that keys bound to tenants are refused."""
    routes = APIRouter(prefix="/v1/migrations", tags=["migrations"])
    log = MigrationLog(parts.store)
    beginning = Beginning(parts.store, log, parts.new_id)
    acting = Acting(parts.store, log, parts.new_id)
    watching = Watching(parts.reader, parts.clock)
    viewer = MigrationViewer(parts.reader, parts.clock, watching)

    @routes.get(
        "", summary="All migrations and how they stand", response_model=MigrationsAnswer, responses={**RESPONSES}
    )
    def listing(
        _: Reader,
        form: Wanted,
        route: Annotated[str, Query(description="Of this route alone.", max_length=256)] = "",
        active: Annotated[bool | None, Query(description="Only those under way, or only those that ended.")] = None,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    ) -> Any:
        answer = viewer.listing(route, active, limit)
        return answer if form is Form.JSON else respond(answer, table_of(MigrationItem, answer.rows), form)

    @routes.post("", summary="Begin a migration", status_code=201, responses=_CONFLICT)
    def begin(body: MigrationBody, caller: Writer) -> MigrationItem:
        return _item(beginning.begin(body, caller, parts.clock.now()))

    @routes.get("/{migration_id}", summary="One migration: how it stands, what its phase still needs, every decision")
    def one(
        migration_id: Id,
        _: Reader,
        outlook: Annotated[bool, Query(description="With what would be decided now; quicker without.")] = True,
    ) -> MigrationAnswer:
        return viewer.one(acting.find(migration_id), with_outlook=outlook)

    @routes.get(
        "/{migration_id}/report",
        summary="What a migration came to",
        response_model=MigrationReport,
        responses={200: {"content": {_MARKDOWN: {"schema": {"type": "string"}}}}},
    )
    def closing(
        migration_id: Id, _: Reader, form: Annotated[ReportForm, Query(alias="format")] = ReportForm.JSON
    ) -> Any:
        standing = acting.find(migration_id)
        made = report(watching, standing, decisions(parts.reader, migration_id), parts.clock.now())
        return Response(markdown(made), media_type=_MARKDOWN) if form is ReportForm.MARKDOWN else made

    for action, summary in _ACTIONS.items():
        routes.post(f"/{{migration_id}}/{action}", summary=summary, responses=_CONFLICT, name=f"{action}_migration")(
            _acts(acting, action, parts.clock)
        )
    return routes


_ACTIONS = {
    Action.PROMOTE: "On to the next phase, whatever the gate says",
    Action.PAUSE: "No promotion until it is resumed; triggers still roll back",
    Action.RESUME: "Go on, with the weights of the phase",
    Action.ROLLBACK: "Back to the weights of before",
    Action.CANCEL: "End it, back to the weights of before",
}


def _acts(acting: Acting, action: Action, clock: Clock) -> Callable[..., MigrationItem]:
    def act(migration_id: Id, body: ActionBody, caller: Writer) -> MigrationItem:
        return _item(acting.act(migration_id, action, body.reason, caller, clock.now()))

    return act


def _item(standing: Standing) -> MigrationItem:
    return migration_item(standing.migration, standing.last, standing.is_active)


@dataclass(frozen=True, slots=True)
class MigrationViewer:
    """Shows migrations as they stand."""

    reader: Store
    clock: Clock
    watching: Watching

    def listing(self, route: str, active: bool | None, limit: int) -> MigrationsAnswer:
        """The latest ones first; of one route, or of all; those under way, those that ended, or both."""
        listed = list_migrations(self.reader, route=route)
        found = with_decisions(self.reader, listed)
        chosen = [one for one in found if active is None or one.is_active is active]
        complete = len(chosen) <= limit and len(listed) < MOST_MIGRATIONS
        return MigrationsAnswer(rows=[_item(one) for one in chosen[:limit]], complete=complete)

    def one(self, standing: Standing, *, with_outlook: bool) -> MigrationAnswer:
        """One migration; ``with_outlook``, what would be decided of it now."""
        is_asked = with_outlook and standing.is_active
        outlook = _outlook(self.watching, standing, self.clock.now()) if is_asked else None
        return _answer(self.reader, standing, outlook)


def _outlook(watching: Watching, standing: Standing, now: datetime) -> OutlookItem:
    look = look_at(standing, watching.last_minutes(standing, now), watching.so_far(standing, now), now)
    decision = decide(look, limits_of(standing.migration.limits))
    return OutlookItem(
        step=decision.step,
        reason=decision.reason,
        warnings=dict(decision.warnings),
        verdict=look.progress.verdict,
        compared=look.progress.words,
        facts=facts(look),
    )


def _answer(store: Store, standing: Standing, outlook: OutlookItem | None) -> MigrationAnswer:
    migration, present = standing.migration, routing(standing.migration, standing.phase)
    return MigrationAnswer(
        migration=_item(standing),
        limits=limits_values(limits_of(migration.limits)),
        gates=dict(migration.gates),
        score=migration.score,
        targets=target_items(present.targets),
        shadow=target_items(present.shadow),
        fallbacks=target_items(present.fallbacks),
        outlook=outlook,
        decisions=[decision_item(one) for one in decisions(store, migration.id)],
    )
