"""The HTTP API: health, metrics, summary, dead letters. Reads the store; writes only what it says it writes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.auth import TokenCheck
from api.problems import RESPONSES, on_http, on_invalid, on_problem
from api.routes import dead_letters, health, summary
from api.routes import reprice as reprice_routes
from api.routes.dead_letters import Replay
from api.routes.reprice import Reprice
from watchkeeper import __version__
from watchkeeper.clock import Clock
from watchkeeper.errors import WatchkeeperError
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import Metrics

Checks = Callable[[], Mapping[str, str]]
"""Names what is not ready, each with a sentence; empty means ready."""

DESCRIPTION = """What your language models cost and how they fare, from the calls Watchkeeper stored.

Unknown numbers are null, never 0. Times are UTC. Errors are `application/problem+json` and say what to do."""


@dataclass(frozen=True, slots=True)
class ApiParts:
    """What the API needs."""

    store: Store
    metrics: Metrics
    clock: Clock
    checks: Checks
    tokens: tuple[str, ...] = ()
    replay: Replay | None = None
    """Sends dead letters through the pipeline again; None where this process has none."""
    reprice: Reprice | None = None


def create_app(parts: ApiParts) -> FastAPI:
    """The application; every route is listed here."""
    app = FastAPI(title="Watchkeeper", version=__version__, description=DESCRIPTION)
    app.add_exception_handler(WatchkeeperError, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    guarded: dict[str, Any] = {"dependencies": [Depends(TokenCheck(parts.tokens))], "responses": {**RESPONSES}}
    app.include_router(health.router(parts.checks, parts.metrics))
    app.include_router(summary.router(parts.store, parts.clock), **guarded)
    app.include_router(dead_letters.router(parts.store, parts.replay), **guarded)
    if parts.reprice is not None:
        app.include_router(reprice_routes.router(parts.reprice), **guarded)
    return app
