"""``/v1/calls``: search, one trace, and export in columns."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import pyarrow as pa
from fastapi import APIRouter, Depends, Path, Query, Response

from api.access import Caller, Scope, require
from api.answers.tabular import RESPONSES, Form, Wanted, respond, stream, table_of
from api.bounds import Bounds
from api.calls.cursor import CallCursor, read_call_cursor
from api.calls.models import CallItem, CallsAnswer, TraceAnswer, call_fields
from api.calls.trace import trace_answer
from api.filters import Chosen, End, Period, Start, no_words, period
from api.kept import Kept
from api.problems import Problem, problem_description
from watchkeeper.choices import CallOrder
from watchkeeper.clock import Clock
from watchkeeper.schema import CALLS_SCHEMA
from watchkeeper.storage.call_export import CallExport
from watchkeeper.storage.call_search import CallSearch, calls_of_trace, scores_of_trace, search_calls
from watchkeeper.storage.client import Store
from watchkeeper.storage.cost_source import kept_since

Reader = Annotated[Caller, Depends(require(Scope.READ, scoped=True))]
Word = Annotated[str, Query(max_length=300)]
FinishReason = Literal["", "stop", "length", "tool_call", "content_filter", "refusal", "error", "unknown"]
MOST_EXPORTED = 10_000_000
_SINCE_FRESH_S = 60.0


@dataclass(frozen=True)
class Sought:
    """A dependency: what further restricts a search, and its order. A call that is too old to be kept is not found."""

    min_duration_ms: Annotated[float | None, Query(ge=0, le=1e12, allow_inf_nan=False)] = None
    max_duration_ms: Annotated[float | None, Query(ge=0, le=1e12, allow_inf_nan=False)] = None
    min_cost_usd: Annotated[Decimal | None, Query(ge=0, le=1_000_000, max_digits=16, decimal_places=9)] = None
    error_type: Word = ""
    finish_reason: Annotated[FinishReason, Query(description="As normalised.")] = ""
    format_valid: bool | None = None
    response_id: Annotated[str, Query(max_length=300, description="The provider's id of the answer.")] = ""
    conversation_id: Word = ""
    has_fallback: Annotated[bool | None, Query(description="Did it replace a call to another model?")] = None
    order: Annotated[CallOrder, Query(description="The latest, longest or most expensive first.")] = CallOrder.TIME

    @property
    def is_named(self) -> bool:
        """Is it about few calls that are known by name?"""
        return bool(self.response_id or self.conversation_id)


@dataclass(frozen=True)
class Taken:
    """A dependency: what of the calls is exported."""

    columns: Annotated[
        list[str],
        Query(description="Of docs/data-model.md, repeated; default: all.", max_length=100, default_factory=no_words),
    ]
    sample: Annotated[
        int | None, Query(ge=1, le=MOST_EXPORTED, description="Of more calls than so many, every n-th by span id.")
    ] = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order of the table. Raises :class:`Problem` (422) for what is none."""
        if unknown := sorted({*self.columns} - {*CALLS_SCHEMA.names}):
            raise Problem(
                422, "A parameter does not fit", f"columns: {unknown[0][:60]!r} is none; docs/data-model.md lists them."
            )
        return tuple(name for name in CALLS_SCHEMA.names if not self.columns or name in self.columns)


@dataclass(frozen=True, slots=True)
class CallParts:
    """What the routes are made of."""

    store: Store
    clock: Clock
    bounds: Bounds


def router(parts: CallParts) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/calls", tags=["calls"])
    finder = CallFinder(parts)
    _add_search(routes, finder)
    _add_export(routes, parts)
    _add_trace(routes, finder)
    return routes


@dataclass(frozen=True, slots=True)
class CallsAsked:
    """One page of a search."""

    chosen: Chosen
    sought: Sought
    tenants: tuple[str, ...]
    limit: int = 100
    cursor: str = ""


