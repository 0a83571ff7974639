"""``watchkeeper alerts run``: regressions, notices and the clock to messages."""

import contextlib

from fastapi import FastAPI

from api.routes import health
from api.server import ApiServer, Listen
from watchkeeper.cli import wiring
from watchkeeper.cli.alerting import alerts_service
from watchkeeper.cli.catalogs import catalog_parts
from watchkeeper.cli.running import Ending, PipelineThread
from watchkeeper.clock import SystemClock
from watchkeeper.errors import WatchkeeperError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import Metrics, configure_logs


def run(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM. Raises our errors for what cannot start."""
    configure_logs(settings.log_level, settings.log_format)
    clock, metrics, ending = SystemClock(), Metrics(), Ending()
    with contextlib.closing(Store.open(wiring.store_config(settings))) as store:
        if settings.store == "chdb":
            wiring.migrate(store, settings)
        service = alerts_service(settings, store, metrics, clock, catalog_parts(settings, clock).catalog)
        thread = PipelineThread(service, lambda: None, ending.ask)
        app = FastAPI(title="Watchkeeper alerts")
        app.include_router(health.router(lambda: {**thread.checks(), **service.problems()}, metrics))
        server = ApiServer(app, Listen(settings.host, settings.metrics_port, "WATCHKEEPER_METRICS_PORT"), clock)
        thread.start()
        try:
            server.start()
            ending.listen()
            ending.wait()
        finally:
            thread.stop(settings.shutdown_timeout_s)
            server.stop()
    if thread.error is not None:
        raise WatchkeeperError(f"the alerts stopped: {thread.error}")
