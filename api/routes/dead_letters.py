"""``/v1/dead-letters``: look at messages that could not be read, and send them through the pipeline again."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from api.access import Scope, require
from api.models import DeadLetterItem, dead_letter_item
from api.problems import Problem, problem_description
from watchkeeper.storage.client import Store
from watchkeeper.storage.dead_letters import (
    DeadLetter,
    DeadLetterFilter,
    get_dead_letter,
    list_dead_letters,
)

Replay = Callable[[Sequence[DeadLetter]], Sequence[str]]
"""Sends letters through the pipeline again; for each the reason it failed again, or an empty string."""


class ReplayRequest(BaseModel):
    """Which letters to send again."""

    ids: list[UUID] = Field(max_length=1_000)


class ReplayOutcome(BaseModel):
    """What became of each letter, in the order asked for: empty where it was read this time."""

    failures: list[str]


def router(store: Store, replay: Replay | None) -> APIRouter:
    """The routes over ``store``."""
    routes = APIRouter(prefix="/v1/dead-letters", tags=["dead letters"])

    @routes.get("", summary="List, newest first, without the bytes", dependencies=[Depends(require(Scope.READ))])
    def listing(
        reason: Annotated[str, Query(description="Only this reason.")] = "",
        waiting: Annotated[bool, Query(description="Leave out those that were replayed.")] = False,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    ) -> list[DeadLetterItem]:
        chosen = DeadLetterFilter(reason=reason, waiting_only=waiting)
        return [dead_letter_item(letter) for letter in list_dead_letters(store, chosen, limit)]

    # The bytes are what an application sent, content included: not for everybody who may read.
    @routes.get("/{letter_id}", summary="One letter with its bytes", dependencies=[Depends(require(Scope.OPERATE))])
    def one(letter_id: UUID) -> DeadLetterItem:
        letter = _letter(store, letter_id)
        return dead_letter_item(letter, b64encode(letter.body).decode())

    @routes.post(
        "/replay",
        summary="Send letters through the pipeline again",
        dependencies=[Depends(require(Scope.OPERATE))],
        responses={
            404: problem_description("One of the letters is not there"),
            409: problem_description("No pipeline"),
        },
    )
    def again(request: ReplayRequest) -> ReplayOutcome:
        if replay is None:
            raise Problem(409, "Not here", "this process has no pipeline: replay on the collector, or with the CLI")
        chosen = [_letter(store, letter_id) for letter_id in request.ids]
        return ReplayOutcome(failures=list(replay(chosen)))

    return routes


def _letter(store: Store, letter_id: UUID) -> DeadLetter:
    letter = get_dead_letter(store, letter_id)
    if letter is None:
        raise Problem(404, "No such dead letter", f"{letter_id} is not there; GET /v1/dead-letters lists what is.")
    return letter
