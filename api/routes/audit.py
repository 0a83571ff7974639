"""``GET /v1/audit``: who changed what."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from api.access import Scope, require
from api.problems import Problem
from watchkeeper.clock import Clock
from watchkeeper.storage.audit_log import MOST_LISTED, AuditEntry, AuditFilter, list_writes
from watchkeeper.storage.client import Store

_DEFAULT_SPAN = timedelta(days=7)


class AuditItem(BaseModel):
    """One write."""

    id: str
    at: datetime
    key_id: str
    key_name: str
    method: str
    path: str
    status: int = Field(description="How it was answered.")
    body_digest: str = Field(description="Start of the SHA-256 of the body; empty without a body.")


def router(store: Store, clock: Clock) -> APIRouter:
    """The log over ``store``."""
    routes = APIRouter(prefix="/v1", tags=["audit"])

    @routes.get("/audit", summary="Writes, the newest first", dependencies=[Depends(require(Scope.ADMIN))])
    def audit(
        start: Annotated[AwareDatetime | None, Query(description="From this time; default: 7 days before end.")] = None,
        end: Annotated[AwareDatetime | None, Query(description="Up to this time; default: now.")] = None,
        key: Annotated[str, Query(description="Only by the key of this name.", max_length=64)] = "",
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 100,
    ) -> list[AuditItem]:
        # One second more, as an entry of this very moment is before "now" too.
        until = end or clock.now() + timedelta(seconds=1)
        try:
            since = start or until - _DEFAULT_SPAN
        except OverflowError:
            raise Problem(422, "A parameter does not fit", "end lies outside the calendar.") from None
        return [audit_item(entry) for entry in list_writes(store, AuditFilter(since, until, key), limit)]

    return routes


def audit_item(entry: AuditEntry) -> AuditItem:
    """One entry as the API shows it."""
    return AuditItem(**{name: getattr(entry, name) for name in AuditItem.model_fields})
