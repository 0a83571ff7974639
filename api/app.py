"""The HTTP API: health, metrics, summary, dead letters. Reads the store; writes only what it says it writes."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.alerting.engine import AlertEngine
from api.auth import Access
from api.bounds import Bounds
from api.catalog.parts import CatalogParts
from api.comparing.schedule import Comparisons
from api.health.reader import HealthReader
from api.openapi import described
from api.problems import on_defect, on_http, on_invalid, on_problem
from api.regressions.transition_log import StreamLimits, TransitionLog
from api.requirements.book import RequirementsBook
from api.requirements.requirements_file import RequirementsFile
from api.routes import (
    advice,
    alerts,
    audit,
    budgets,
    calls,
    catalog,
    compare,
    comparisons,
    cost_drivers,
    costs,
    dead_letters,
    detectors,
    docs,
    forecast,
    health,
    keys,
    migrations,
    models,
    reconcile,
    regressions,
    requirements,
    scores,
    series_health,
    summary,
    what_if,
)
from api.routes import reprice as reprice_routes
from api.routes import routes as route_weights
from api.routes.advice import AdviceParts
from api.routes.alerts import AlertParts
from api.routes.calls import CallParts
from api.routes.dead_letters import Replay
from api.routes.detectors import DetectorViews
from api.routes.migrations import MigrationParts
from api.routes.models import ModelParts
from api.routes.regressions import RegressionParts
from api.routes.reprice import Reprice
from api.routes.routes import RoutingParts, wait_limits
from api.routes.series_health import HealthParts, health_reader
from api.strict import known_only
from api.walls.stack import Walls, build_walls
from api.web.charts import Drawing
from api.web.parts import WebParts
from api.web.rendering import Renderer
from api.web.site import add_pages
from watchkeeper import __version__
from watchkeeper.clock import Clock
from watchkeeper.errors import WatchkeeperError
from watchkeeper.storage.client import Store
from watchkeeper.storage.query_limits import QueryLimits
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
    access: Access = Access()
    walls: Walls = Walls()
    bounds: Bounds = Bounds()
    query_limits: QueryLimits = QueryLimits()
    replay: Replay | None = None
    """Sends dead letters through the pipeline again; None where this process has none."""
    reprice: Reprice | None = None
    catalog: CatalogParts | None = None
    """Models and prices, for what-if and reconciliation too."""
    detectors: DetectorViews | None = None
    """What the detectors know; None where this process has not their code."""
    alerts: AlertEngine | None = None
    """What needs the alerts' own code; None where this process has it not."""
    requirements: RequirementsFile = RequirementsFile()
    """What a file states of routes."""
    stream: StreamLimits = StreamLimits()
    closing: threading.Event = field(default_factory=threading.Event)
    """Set when the server is about to end, so that streams end first."""


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = described(super().openapi())
        return self.openapi_schema


def create_app(parts: ApiParts) -> FastAPI:
    """The application; every route is listed here. Each states with :func:`api.access.require` who may use it.

    Only what writes gets ``parts.store``.
    """
    app = _Application(
        title="Watchkeeper",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(known_only)],
    )
    app.add_exception_handler(WatchkeeperError, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_defect)
    build_walls(app, parts.walls, parts.access, parts.store, parts.clock)
    shared = _shared(parts)
    _add_operations(app, parts, shared)
    add_pages(app, _page_parts(parts, shared), parts.access, parts.walls.rates)
    return app


@dataclass(frozen=True, slots=True)
class _Shared:
    """What operations and pages have in common. ``reader`` is the store with limits on each query."""

    reader: Store
    book: RequirementsBook
    of_health: HealthParts
    health_of_series: HealthReader


def _shared(parts: ApiParts) -> _Shared:
    reader = parts.store.reader(parts.query_limits)
    of_health = HealthParts(reader, parts.clock, parts.bounds, parts.detectors)
    book = RequirementsBook(reader, parts.store, parts.clock, parts.requirements)
    return _Shared(reader, book, of_health, health_reader(of_health))


def _add_operations(app: FastAPI, parts: ApiParts, shared: _Shared) -> None:
    reader, book = shared.reader, shared.book
    app.include_router(docs.router())
    app.include_router(health.router(parts.checks, parts.metrics))
    app.include_router(keys.router(parts.store, parts.access.keys, parts.clock))
    app.include_router(audit.router(reader, parts.clock))
    app.include_router(costs.router(reader, parts.clock, parts.bounds))
    app.include_router(cost_drivers.router(reader, parts.clock, parts.bounds))
    app.include_router(forecast.router(reader, parts.clock))
    app.include_router(budgets.router(reader, parts.store, parts.clock))
    app.include_router(summary.router(reader, parts.clock, parts.bounds))
    app.include_router(dead_letters.router(reader, parts.replay))
    log = TransitionLog(reader, parts.clock, parts.stream)
    app.include_router(regressions.router(RegressionParts(reader, parts.store, parts.clock, log, parts.closing)))
    app.include_router(detectors.router(reader, parts.detectors))
    app.include_router(alerts.router(AlertParts(reader, parts.store, parts.clock, parts.alerts)))
    app.include_router(calls.router(CallParts(reader, parts.clock, parts.bounds)))
    app.include_router(scores.router(reader, parts.clock, parts.bounds))
    app.include_router(models.router(ModelParts(reader, parts.clock, parts.bounds, parts.catalog)))
    app.include_router(series_health.router(shared.of_health, shared.health_of_series))
    app.include_router(reconcile.router(reader, parts.clock, parts.bounds))
    app.include_router(compare.router(reader, parts.clock, parts.bounds))
    app.include_router(comparisons.router(Comparisons(reader, parts.store, parts.clock, parts.bounds)))
    app.include_router(migrations.router(MigrationParts(reader, parts.store, parts.clock)))
    app.include_router(requirements.router(reader, parts.clock, book))
    if parts.catalog is not None:
        app.include_router(advice.router(AdviceParts(reader, parts.clock, parts.bounds, parts.catalog, book)))
        app.include_router(catalog.router(parts.catalog, parts.clock))
        app.include_router(what_if.router(reader, parts.clock, parts.bounds, parts.catalog))
    if parts.reprice is not None:
        app.include_router(reprice_routes.router(parts.reprice))
    # The last of /v1/routes: the name of a route is the rest of its path.
    limits = wait_limits(parts.walls.times.read_s)
    app.include_router(route_weights.router(RoutingParts(reader, parts.store, parts.clock, parts.closing, limits)))


def _page_parts(parts: ApiParts, shared: _Shared) -> WebParts:
    return WebParts(
        shared.reader,
        parts.store,
        parts.clock,
        parts.bounds,
        shared.health_of_series,
        shared.book,
        Renderer(parts.clock),
        Drawing(parts.clock),
        parts.catalog,
        parts.detectors,
        parts.replay,
        parts.checks,
        parts.alerts,
    )
