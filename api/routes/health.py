"""``/healthz`` (the process lives), ``/readyz`` (it can do its work), ``/metrics``."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from watchkeeper.telemetry import Metrics


def router(checks: Callable[[], Mapping[str, str]], metrics: Metrics) -> APIRouter:
    """The three routes; none needs a token, none tells anything of calls' content."""
    routes = APIRouter(tags=["health"])

    # Not on a thread, of which slow queries may have taken all: the process lives nevertheless.
    @routes.get("/healthz", summary="Does the process live?")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @routes.get("/readyz", summary="Can it do its work?", responses={503: {"description": "Not now; missing says why"}})
    def readyz() -> JSONResponse:
        missing = dict(checks())
        return JSONResponse(
            {"status": "not ready" if missing else "ready", "missing": missing}, 503 if missing else 200
        )

    @routes.get("/metrics", summary="Own metrics, in Prometheus' text format", response_class=PlainTextResponse)
    def own_metrics() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return routes
