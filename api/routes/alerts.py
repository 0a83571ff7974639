"""``/v1/alerts``: rules, what was sent and why, what rules would send, silence, and a message to try a channel."""

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Header, Path, Query, Response
from pydantic import AwareDatetime

from api.access import Caller, Scope, require
from api.alerting import story
from api.alerting.engine import AlertEngine, PreviewQuestion
from api.alerting.models import (
    AcknowledgementBody,
    AcknowledgementItem,
    MessageList,
    MuteBody,
    MuteItem,
    MuteList,
    PreviewAnswer,
    PreviewBody,
    RulesAnswer,
    RulesVersions,
    TrialAnswer,
    WhyAnswer,
)
from api.alerting.rule_book import RuleBook, rules_tag, sized
from api.alerting.silencing import Silencing
from api.alerting.trials import Trials
from api.problems import Problem, problem_description
from api.tags import tag_fits, tagged, unchanged
from watchkeeper.clock import Clock
from watchkeeper.errors import ConfigError
from watchkeeper.storage.alert_deliveries import DeliveryFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.regression_stream import bounded_micros

_PREVIEW_S = 60.0
_READER = Depends(require(Scope.READ))
_OPERATOR = Depends(require(Scope.OPERATE))
Operator = Annotated[Caller, _OPERATOR]
Admin = Annotated[Caller, Depends(require(Scope.ADMIN))]
Word = Annotated[str, Query(max_length=300)]
Channel = Annotated[
    str, Path(description="Name of a channel of the rules in force.", pattern=r"^[A-Za-z0-9_.-]{1,64}$")
]
MuteId = Annotated[str, Path(description="As `GET /v1/alerts/mutes` shows it.", pattern=r"^[0-9a-f]{1,64}$")]
EventId = Annotated[
    str,
    Path(
        description="Id of a regression, finding or notice; of a regression as much of the begin as no other has.",
        min_length=1,
        max_length=300,
    ),
]
IfNoneMatch = Annotated[
    str | None, Header(max_length=500, description="The ETag that is known: 304 where it is still.")
]
IfMatch = Annotated[
    str | None, Header(max_length=500, description="The ETag that was seen: 412 where it is another one now.")
]
_TAG = {"ETag": {"description": "Changes with the rules.", "schema": {"type": "string"}}}
_SHOWN: dict[int | str, dict[str, Any]] = {
    200: {"headers": _TAG},
    304: {"description": "As it was", "headers": _TAG},
    409: problem_description("The rules file is wrong; the detail says where"),
}
_SET: dict[int | str, dict[str, Any]] = {
    200: {"headers": _TAG},
    409: problem_description("A file holds the rules, or somebody was faster"),
    412: problem_description("The rules are no longer those of `If-Match`"),
}


@dataclass(frozen=True, slots=True)
class AlertParts:
    """What the routes are made of."""

    reader: Store
    writer: Store
    clock: Clock
    engine: AlertEngine | None
    """None where this process has not the alerts' code: then there is only what tables say."""


def router(parts: AlertParts) -> APIRouter:
    """The routes; those that need the alerts' code where there is an engine."""
    routes = APIRouter(prefix="/v1/alerts", tags=["alerts"])
    _add_log(routes, parts)
    if parts.engine is not None:
        _add_rules(routes, RuleBook(parts.reader, parts.writer, parts.clock, parts.engine))
        _add_preview(routes, parts.engine, parts.clock)
        _add_mutes(routes, Silencing(parts.writer, parts.clock, parts.engine))
        _add_trial(routes, Trials(parts.engine, parts.clock))
    return routes


@dataclass(frozen=True)
class Chosen:
    """A dependency: which messages to list."""

    event: Annotated[str, Query(max_length=300, description="Only those about this event, by its whole id.")] = ""
    channel: Word = ""
    outcome: Annotated[Literal["", "sent", "failed", "given_up"], Query(description="Of the latest attempt.")] = ""
    verdict: Literal["", "open", "worse", "repeat", "escalate", "end"] = ""
    severity: Literal["", "info", "warning", "critical"] = ""
    since: Annotated[AwareDatetime | None, Query(description="Made at this time or later.")] = None
    until: Annotated[AwareDatetime | None, Query(description="Made before this time.")] = None

    def after(self, cursor: str) -> DeliveryFilter:
        """The filter of the page at ``cursor``. Raises :class:`Problem` (422) for one that is none of ours."""
        words = {name: getattr(self, name) for name in ("event", "channel", "outcome", "verdict", "severity")}
        times = {name: bounded_micros(at) for name in ("since", "until") if (at := getattr(self, name)) is not None}
        return DeliveryFilter(**{**words, **times, **story.place(cursor)})


