"""``POST /v1/reprice``: price stored calls again with today's prices. A dry run unless told otherwise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.access import Scope, require


@dataclass(frozen=True, slots=True)
class RepriceOrder:
    """What to price again, and whether to write."""

    begin: datetime
    end: datetime
    model: str
    dry_run: bool


class RepriceChange(BaseModel):
    """What changes for one model."""

    provider: str
    model: str
    calls: int
    changed: int
    newly_priced: int
    no_longer_priced: int
    old_usd: Decimal
    new_usd: Decimal


class RepriceRequest(BaseModel):
    """Body of ``POST /v1/reprice``; times with a zone."""

    begin: datetime
    end: datetime
    model: str = ""
    dry_run: bool = Field(True, description="Only show the difference.")


class RepriceAnswer(BaseModel):
    """The difference per model, and whether it was written."""

    written: bool
    changes: list[RepriceChange]


Reprice = Callable[[RepriceOrder], Sequence[RepriceChange]]


def router(reprice: Reprice) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/v1", tags=["prices"])

    @routes.post(
        "/reprice",
        summary="Price stored calls again with today's prices",
        dependencies=[Depends(require(Scope.OPERATE))],
    )
    def run(request: RepriceRequest) -> RepriceAnswer:
        order = RepriceOrder(request.begin, request.end, request.model, request.dry_run)
        return RepriceAnswer(written=not request.dry_run, changes=list(reprice(order)))

    return routes
