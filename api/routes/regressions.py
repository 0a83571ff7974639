"""``/v1/regressions``: what was found, what people say of it, and a stream of what happens."""

import asyncio
import base64
import binascii
import threading
from collections.abc import AsyncIterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import AwareDatetime, BaseModel, Field

from api.access import Caller, Scope, require
from api.problems import Problem, problem_description
from api.regressions.actions import Said, take
from api.regressions.models import (
    ActionItem,
    RegressionDetail,
    RegressionList,
    action_item,
    regression_detail,
    regression_item,
)
from api.regressions.naming import history_of
from api.regressions.transition_log import TransitionLog
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.regression_actions import ActionKind, actions_of
from watchkeeper.storage.regression_stream import StreamPlace, bounded_micros, micros
from watchkeeper.storage.regressions import (
    FOREVER_US,
    RegressionFilter,
    TransitionRow,
    latest_regressions,
)

_RETRY_MS = 3_000
_WAKE_S = 0.25
MOST_COMMENT = 2_000

Kind = Literal[
    "", "regression", "served_model_change", "outage", "traffic_stop", "usage_missing", "mix_shift", "cost_spike"
]
Word = Annotated[str, Query(max_length=300)]
Named = Annotated[str, Path(description="Its id, or as much of the begin as no other has, four characters at least.")]


class ActionRequest(BaseModel):
    """Body of an action."""

    comment: str = Field(
        "",
        max_length=MOST_COMMENT,
        pattern=r"^[^\x00-\x08\x0B-\x1F\x7F]*$",
        description="Plain text for people; no prompts, no user ids.",
    )


class CommentRequest(ActionRequest):
    """Body of a comment."""

    comment: str = Field(min_length=1, max_length=MOST_COMMENT, pattern=r"^[^\x00-\x08\x0B-\x1F\x7F]*$")


@dataclass(frozen=True)
class Chosen:
    """A dependency: which regressions to list."""

    state: Annotated[Literal["", "open", "recovering", "closed"], Query(description="As it stands.")] = ""
    severity: Literal["", "page", "notice"] = ""
    kind: Kind = ""
    provider: Word = ""
    model: Annotated[str, Query(max_length=300, description="Asked for or served.")] = ""
    route: Word = ""
    service: Word = ""
    since: Annotated[AwareDatetime | None, Query(description="Last step at this time or later.")] = None
    until: Annotated[AwareDatetime | None, Query(description="Last step before this time.")] = None

    def after(self, cursor: str) -> RegressionFilter:
        """The filter of the page at ``cursor``. Raises :class:`Problem` (422) for one that is none of ours."""
        words = {name: getattr(self, name) for name in _WORDS}
        given = {**words, **_bounds(self.since, self.until), **(_place(cursor) if cursor else {})}
        return RegressionFilter(**given)


_WORDS = ("state", "severity", "kind", "provider", "model", "route", "service")


@dataclass(frozen=True, slots=True)
class RegressionParts:
    """What the routes are made of."""

    reader: Store
    writer: Store
    clock: Clock
    log: TransitionLog
    closing: threading.Event
    """Set when the server is about to end: the streams end first."""


def router(parts: RegressionParts) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/regressions", tags=["regressions"])
    _add_reading(routes, parts)
    _add_stream(routes, parts)
    _add_one(routes, parts)
    for kind in ActionKind:
        if kind is not ActionKind.COMMENT:
            _add_action(routes, parts, kind)
    _add_comment(routes, parts)
    return routes


def _add_reading(routes: APIRouter, parts: RegressionParts) -> None:
    @routes.get("", summary="Regressions and findings, the latest step first", dependencies=[_READER])
    def listing(
        chosen: Annotated[Chosen, Depends()],
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
        cursor: Annotated[str, Query(max_length=200, description="`next_cursor` of the page before.")] = "",
    ) -> RegressionList:
        return list_regressions(parts.reader, chosen, limit, cursor)


def list_regressions(reader: Store, chosen: Chosen, limit: int, cursor: str = "") -> RegressionList:
    """A page of those that are meant. Raises :class:`Problem` (422) for a cursor that is none of ours."""
    found = latest_regressions(reader, chosen.after(cursor), limit + 1)
    said = actions_of(reader, [row.id for row in found[:limit]])
    rows = [regression_item(row, said.get(row.id, ())) for row in found[:limit]]
    return RegressionList(rows=rows, next_cursor=_cursor(found[limit - 1]) if len(found) > limit else None)


def _add_one(routes: APIRouter, parts: RegressionParts) -> None:
    @routes.get(
        "/{regression_id}",
        summary="One regression: evidence, what else changed, its steps, what people said",
        dependencies=[_READER],
    )
    def one(regression_id: Named) -> RegressionDetail:
        history = history_of(parts.reader, regression_id)
        whole = history[-1].id
        return regression_detail(history, actions_of(parts.reader, [whole]).get(whole, ()))