class CallFinder:
    """Finds single calls. Safe to share between threads."""

    def __init__(self, parts: CallParts) -> None:
        self._parts = parts
        self._since: Kept[datetime | None] = Kept(parts.clock, _SINCE_FRESH_S)

    def search(self, asked: CallsAsked, words: str, start: datetime | None, end: datetime | None) -> CallsAnswer:
        """The page; its period is ``words``, or from ``start`` to ``end``. Raises :class:`Problem` (403, 422)."""
        parts, limit, question = self._parts, asked.limit, (asked.chosen, asked.sought, asked.tenants)
        page = read_call_cursor(asked.cursor, question) if asked.cursor else None
        default = f"{parts.bounds.max_days}d" if asked.sought.is_named else "24h"
        span = (page.begin, page.end) if page else period(parts.clock.now(), words, start, end, default)
        parts.bounds.check_period(*span)
        wanted = CallSearch(asked.chosen.within(span, asked.tenants), **asdict(asked.sought))
        found = search_calls(parts.store, wanted, limit + 1, page.place if page else None)
        kept = self._since.get("", lambda: kept_since(parts.store, parts.clock.now()).get("calls"))
        return CallsAnswer(
            start=span[0],
            end=span[1],
            complete_since=kept,
            complete=kept is None or span[0] >= kept,
            rows=[CallItem(**call_fields(row)) for row in found[:limit]],
            next_cursor=CallCursor(found[limit - 1]["place"], *span).write(question) if len(found) > limit else None,
        )

    def trace(self, trace_id: str, tenants: tuple[str, ...]) -> TraceAnswer:
        """The calls of a trace (32 hex digits). Raises :class:`Problem` 404 where none is kept."""
        store, trace_id = self._parts.store, trace_id.lower()
        calls = calls_of_trace(store, trace_id, tenants)
        if not calls:
            raise Problem(404, "No such trace", f"No call of trace {trace_id} is kept; /v1/calls lists calls that are.")
        said = scores_of_trace(store, trace_id, calls, bound=bool(tenants))
        return trace_answer(trace_id, calls, said)


def _add_search(routes: APIRouter, finder: CallFinder) -> None:
    @routes.get("", summary="Single calls that fit", response_model=CallsAnswer, responses={**RESPONSES})
    def search(
        caller: Reader,
        chosen: Annotated[Chosen, Depends()],
        sought: Annotated[Sought, Depends()],
        form: Wanted,
        words: Annotated[Period, Query(alias="period")] = "",
        start: Start = None,
        end: End = None,
        limit: Annotated[int, Query(ge=1, le=5_000)] = 100,
        cursor: Annotated[str, Query(description="`next_cursor` of the page before.", max_length=600)] = "",
    ) -> Response:
        """The last 24 hours, or all that is kept where `response_id` or `conversation_id` names calls."""
        asked = CallsAsked(chosen, sought, caller.tenants, limit, cursor)
        answer = finder.search(asked, words, start, end)
        if form is Form.JSON:
            return Response(answer.model_dump_json(), media_type="application/json")
        return respond(answer, table_of(CallItem, answer.rows), form)


def _add_trace(routes: APIRouter, finder: CallFinder) -> None:
    @routes.get(
        "/{trace_id}",
        summary="All calls of a trace in their order, with scores",
        responses={404: problem_description("No call of that trace is kept")},
    )
    def trace(
        caller: Reader,
        trace_id: Annotated[str, Path(pattern="^[0-9a-fA-F]{32}$", description="32 hex digits.")],
    ) -> TraceAnswer:
        return finder.trace(trace_id, caller.tenants)


def _add_export(routes: APIRouter, parts: CallParts) -> None:
    @routes.get(
        "/export",
        summary="Single calls with all their columns, as a table",
        response_class=Response,
        responses={**RESPONSES},
    )
    def export(
        caller: Reader,
        chosen: Annotated[Chosen, Depends()],
        taken: Annotated[Taken, Depends()],
        form: Wanted,
        words: Annotated[Period, Query(alias="period")] = "",
        start: Start = None,
        end: End = None,
    ) -> Response:
        """By time. Arrow (the default here), Parquet or CSV; written as it is read."""
        span = period(parts.clock.now(), words, start, end, "24h")
        parts.bounds.check_period(*span)
        wanted = CallExport(parts.store, chosen.within(span, caller.tenants), taken.names)
        return _exported(wanted, Form.ARROW if form is Form.JSON else form, taken.sample)


def _exported(wanted: CallExport, form: Form, sample: int | None) -> Response:
    calls = wanted.count()
    if sample is None and calls > MOST_EXPORTED:
        raise Problem(
            422,
            "Too much at once",
            f"these are {calls:,} calls, an export has at most {MOST_EXPORTED:,}: choose a shorter period, a filter, "
            "or sample.",
        )
    thinned = replace(wanted, thinning=-(-calls // sample) or 1) if sample else wanted
    about = {
        "start": wanted.chosen.begin.isoformat(),
        "end": wanted.chosen.end.isoformat(),
        "calls": calls,
        "every": thinned.thinning,
    }
    return stream(wanted.schema, _batches(thinned), form, about)


def _batches(wanted: CallExport) -> Iterator[pa.RecordBatch]:
    for table in wanted.read():
        # In one piece each, as a stream has one dictionary a column and batch.
        yield from table.unify_dictionaries().combine_chunks().to_batches()
