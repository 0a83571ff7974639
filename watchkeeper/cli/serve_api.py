"""``watchkeeper api``: the API alone, on a ClickHouse server."""

import contextlib
from collections.abc import Mapping

from api.app import ApiParts, create_app
from api.server import ApiServer
from watchkeeper.cli import wiring
from watchkeeper.cli.repricing import reprice_with
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
    with contextlib.closing(Store.open(wiring.store_config(settings))) as store:

        def checks() -> Mapping[str, str]:
            try:
                engine_version(store)
            except WatchkeeperError as error:
                return {"store": str(error)}
            return {}

        parts = ApiParts(
            store, Metrics(), clock, checks, tokens=settings.tokens, reprice=reprice_with(store, settings, clock)
        )
        server = ApiServer(create_app(parts), listen, clock)
        server.start()
        ending.listen()
        ending.wait()
        server.stop()
