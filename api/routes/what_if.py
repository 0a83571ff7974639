"""``POST /v1/costs/what-if``: the same calls on another model, tier or cache, and on GPUs of one's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from api.access import Caller, Scope, require
from api.answers.tabular import RESPONSES, Form, Wanted, respond, table_of
from api.bounds import Bounds
from api.catalog.parts import CatalogParts
from api.filters import Chosen, End, Period, Start, period
from api.what_if.answer import (
    Run,
    hosting_answer,
    observed_spending,
    scenario_answer,
    traffic_of,
    what_if_rows,
)
from api.what_if.models import AS_IT_WAS, Scenario, WhatIfAnswer, WhatIfRequest, WhatIfRow
from api.what_if.prices import Limits, price_table
from api.what_if.scenario import limits_in, rule_of, target_of
from watchkeeper.clock import Clock
from watchkeeper.price_quote import PriceKey
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_source import kept_since
from watchkeeper.storage.what_if import Combination, combinations, price_stored

Reader = Annotated[Caller, Depends(require(Scope.READ, scoped=True))]


@dataclass(frozen=True)
class Calls:
    """A dependency: which calls, and when."""

    chosen: Annotated[Chosen, Depends()]
    period: Period = ""
    start: Start = None
    end: End = None

    def within(self, now: datetime, bounds: Bounds, tenants: tuple[str, ...]) -> CallFilter:
        """The filter. Raises :class:`~api.problems.Problem` as its parts do."""
        span = period(now, self.period, self.start, self.end, "30d")
        bounds.check_period(*span)
        return self.chosen.within(span, tenants)


def router(store: Store, clock: Clock, bounds: Bounds, parts: CatalogParts) -> APIRouter:
    """The route over ``store``."""
    routes = APIRouter(prefix="/v1/costs", tags=["costs"])

    @routes.post(
        "/what-if",
        summary="The same calls on another model, tier or cache, or on GPUs of your own",
        response_model=WhatIfAnswer,
        responses={**RESPONSES},
    )
    def what_if(caller: Reader, asked: WhatIfRequest, calls: Annotated[Calls, Depends()], form: Wanted) -> Any:
        """Stored calls priced one by one, exactly, with every assumption stated; default: the last 30 days.

        Tables have a row for each scenario and group. See docs/what-if.md.
        """
        bounds.check_groups(asked.group_by)
        now = clock.now()
        chosen = calls.within(now, bounds, caller.tenants)
        answer = what_if_answer(WhatIfQuestion(store, parts, asked, chosen, now))
        return answer if form is Form.JSON else respond(answer, table_of(WhatIfRow, answer.rows), form)

    return routes


@dataclass(frozen=True, slots=True)
class WhatIfQuestion:
    """What is asked, and of which calls."""

    store: Store
    parts: CatalogParts
    asked: WhatIfRequest
    chosen: CallFilter
    now: datetime

    def run(self, scenario: Scenario, called: Sequence[Combination]) -> Run:
        """One scenario over the combinations that were ``called``."""
        catalog = self.parts.catalog()
        target = target_of(scenario, catalog)
        limits = limits_in(catalog, target)
        at = self.now if self.asked.prices == "today" else None
        table = price_table(self.parts.prices, called, target, limits, at)
        groups = price_stored(self.store, self.chosen, table, rule_of(scenario), self.asked.group_by)
        shown = limits(PriceKey(target.provider or "", "", target.model)) if target.model is not None else Limits()
        return Run(scenario, target, shown, groups)


def what_if_answer(question: WhatIfQuestion) -> WhatIfAnswer:
    """Every scenario of the question."""
    chosen, asked = question.chosen, question.asked
    called = combinations(question.store, chosen)
    runs = [question.run(scenario, called) for scenario in asked.scenarios] if called else []
    base = runs[0].groups if runs else question.run(AS_IT_WAS, called).groups if called else []
    kept = kept_since(question.store, question.now).get("calls")
    first = min((one.first_at for one in called), default=chosen.begin)
    return WhatIfAnswer(
        start=chosen.begin,
        end=chosen.end,
        complete_since=kept,
        is_complete=kept is None or kept <= chosen.begin,
        prices=asked.prices,
        price_version=question.parts.prices.version,
        observed=observed_spending(base),
        scenarios=[scenario_answer(run, asked.prices) for run in runs],
        rows=[row for run in runs for row in what_if_rows(run, asked.group_by)],
        self_hosting=hosting_answer(asked.self_hosting, traffic_of(base, first, min(chosen.end, question.now)))
        if asked.self_hosting
        else None,
    )
