"""``/v1/budgets``: limits on spending, and how each stands."""

import base64
import binascii
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from api.access import Caller, Scope, require
from api.answers.tabular import RESPONSES, Form, Wanted, respond, table_of
from api.budgets.models import (
    BudgetBody,
    BudgetItem,
    BudgetRow,
    BudgetsAnswer,
    BudgetStatusItem,
    BudgetVersionsAnswer,
    budget_item,
    status_item,
)
from api.problems import Problem
from watchkeeper.budgeting.periods import budget_period
from watchkeeper.budgeting.status import budget_status
from watchkeeper.clock import Clock
from watchkeeper.errors import ConfigError
from watchkeeper.forecasting.spending import outlook
from watchkeeper.storage.budgets import (
    MOST_BUDGETS,
    Budget,
    budget_history,
    find_budget,
    list_budgets,
    reached_levels,
    save_budget,
)
from watchkeeper.storage.call_filter import from_mapping
from watchkeeper.storage.client import Store
from watchkeeper.time_zone import time_zone

Reader = Annotated[Caller, Depends(require(Scope.READ, scoped=True))]
Writer = Annotated[Caller, Depends(require(Scope.OPERATE, scoped=True))]
_NANO = Decimal("1e-9")
_NEVER = datetime.min.replace(tzinfo=UTC)
"""Of what is not stored yet."""
Name = Annotated[
    str, Path(description="Letters, digits and . _ -", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)
]


def router(reader: Store, store: Store, clock: Clock) -> APIRouter:
    """The routes; ``store`` takes what is written."""
    routes = APIRouter(prefix="/v1/budgets", tags=["budgets"])
    desk = BudgetDesk(reader, store, clock)
    # A version is the one before plus one, so one at a time.
    turn = threading.Lock()

    @routes.get("", summary="All budgets and how they stand", response_model=BudgetsAnswer, responses={**RESPONSES})
    def listing(
        caller: Reader,
        form: Wanted,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: Annotated[str, Query(description="`next_cursor` of the page before.", max_length=200)] = "",
        status: Annotated[bool, Query(description="With the status; without it the answer is quick.")] = True,
    ) -> Any:
        answer = desk.page(caller, limit, _name_at(cursor), status)
        return answer if form is Form.JSON else respond(answer, table_of(BudgetRow, answer.rows), form)

    @routes.get("/{name}", summary="One budget and how it stands")
    def one(name: Name, caller: Reader) -> BudgetRow:
        return desk.row(desk.present(name, caller), with_status=True)

    @routes.get("/{name}/versions", summary="What a budget was, version by version")
    def versions(name: Name, caller: Reader) -> BudgetVersionsAnswer:
        found = [budget for budget in budget_history(reader, name) if _is_for(budget, caller)]
        if not found:
            raise _no_such(name)
        return BudgetVersionsAnswer(rows=[budget_item(budget) for budget in found])

    @routes.put("/{name}", summary="Make a budget, or change it as a whole")
    def put(name: Name, body: BudgetBody, caller: Writer) -> BudgetItem:
        with turn:
            return budget_item(desk.put(name, body, caller))

    @routes.delete("/{name}", summary="Remove a budget; its versions stay", status_code=204)
    def delete(name: Name, caller: Writer) -> Response:
        with turn:
            desk.remove(name, caller)
        return Response(status_code=204)

    return routes


