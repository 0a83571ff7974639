"""``GET /v1/advice``: stay, re-route or migrate, with the evidence."""

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.access import Caller, Scope, require
from api.advising.answer import advice_item, assumptions
from api.advising.decide import decide
from api.advising.facts import Assumed
from api.advising.models import AdviceAnswer, AdviceItem
from api.advising.reading import FactsReader, Observed
from api.answers.cursor import Cursor, read_cursor
from api.answers.tabular import RESPONSES, Form, Wanted, respond, table_of
from api.bounds import Bounds
from api.catalog.parts import CatalogParts
from api.filters import End, Period, Start, period
from api.problems import Problem
from api.requirements.book import RequirementsBook
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store

# Regressions are of all tenants, so whoever sees one tenant alone cannot be advised.
Reader = Annotated[Caller, Depends(require(Scope.READ))]
_MOST_ROUTES = 25
_DEFAULT = Assumed()
Usd = Annotated[Decimal, Query(ge=0, le=1_000_000_000, max_digits=18)]
Days = Annotated[float, Query(ge=0, le=1_000)]


@dataclass(frozen=True)
class Assumptions:
    """A dependency: what advice takes for granted."""

    min_saving_usd: Usd = _DEFAULT.min_saving_usd
    min_saving_share: Annotated[float, Query(ge=0, le=1)] = _DEFAULT.min_saving_share
    max_payback_months: Annotated[float, Query(gt=0, le=1_200)] = _DEFAULT.max_payback_months
    day_usd: Usd = _DEFAULT.day_usd
    same_model_days: Days = _DEFAULT.same_model_days
    same_provider_days: Days = _DEFAULT.same_provider_days
    other_provider_days: Days = _DEFAULT.other_provider_days
    notice_days: Annotated[int, Query(ge=0, le=3_650)] = _DEFAULT.notice_days
    token_share: Annotated[float, Query(ge=0, lt=1)] = _DEFAULT.token_share

    def assumed(self) -> Assumed:
        """As a plain value."""
        return Assumed(**{one.name: getattr(self, one.name) for one in fields(self)})


@dataclass(frozen=True)
class Asked:
    """A dependency: of which routes, in which period."""

    route: Annotated[str, Query(description="One route; default: all, the dearest first.", max_length=256)] = ""
    period: Period = ""
    start: Start = None
    end: End = None
    limit: Annotated[int, Query(ge=1, le=_MOST_ROUTES, description="Routes at once: each takes some queries.")] = 10
    cursor: Annotated[str, Query(description="`next_cursor` of the page before.", max_length=400)] = ""


@dataclass(frozen=True, slots=True)
class AdviceParts:
    """What the route is made of."""

    store: Store
    clock: Clock
    bounds: Bounds
    catalog: CatalogParts
    book: RequirementsBook


def router(parts: AdviceParts) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/v1/advice", tags=["routes"])

    @routes.get(
        "",
        summary="Per route: stay, re-route or migrate, with evidence, saving and next step",
        response_model=AdviceAnswer,
        responses={**RESPONSES},
    )
    def advice(
        _: Reader, asked: Annotated[Asked, Depends()], assumptions: Annotated[Assumptions, Depends()], form: Wanted
    ) -> Any:
        """From the calls of a period (default: 30 days), what is open now, today's prices and what is required.

        See docs/advice.md for what is considered in which order.
        """
        answer = advice_answer(parts, asked, assumptions.assumed())
        return answer if form is Form.JSON else respond(answer, table_of(AdviceItem, answer.rows), form)

    return routes


def advice_answer(parts: AdviceParts, asked: Asked, assumed: Assumed) -> AdviceAnswer:
    """One page of advice. Raises :class:`Problem` 404 for a route that is none, 422 for what makes no sense."""
    page = advice_page(parts, asked, assumed)
    return AdviceAnswer(
        start=page.begin,
        end=page.end,
        total=page.total,
        rows=[page.item(route) for route in page.routes],
        next_cursor=page.next_cursor,
        assumptions=assumptions(assumed),
    )


@dataclass(frozen=True, slots=True)
class AdvicePage:
    """Some of the routes, of which each is advised when that is asked for: with many calls it takes a second."""

    begin: datetime
    end: datetime
    total: int
    """Routes on all pages."""
    routes: tuple[str, ...]
    next_cursor: str | None
    facts: FactsReader
    assumed: Assumed

    def item(self, route: str) -> AdviceItem:
        """The advice on one of ``routes``."""
        facts = self.facts.facts(route)
        return advice_item(decide(facts, self.assumed), facts)


def advice_page(parts: AdviceParts, asked: Asked, assumed: Assumed) -> AdvicePage:
    """Which routes are asked for. Raises as :func:`advice_answer`."""
    question = (asked.route, *assumptions(assumed).items())
    page = read_cursor(asked.cursor, question) if asked.cursor else None
    span, now = _span(parts, asked, page), parts.clock.now()
    observed = Observed.read(parts.store, span, now, parts.book.all())
    routes = _chosen(observed.routes(), asked.route)
    offset = page.offset if page else 0
    following = offset + asked.limit
    return AdvicePage(
        begin=span[0],
        end=span[1],
        total=len(routes),
        routes=tuple(routes[offset:following]),
        next_cursor=Cursor(following, *span).write(question) if following < len(routes) else None,
        facts=FactsReader(parts.store, parts.catalog, observed, assumed),
        assumed=assumed,
    )


def _span(parts: AdviceParts, asked: Asked, page: Cursor | None) -> tuple[datetime, datetime]:
    if page is not None:
        return page.begin, page.end
    span = period(parts.clock.now(), asked.period, asked.start, asked.end, "30d")
    parts.bounds.check_period(*span)
    return span


def _chosen(routes: list[str], wanted: str) -> list[str]:
    if not wanted:
        return routes
    if wanted not in routes:
        raise Problem(
            404,
            "No such route",
            "No call of the period has this route, and nothing is stated of it: GET /v1/health?by=route lists routes.",
        )
    return [wanted]
