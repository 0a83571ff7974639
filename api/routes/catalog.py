"""``GET /v1/catalog``: what models there are, what they can do, what they cost, how long they stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from api.access import Scope, require
from api.answers.tabular import RESPONSES, Form, Wanted, respond, table_of
from api.catalog.models import CatalogAnswer, CatalogItem, catalog_item, catalog_source
from api.catalog.parts import CatalogParts
from api.filters import no_words
from api.problems import Problem
from watchkeeper.catalog.catalog import Known
from watchkeeper.catalog.facts import Size
from watchkeeper.catalog.selection import Selection
from watchkeeper.catalog.sizes import RULE
from watchkeeper.clock import Clock

Words = Annotated[list[str], Query(max_length=20, default_factory=no_words)]
_MOST_AT_ONCE = 1_000
_MOST_DIGITS = 9


@dataclass(frozen=True)
class Wish:
    """A dependency: which models are wanted."""

    provider: Words
    size: Annotated[list[Size], Query(max_length=3, default_factory=list)]
    input_modality: Words
    output_modality: Words
    search: Annotated[str, Query(description="Words in provider, model, name or family.", max_length=200)] = ""
    tools: bool | None = None
    structured_output: bool | None = None
    reasoning: bool | None = None
    open_weights: bool | None = None
    deprecated: Annotated[bool | None, Query(description="False: what no source marks.")] = None
    min_context_tokens: Annotated[int, Query(ge=0, le=2**32)] = 0
    min_output_tokens: Annotated[int, Query(ge=0, le=2**32)] = 0

    @property
    def selection(self) -> Selection:
        """The same, as the catalogue takes it."""
        return Selection(
            text=self.search,
            provider=tuple(self.provider),
            input_modality=tuple(self.input_modality),
            output_modality=tuple(self.output_modality),
            tools=self.tools,
            structured_output=self.structured_output,
            reasoning=self.reasoning,
            open_weights=self.open_weights,
            deprecated=self.deprecated,
            min_context_tokens=self.min_context_tokens,
            min_output_tokens=self.min_output_tokens,
            size=tuple(self.size),
        )


def router(parts: CatalogParts, clock: Clock) -> APIRouter:
    """The routes over ``parts``."""
    reader = [Depends(require(Scope.READ, scoped=True))]
    routes = APIRouter(prefix="/v1/catalog", tags=["models"], dependencies=reader)

    @routes.get(
        "", summary="Models with capabilities, limits and prices", response_model=CatalogAnswer, responses={**RESPONSES}
    )
    def listing(
        wish: Annotated[Wish, Depends()],
        form: Wanted,
        limit: Annotated[int, Query(ge=1, le=_MOST_AT_ONCE)] = 100,
        cursor: Annotated[str, Query(description="`next_cursor` of the page before.", max_length=20)] = "",
    ) -> Any:
        """By provider and model. A condition on a fact leaves out models of which it is not known."""
        found = list(parts.catalog().search(wish.selection))
        answer = _page(parts, found, _begin(cursor), limit, clock.now())
        return answer if form is Form.JSON else respond(answer, table_of(CatalogItem, answer.rows), form)

    @routes.get("/{provider}/{model:path}", summary="One model, by whatever name calls carry")
    def one(
        provider: Annotated[str, Path(max_length=100, description="As on spans or in lists; `-`: whoever makes it.")],
        model: Annotated[str, Path(max_length=300)],
    ) -> CatalogItem:
        catalog = parts.catalog()
        facts = catalog.resolve("" if provider == "-" else provider, model)
        if facts is None:
            raise Problem(
                404,
                "No such model",
                "The catalogue has no model of this name at this provider: GET /v1/catalog?search= looks for one, "
                "and the catalogue file adds one (docs/catalog.md).",
            )
        return catalog_item(catalog.describe(facts), parts.prices, clock.now())

    return routes


def _page(parts: CatalogParts, found: Sequence[Known], begin: int, limit: int, now: datetime) -> CatalogAnswer:
    rows = [catalog_item(known, parts.prices, now) for known in islice(found, begin, begin + limit)]
    return CatalogAnswer(
        at=now,
        total=len(found),
        rows=rows,
        next_cursor=str(begin + limit) if begin + limit < len(found) else None,
        sources=[catalog_source(source) for source in parts.sources()],
        size_rule=RULE,
    )


def _begin(cursor: str) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _MOST_DIGITS):
        raise Problem(422, "A parameter does not fit", "cursor is none of ours: take next_cursor of the page before.")
    return int(cursor)