def _add_stream(routes: APIRouter, parts: RegressionParts) -> None:
    log = parts.log

    # A dependency, so that what is wrong is answered before the stream begins.
    def begin(last_event_id: Annotated[str, Header(max_length=200)] = "") -> StreamPlace:
        return _event_place(last_event_id) if last_event_id else log.present()

    def listening() -> Iterator[None]:
        with log.listening():
            yield

    @routes.get(
        "/stream",
        summary="Each new step as a server-sent event; goes on after Last-Event-ID",
        response_class=EventSourceResponse,
        dependencies=[_READER, Depends(listening)],
    )
    async def stream(place: Annotated[StreamPlace, Depends(begin)]) -> AsyncIterable[ServerSentEvent]:
        yield ServerSentEvent(comment="Watchkeeper", retry=_RETRY_MS)
        ends = parts.clock.monotonic() + log.limits.longest_s
        while not parts.closing.is_set() and parts.clock.monotonic() < ends:
            rows = await run_in_threadpool(log.after, place)
            for row in rows:
                place = StreamPlace.of(row)
                data = regression_item(row).model_dump_json()
                yield ServerSentEvent(raw_data=data, event="transition", id=_event_id(place))
            if not rows:
                await _pause(parts)


async def _pause(parts: RegressionParts) -> None:
    """Until the next look at the store, or the end of the server."""
    left = parts.log.limits.every_s
    while left > 0 and not parts.closing.is_set():
        await asyncio.sleep(min(left, _WAKE_S))
        left -= _WAKE_S


def _add_action(routes: APIRouter, parts: RegressionParts, kind: ActionKind) -> None:
    @routes.post(
        f"/{{regression_id}}/{kind.value.replace('_', '-')}",
        summary=_SUMMARIES[kind],
        status_code=201,
        operation_id=f"regression_{kind.value}",
        responses=_CONFLICT,
    )
    def act(regression_id: Named, caller: Operator, request: ActionRequest | None = None) -> ActionItem:
        comment = request.comment if request else ""
        return action_item(take(parts.writer, parts.clock, regression_id, Said(kind, caller.name, comment)))


def _add_comment(routes: APIRouter, parts: RegressionParts) -> None:
    @routes.post("/{regression_id}/comment", summary="Say something about it", status_code=201, responses=_CONFLICT)
    def comment(regression_id: Named, caller: Operator, request: CommentRequest) -> ActionItem:
        said = Said(ActionKind.COMMENT, caller.name, request.comment)
        return action_item(take(parts.writer, parts.clock, regression_id, said))


_READER = Depends(require(Scope.READ))
Operator = Annotated[Caller, Depends(require(Scope.OPERATE))]
_CONFLICT: dict[int | str, dict[str, Any]] = {
    409: problem_description("It does not fit how the regression stands; the detail says why")
}
_SUMMARIES = {
    ActionKind.ACKNOWLEDGE: "Somebody looks after it",
    ActionKind.CLOSE: "It is over; what is usual stays as learnt, so that new evidence opens it again",
    ActionKind.FALSE_ALARM: "It never was one: learnt as usual, and its metrics ask for more evidence from now on",
    ActionKind.ACCEPT: "The new level is what is usual from now on: its metrics are learnt anew",
    ActionKind.REOPEN: "Take a close of the last day back",
}


def _bounds(since: datetime | None, until: datetime | None) -> dict[str, int]:
    given = {"since_us": since, "until_us": until}
    return {name: bounded_micros(moment) for name, moment in given.items() if moment is not None}


def _cursor(row: TransitionRow) -> str:
    return base64.urlsafe_b64encode(f"{micros(row.at)}/{row.id}".encode()).decode()


def _place(cursor: str) -> dict[str, int | str]:
    try:
        moment, _, regression_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition("/")
        return {"before_us": _number(moment), "before_id": regression_id}
    except (ValueError, binascii.Error):
        raise Problem(422, "A parameter does not fit", "cursor is none of ours: take next_cursor as it is.") from None


def _event_id(place: StreamPlace) -> str:
    return f"{place.stored_us}-{place.seq}-{place.id}"


def _event_place(text: str) -> StreamPlace:
    try:
        stored, seq, regression_id = text.split("-", 2)
        return StreamPlace(_number(stored), regression_id, _number(seq) % 2**32)
    except ValueError:
        raise Problem(
            422, "A header does not fit", "Last-Event-ID is none of ours: leave it out to hear what comes from now on."
        ) from None


def _number(text: str) -> int:
    """A count that the store can take. Raises :class:`ValueError` for anything else."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise ValueError
    return min(int(text), FOREVER_US)
