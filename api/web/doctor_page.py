"""``/doctor``: does everything arrive, is it read, priced and judged, is somebody told, and what to do where not."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.access import Scope
from api.web.doors import Visit, visiting
from api.web.ingest_facts import ARRIVED_WITHIN, LATELY, IngestFacts, IngestReader
from api.web.ingest_findings import channel_rows, findings, letter_rows, mark_words, states
from api.web.parts import WebParts

# It tells of all tenants.
Reader = Annotated[Visit, Depends(visiting(Scope.READ))]
_MOST_WAITING = 20
_BLIND = ("learning", "cannot_tell")


def router(parts: WebParts) -> APIRouter:
    """The page."""
    routes = APIRouter(include_in_schema=False)
    reader = IngestReader(parts)

    @routes.get("/doctor")
    def doctor(request: Request, _: Reader) -> Response:
        return parts.renderer.page(request, "doctor.html", **_shown(reader.read()))

    return routes


def _shown(facts: IngestFacts) -> dict[str, Any]:
    metrics = facts.detecting.metrics if facts.detecting else ()
    blind = [one for one in metrics if one["state"] in _BLIND]
    return {
        "facts": facts,
        "findings": findings(facts),
        "mark_words": mark_words,
        "letters": letter_rows(facts),
        "channels": channel_rows(facts),
        "states": states(facts),
        "blind": blind[:_MOST_WAITING],
        "blind_more": max(0, len(blind) - _MOST_WAITING),
        "hours": ARRIVED_WITHIN.total_seconds() / 3600,
        "lately_minutes": LATELY.total_seconds() / 60,
    }
