"""Commands that start a service and end with it."""

from typing import TYPE_CHECKING

from watchkeeper.cli.late import Late
from watchkeeper.cli.options import DataDir, Host, Port
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from watchkeeper.cli import collector, detectors_service, gateway, serve_api, up
else:
    collector = Late("watchkeeper.cli.collector")
    detectors_service = Late("watchkeeper.cli.detectors_service")
    gateway = Late("watchkeeper.cli.gateway")
    serve_api = Late("watchkeeper.cli.serve_api")
    up = Late("watchkeeper.cli.up")


def run_up(
    data_dir: DataDir = None,
    otlp_http_port: Port = None,
    otlp_grpc_port: Port = None,
    api_port: Port = None,
    host: Host = None,
) -> None:
    """One process: OTLP in, embedded store, API out. Ends cleanly on Ctrl-C or SIGTERM."""
    up.run(
        Settings.load(
            store="chdb",
            data_dir=data_dir,
            otlp_http_port=otlp_http_port,
            otlp_grpc_port=otlp_grpc_port,
            api_port=api_port,
            host=host,
        )
    )


def run_collector(host: Host = None) -> None:
    """Kafka to ClickHouse; start as many as there are partitions."""
    collector.run(Settings.load(host=host))


def run_gateway(host: Host = None) -> None:
    """OTLP in, Kafka out."""
    gateway.run(Settings.load(host=host))


def run_api(host: Host = None, api_port: Port = None) -> None:
    """The API alone, on a ClickHouse server."""
    serve_api.run(Settings.load(host=host, api_port=api_port))


def run_detectors(host: Host = None) -> None:
    """Stored calls from Kafka, regressions out; start as many as there are partitions."""
    detectors_service.run(Settings.load(host=host))