@dataclass(frozen=True, slots=True)
class BudgetDesk:
    """What the routes do."""

    reader: Store
    store: Store
    clock: Clock

    def present(self, name: str, caller: Caller) -> Budget:
        """The budget. Raises :class:`Problem` 404 where there is none that the caller may see."""
        found = find_budget(self.reader, name)
        if found is None or found.removed or not _is_for(found, caller):
            raise _no_such(name)
        return found

    def page(self, caller: Caller, limit: int, after: str, with_status: bool) -> BudgetsAnswer:
        """``limit`` budgets behind ``after``."""
        everything = list_budgets(self.reader, MOST_BUDGETS, after)
        visible = [budget for budget in everything if _is_for(budget, caller)]
        shown = visible[:limit]
        more = shown[-1].name if len(visible) > limit else None
        return BudgetsAnswer(
            rows=[self.row(budget, with_status) for budget in shown],
            next_cursor=base64.urlsafe_b64encode(more.encode()).decode() if more else None,
        )

    def row(self, budget: Budget, with_status: bool) -> BudgetRow:
        """The budget, with its status where it is wanted."""
        return BudgetRow(budget=budget_item(budget), status=self._status(budget) if with_status else None)

    def put(self, name: str, body: BudgetBody, caller: Caller) -> Budget:
        """The budget as it is now; a new version where it was different. Raises :class:`Problem` 409 and 422."""
        wanted = _wanted(name, body, caller)
        before = find_budget(self.store, name)
        if before is not None and not _is_for(before, caller):
            raise Problem(409, "The name is taken", f"{name} is a budget of somebody else: choose another name.")
        if before is not None and _same(before, wanted):
            return before
        if (before is None or before.removed) and len(list_budgets(self.store, MOST_BUDGETS)) >= MOST_BUDGETS:
            raise Problem(409, "Too many budgets", f"there are {MOST_BUDGETS:,}: remove one first.")
        version = before.version + 1 if before is not None else 1
        made = replace(wanted, version=version, changed_at=self.clock.now())
        save_budget(self.store, made)
        return made

    def remove(self, name: str, caller: Caller) -> None:
        """Raises :class:`Problem` 404 where there is none."""
        before = self.present(name, caller)
        gone = replace(before, version=before.version + 1, removed=True)
        save_budget(self.store, replace(gone, changed_by=caller.name, changed_at=self.clock.now()))

    def _status(self, budget: Budget) -> BudgetStatusItem:
        now, zone = self.clock.now(), time_zone(budget.time_zone)
        chosen = from_mapping(*budget_period(budget.period, now, zone), budget.scope, stored=True)
        seen = outlook(self.reader, chosen, now, zone)
        notes = [*seen.notes(), *([seen.missing] if seen.missing else [])]
        reached = reached_levels(self.reader, budget.name, chosen.begin)
        return status_item(budget_status(budget, seen), reached, seen.unpriced_calls, notes)


def _wanted(name: str, body: BudgetBody, caller: Caller) -> Budget:
    scope = {column: tuple(dict.fromkeys(values)) for column, values in sorted(body.scope.items())}
    if caller.tenants:
        if not set(scope.get("tenant", ())) <= set(caller.tenants):
            raise Problem(403, "Not for this key", "The key sees other tenants only: leave tenant out of the scope.")
        scope["tenant"] = scope.get("tenant") or caller.tenants
    budget = Budget(
        name=name,
        version=0,
        period=body.period,
        time_zone=body.time_zone,
        limit_usd=body.limit_usd.quantize(_NANO),
        warn_percent=tuple(sorted(set(body.warn_percent))),
        scope=scope,
        changed_by=caller.name,
        changed_at=_NEVER,
    )
    _check(budget)
    return budget


def _check(budget: Budget) -> None:
    try:
        time_zone(budget.time_zone)
        from_mapping(_NEVER, _NEVER, budget.scope)
    except ConfigError as error:
        raise Problem(422, "A parameter does not fit", f"{error}.") from None


def _same(one: Budget, two: Budget) -> bool:
    one, two = (replace(budget, version=0, changed_by="", changed_at=_NEVER) for budget in (one, two))
    return one == two


def _is_for(budget: Budget, caller: Caller) -> bool:
    """A key that is bound to tenants sees budgets of these alone."""
    own = set(budget.scope.get("tenant", ()))
    return not caller.tenants or bool(own) and own <= set(caller.tenants)


def _name_at(cursor: str) -> str:
    try:
        return base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Problem(422, "A parameter does not fit", "cursor is none of ours: begin without one.") from None


def _no_such(name: str) -> Problem:
    return Problem(404, "No such budget", f"{name} is not there; GET /v1/budgets lists what is.")
