"""``GET /v1/models``: what was asked for, what answered, since when, and how long it stays."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from api.access import Caller, Scope, require
from api.answers.cursor import Cursor, read_cursor
from api.answers.tabular import RESPONSES, Form, Wanted, respond, table_of
from api.bounds import Bounds
from api.catalog.parts import CatalogParts
from api.filters import Chosen, End, Period, Start, period
from api.health.models import PastRegressionItem
from api.health.series_state import Concern
from api.problems import Problem, problem_description
from api.timeline.models import ModelDetail, ModelItem, ModelsAnswer
from api.timeline.timeline import ModelsOverTime, Requested, by_requested, fingerprint_items
from watchkeeper.clock import Clock
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_source import kept_since
from watchkeeper.storage.model_timeline import SPEND_PERIOD, fingerprint_uses, model_uses, served_days, source_of
from watchkeeper.storage.regressions import RegressionFilter, latest_regressions

Reader = Annotated[Caller, Depends(require(Scope.READ, scoped=True))]
_FINDING = "served_model_change"
_MOST_FINDINGS = 1_000


@dataclass(frozen=True, slots=True)
class ModelParts:
    """What the routes are made of."""

    store: Store
    clock: Clock
    bounds: Bounds
    catalog: CatalogParts | None
    """For end-of-life dates; None where this process has no catalogue."""


def router(parts: ModelParts) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/models", tags=["models"])
    _add_listing(routes, parts)
    _add_one(routes, parts)
    return routes


def _add_listing(routes: APIRouter, parts: ModelParts) -> None:
    @routes.get(
        "",
        summary="Requested models: what answered for them and when, how long they stay, where they are used",
        response_model=ModelsAnswer,
        responses={**RESPONSES},
    )
    def listing(
        caller: Reader,
        chosen: Annotated[Chosen, Depends()],
        form: Wanted,
        words: Annotated[Period, Query(alias="period")] = "",
        start: Start = None,
        end: End = None,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
        cursor: Annotated[str, Query(description="`next_cursor` of the page before.", max_length=400)] = "",
    ) -> Response:
        """The last 30 days. Spend is that of the last 30 days, whatever the period."""
        question = (chosen, caller.tenants)
        page = read_cursor(cursor, question) if cursor else None
        span = (page.begin, page.end) if page else period(parts.clock.now(), words, start, end, "30d")
        parts.bounds.check_period(*span)
        wanted = chosen.within(span, caller.tenants)
        facts, truncated = _facts(parts, wanted, sees_all=not caller.tenants)
        keys = facts.requested()
        offset = page.offset if page else 0
        following = offset + limit
        rows = keys[offset:following] if form is Form.JSON else keys
        more = form is Form.JSON and following < len(keys)
        answer = ModelsAnswer(
            **_about(parts, wanted),
            findings_truncated=truncated,
            rows=[facts.item(key) for key in rows],
            next_cursor=Cursor(following, *span).write(question) if more else None,
        )
        if form is Form.JSON:
            return Response(answer.model_dump_json(), media_type="application/json")
        return respond(answer, table_of(ModelItem, answer.rows), form)


def _add_one(routes: APIRouter, parts: ModelParts) -> None:
    @routes.get(
        "/{provider}/{model:path}",
        summary="One requested model, with the fingerprints that its answers carried",
        responses={404: problem_description("Nobody asked for such a model in the period")},
    )
    def one(
        caller: Reader,
        provider: Annotated[str, Path(max_length=100)],
        model: Annotated[str, Path(max_length=300, description="As calls ask for it.")],
        words: Annotated[Period, Query(alias="period")] = "",
        start: Start = None,
        end: End = None,
    ) -> ModelDetail:
        span = period(parts.clock.now(), words, start, end, "30d")
        parts.bounds.check_period(*span)
        wanted = CallFilter(*span, provider=(provider,), request_model=(model,), tenant=caller.tenants)
        facts, _ = _facts(parts, wanted, sees_all=not caller.tenants)
        if not facts.requested():
            raise Problem(
                404,
                "No such model",
                f"No call asked {provider[:100]} for {model[:200]} then; /v1/models lists what was.",
            )
        prints = fingerprint_items(fingerprint_uses(parts.store, wanted))
        since = kept_since(parts.store, parts.clock.now()).get("calls")
        item = facts.item((provider, model))
        fields = {name: getattr(item, name) for name in ModelItem.model_fields}
        return ModelDetail(**fields, fingerprints=prints, fingerprints_complete_since=since)


def _facts(parts: ModelParts, wanted: CallFilter, *, sees_all: bool) -> tuple[ModelsOverTime, bool]:
    """``sees_all``: may findings be told, which are of all tenants? Also: were there more findings than are read?"""
    now = parts.clock.now()
    spending = replace(wanted, begin=now - SPEND_PERIOD, end=now)
    findings, truncated = _findings(parts.store, wanted) if sees_all else ({}, False)
    facts = ModelsOverTime(
        days=by_requested(served_days(parts.store, wanted)),
        uses=by_requested(model_uses(parts.store, spending)),
        findings=findings,
        catalog=parts.catalog.catalog() if parts.catalog is not None else None,
        today=now.date(),
    )
    return facts, truncated


def _findings(store: Store, wanted: CallFilter) -> tuple[dict[Requested, list[PastRegressionItem]], bool]:
    of_models = RegressionFilter(
        kind=_FINDING,
        provider=_only(wanted.provider),
        request_model=_only(wanted.request_model),
    )
    rows = latest_regressions(store, of_models, _MOST_FINDINGS + 1)
    told = rows[:_MOST_FINDINGS]
    meant = [row for row in told if row.onset < wanted.end and (row.closed_at is None or row.closed_at >= wanted.begin)]
    findings = {
        key: [PastRegressionItem(**Concern.of(row).item.model_dump(), closed_at=row.closed_at) for row in found]
        for key, found in by_requested(meant).items()
    }
    return findings, len(rows) > _MOST_FINDINGS


def _only(chosen: tuple[str, ...]) -> str:
    """The one value that is chosen; empty: any."""
    return chosen[0] if len(chosen) == 1 else ""


def _about(parts: ModelParts, wanted: CallFilter) -> dict[str, Any]:
    table, read = source_of(wanted)
    since: datetime | None = kept_since(parts.store, parts.clock.now()).get(table)
    return {
        "start": read.begin,
        "end": read.end,
        "asked_start": wanted.begin,
        "asked_end": wanted.end,
        "source": [table],
        "complete_since": since,
        "complete": since is None or read.begin >= since,
    }