def _add_log(routes: APIRouter, parts: AlertParts) -> None:
    @routes.get("/messages", summary="Messages, those made last first, and how they fared", dependencies=[_READER])
    def messages(
        chosen: Annotated[Chosen, Depends()],
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: Annotated[str, Query(max_length=200, description="`next_cursor` of the page before.")] = "",
    ) -> MessageList:
        return story.messages(parts.reader, chosen.after(cursor), limit)

    @routes.get(
        "/why/{event:path}",
        summary="Why something was told, or was not: every decision and message",
        dependencies=[_READER],
    )
    def why(event: EventId) -> WhyAnswer:
        return story.why(parts.reader, event)

    @routes.post(
        "/acknowledge/{event:path}",
        summary="Somebody looks after it: no repeats, no escalation",
        status_code=201,
        responses={409: problem_description("It cannot be acknowledged as it stands; the detail says why")},
    )
    def acknowledge(event: EventId, caller: Operator, body: AcknowledgementBody | None = None) -> AcknowledgementItem:
        """Of a regression this is the same as its own `acknowledge`. What comes again later needs another one."""
        return story.Acknowledging(parts.writer, parts.clock).take(event, caller, body.comment if body else "")


def _add_rules(routes: APIRouter, book: RuleBook) -> None:
    @routes.get(
        "/rules",
        summary="The rules in force",
        response_model=RulesAnswer,
        responses=_SHOWN,
        dependencies=[_OPERATOR],
    )
    def rules(if_none_match: IfNoneMatch = None) -> Response:
        answer = book.in_force()
        tag = rules_tag(answer)
        return unchanged(tag) if tag_fits(if_none_match, tag) else tagged(answer, tag)

    @routes.get("/rules/versions", summary="Rules that were set here, version by version", dependencies=[_OPERATOR])
    def versions() -> RulesVersions:
        return book.versions()

    @routes.put("/rules", summary="Set all rules", response_model=RulesAnswer, responses=_SET)
    def put(
        body: Annotated[
            dict[str, Any], Body(description="As a rules file has them (docs/alerts.md), secrets by name.")
        ],
        caller: Admin,
        if_match: IfMatch = None,
    ) -> Response:
        """The whole rules, whatever they were before; the same again change nothing. They count within seconds."""
        answer = book.put(body, caller, if_match)
        return tagged(answer, rules_tag(answer))


def _add_preview(routes: APIRouter, engine: AlertEngine, clock: Clock) -> None:
    # It computes for up to a minute: one at a time.
    turn = threading.Lock()

    @routes.post("/preview", summary="What rules would have sent of the past, and what not", dependencies=[_READER])
    def preview(body: PreviewBody) -> PreviewAnswer:
        """Stores and sends nothing. What the clock notices (no calls, budgets …) is not among it."""
        if body.rules is not None:
            sized(body.rules)
        if not turn.acquire(blocking=False):
            raise Problem(503, "A preview is under way", "Try again in a few seconds.", {"Retry-After": "5"})
        now = clock.now()
        try:
            wanted = PreviewQuestion(body.rules, now - timedelta(days=body.days), now, _PREVIEW_S)
            return PreviewAnswer.model_validate(engine.preview(wanted))
        except ConfigError as error:
            raise Problem(422, "The rules are wrong", f"{error}.") from None
        finally:
            turn.release()


def _add_mutes(routes: APIRouter, desk: Silencing) -> None:
    @routes.get("/mutes", summary="Mutes that stand, now or later", dependencies=[_READER])
    def listing() -> MuteList:
        return desk.listing()

    @routes.post(
        "/mutes",
        summary="Keep silent about what fits for a while",
        status_code=201,
        responses={409: problem_description("Too many mutes stand")},
    )
    def post(body: MuteBody, caller: Operator) -> MuteItem:
        """That something is over, is told all the same. A mute of the rules is changed there."""
        return desk.set(body, caller)

    @routes.delete("/mutes/{mute}", summary="End a mute before its time", status_code=204)
    def delete(mute: MuteId, caller: Operator) -> Response:
        desk.lift(mute, caller)
        return Response(status_code=204)


def _add_trial(routes: APIRouter, trials: Trials) -> None:
    @routes.post(
        "/channels/{name}/test",
        summary="Send a message that says it is a test",
        operation_id="test_channel",
        responses={409: problem_description("There are no rules, or no secrets to try it with")},
    )
    def trial(name: Channel, _: Operator) -> TrialAnswer:
        """One in ten seconds for each channel."""
        return trials.send(name)
