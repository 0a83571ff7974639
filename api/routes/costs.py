"""``GET /v1/costs``: what calls cost, by any of their dimensions and by interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Response

from api.access import Caller, Scope, require
from api.answers.cursor import Cursor, read_cursor
from api.answers.tabular import RESPONSES, Form, Wanted, stream
from api.bounds import Bounds
from api.costs.models import CostsAnswer
from api.costs.reader import CostReader, CostReading
from api.filters import Chosen, End, Period, Start, check_dimensions, listed, no_words, period
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_plan import CostQuery, Interval

Reader = Annotated[Caller, Depends(require(Scope.READ, scoped=True))]
_DEFAULT_LIMIT = 1_000
_DEFAULT_PERIOD = "7d"


class Include(StrEnum):
    """What takes longer to find."""

    CACHING = "caching"
    RETRIES = "retries"


def _nothing() -> list[Include]:
    return []


@dataclass(frozen=True)
class Asked:
    """A dependency: how the calls are grouped and paged."""

    group_by: Annotated[
        list[str],
        Query(
            description="Dimensions, repeated or with commas; `tag:NAME` for a tag.",
            max_length=20,
            default_factory=no_words,
        ),
    ]
    include: Annotated[
        list[Include],
        Query(
            description="`caching`: what the cache saved and could save. `retries`: answers that a later attempt "
            "replaced; reads single calls, which are kept a shorter time.",
            max_length=2,
            default_factory=_nothing,
        ),
    ]
    interval: Annotated[Interval, Query(description="Empty: one row a group. Weeks begin on Monday, all in UTC.")] = (
        Interval.NONE
    )
    limit: Annotated[
        int | None, Query(ge=1, le=50_000, description="Rows on a page; default 1,000 in JSON, everything in tables.")
    ] = None
    cursor: Annotated[str, Query(description="`next_cursor` of the page before.", max_length=400)] = ""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Each once, in the order that was asked for. Raises :class:`~api.problems.Problem` (422) for what is none."""
        found = listed(self.group_by)
        check_dimensions(found, "group_by")
        return found


def router(store: Store, clock: Clock, bounds: Bounds) -> APIRouter:
    """The route over ``store``."""
    routes = APIRouter(prefix="/v1", tags=["costs"])
    reader = CostReader(store, clock, bounds.max_rows)

    @routes.get(
        "/costs",
        summary="What calls cost, by any of their dimensions and by interval",
        response_model=CostsAnswer,
        responses={**RESPONSES},
    )
    def costs(
        caller: Reader,
        chosen: Annotated[Chosen, Depends()],
        asked: Annotated[Asked, Depends()],
        form: Wanted,
        words: Annotated[Period, Query(alias="period")] = "",
        start: Start = None,
        end: End = None,
    ) -> Response:
        """Parts, unit costs, waste and caching; docs/costs.md defines each. Tables have one column for each number."""
        bounds.check_groups(asked.dimensions)
        question = (asked.dimensions, asked.interval, sorted(asked.include), chosen, caller.tenants)
        cursor = read_cursor(asked.cursor, question) if asked.cursor else None
        span = (cursor.begin, cursor.end) if cursor else period(clock.now(), words, start, end, _DEFAULT_PERIOD)
        bounds.check_period(*span)
        retries = Include.RETRIES in asked.include
        query = CostQuery(chosen.within(span, caller.tenants), asked.dimensions, asked.interval, retries)
        reading = reader.read(query, with_caching=Include.CACHING in asked.include)
        page = _Page(cursor.offset if cursor else 0, _limit(asked, form, bounds), question)
        about = _about(reading, query, page)
        if form is Form.JSON:
            rows = orjson.Fragment(reader.page(reading, page.offset, page.limit))
            return Response(orjson.dumps({**about, "rows": rows}), media_type="application/json")
        table = reading.columns.page(page.offset, page.limit).table()
        return stream(table.schema, table.to_batches(max_chunksize=10_000), form, about)

    return routes


def _limit(asked: Asked, form: Form, bounds: Bounds) -> int:
    default = _DEFAULT_LIMIT if form is Form.JSON else bounds.max_rows
    return min(asked.limit or default, bounds.max_rows)


@dataclass(frozen=True, slots=True)
class _Page:
    offset: int
    limit: int
    question: Sequence[object]


def _about(reading: CostReading, query: CostQuery, page: _Page) -> dict[str, Any]:
    """All of the answer but its rows."""
    chosen, since, groups = query.chosen, reading.plan.complete_since, len(reading.columns)
    following = page.offset + page.limit
    cursor = Cursor(following, chosen.begin, chosen.end).write(page.question)
    return {
        "start": _iso(reading.plan.begin),
        "end": _iso(reading.plan.end),
        "asked_start": _iso(chosen.begin),
        "asked_end": _iso(chosen.end),
        "as_of": _iso(reading.as_of),
        "source": list(reading.plan.tables),
        "complete_since": _iso(since) if since else None,
        "complete": since is None or reading.plan.begin >= since,
        "totals": reading.totals.rows()[0],
        "groups": groups,
        "next_cursor": cursor if following < groups else None,
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
