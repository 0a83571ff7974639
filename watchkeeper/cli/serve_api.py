"""``watchkeeper api``: the API alone, on a ClickHouse server."""

import contextlib
from collections.abc import Mapping

from api.app import ApiParts, create_app
from api.server import ApiServer
from watchkeeper.cli import guarding, wiring
from watchkeeper.cli.alert_engine import StoreAlertEngine
from watchkeeper.cli.catalogs import catalog_parts
from watchkeeper.cli.detector_views import detector_views
from watchkeeper.cli.evaluating import Evaluating, periodic_tasks
from watchkeeper.cli.repricing import reprice_with
from watchkeeper.cli.route_needs import requirements_of
from watchkeeper.cli.running import Ending
from watchkeeper.clock import SystemClock
from watchkeeper.errors import ConfigError, WatchkeeperError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.storage.health import engine_version
from watchkeeper.telemetry import Metrics, configure_logs


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM."""
    configure_logs(settings.log_level, settings.log_format)
    listen = wiring.api_listen(settings)
    if settings.store == "chdb":
        raise ConfigError(
            "the API alone needs a ClickHouse server: set WATCHKEEPER_STORE=clickhouse, "
            "or run 'watchkeeper up', which serves the API over its embedded store"
        )
    clock, ending = SystemClock(), Ending()
    with (
        contextlib.closing(Store.open(wiring.store_config(settings))) as store,
        guarding.key_ring(settings, store, clock) as ring,
    ):
        metrics = Metrics()
        evaluating = Evaluating(periodic_tasks(store, clock, settings), clock, metrics)

        def checks() -> Mapping[str, str]:
            try:
                engine_version(store)
            except WatchkeeperError as error:
                return {"store": str(error)}
            return evaluating.checks()

        parts = ApiParts(
            store,
            metrics,
            clock,
            checks,
            access=guarding.access(settings, ring),
            walls=guarding.walls(settings),
            bounds=guarding.bounds(settings),
            query_limits=guarding.query_limits(settings),
            reprice=reprice_with(store, settings, clock),
            catalog=catalog_parts(settings, clock),
            requirements=requirements_of(settings),
            detectors=detector_views(settings, store),
            alerts=StoreAlertEngine(settings, store, clock),
        )
        server = ApiServer(create_app(parts), listen, clock, parts.closing)
        server.start()
        evaluating.start()
        ending.listen()
        ending.wait()
        evaluating.stop(settings.shutdown_timeout_s * 0.5)
        server.stop()
