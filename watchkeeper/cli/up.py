"""``watchkeeper up``: one process, embedded store, OTLP in, API out."""

import contextlib
import os
import secrets
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from api.app import ApiParts, create_app
from api.server import ApiServer
from collector.pipeline import Publisher
from watchkeeper.cli import garbage, guarding, wiring
from watchkeeper.cli.alert_engine import StoreAlertEngine
from watchkeeper.cli.alerts_beside import alerts_beside
from watchkeeper.cli.beside import Beside, DetectorsBeside
from watchkeeper.cli.catalogs import catalog_parts
from watchkeeper.cli.detecting import embedded_detectors
from watchkeeper.cli.detector_views import detector_views
from watchkeeper.cli.evaluating import Evaluating, periodic_tasks
from watchkeeper.cli.replaying import replay_into
from watchkeeper.cli.repricing import reprice_with
from watchkeeper.cli.route_needs import requirements_of
from watchkeeper.cli.running import Ending, PipelineThread
from watchkeeper.cli.running_address import Address, announced
from watchkeeper.clock import Clock, SystemClock
from watchkeeper.errors import WatchkeeperError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.storage.reconcile import Reconciler
from watchkeeper.streams.otlp_queue import OtlpSource
from watchkeeper.streams.otlp_receivers import OtlpReceivers
from watchkeeper.telemetry import Metrics, configure_logs, logger

_log = logger("up")


def open_embedded(settings: Settings, clock: Clock) -> Store:
    """The embedded store, migrated, its rollups made whole after a kill."""
    store = Store.open(wiring.store_config(settings))
    wiring.migrate(store, settings)
    for mended in Reconciler(store).run(clock.now() - timedelta(days=settings.calls_ttl_days)):
        _log.warning(
            "rebuilt rollup buckets that an interrupted insert had left short",
            rollup=mended.rollup,
            buckets=mended.buckets,
        )
    return store


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Raises our errors for what cannot start, and what ended the pipeline."""
    configure_logs(settings.log_level, settings.log_format)
    clock, metrics, ending = SystemClock(), Metrics(), Ending()
    store = open_embedded(settings, clock)
    with contextlib.closing(store), guarding.key_ring(settings, store, clock) as ring:
        own_secret, closing = secrets.token_urlsafe(32), threading.Event()
        source = wiring.otlp_source(settings, clock)
        line = wiring.pipeline(settings, wiring.Outside(source, store, Publisher()), metrics, clock)
        thread = PipelineThread(line, lambda: metrics.queue_bytes.set(source.held_bytes), ending.ask)
        beside = _detectors(settings, store, metrics, clock)
        catalog = catalog_parts(settings, clock)
        alerting = alerts_beside(settings, store, metrics, clock, catalog.catalog)
        evaluating = Evaluating(periodic_tasks(store, clock, settings), clock, metrics)
        receivers = OtlpReceivers(wiring.receiver_config(settings, guarding.admit(settings, ring)), source)
        app = create_app(
            ApiParts(
                store=store,
                metrics=metrics,
                clock=clock,
                checks=lambda: {**thread.checks(), **beside.checks(), **evaluating.checks(), **alerting.checks()},
                access=guarding.access(settings, ring, own_secret),
                walls=guarding.walls(settings),
                bounds=guarding.bounds(settings),
                query_limits=guarding.query_limits(settings),
                replay=replay_into(source, store, clock, rejected_come_back=True),
                reprice=reprice_with(store, settings, clock),
                catalog=catalog,
                requirements=requirements_of(settings),
                detectors=detector_views(settings, store),
                alerts=StoreAlertEngine(settings, store, clock),
                closing=closing,
            )
        )
        server = ApiServer(app, wiring.api_listen(settings), clock, closing)
        garbage.search_less_often()
        thread.start()
        beside.start()
        alerting.start()
        evaluating.start()
        try:
            ports = receivers.start()
            address = _address(settings, server.start(), (ports.http, ports.grpc))
            # First the signals: whoever reads where we are may ask us to end at once.
            ending.listen()
            with announced(settings.data_dir, replace(address, secret=own_secret)):
                _print_where(settings.data_dir, address)
                ending.wait()
        finally:
            _shut_down(settings, receivers, source, thread)
            evaluating.stop(settings.shutdown_timeout_s * 0.1)
            beside.stop(settings.shutdown_timeout_s * 0.2)
            alerting.stop(settings.shutdown_timeout_s * 0.2)
            server.stop()
    if thread.error is not None:
        raise WatchkeeperError(f"the pipeline stopped: {thread.error}")


def _detectors(settings: Settings, store: Store, metrics: Metrics, clock: Clock) -> Beside:
    return DetectorsBeside(embedded_detectors(settings, store, metrics, clock)) if settings.detectors else Beside()


def _shut_down(settings: Settings, receivers: OtlpReceivers, source: OtlpSource, thread: PipelineThread) -> None:
    """Intake first, then what is queued, then the pipeline: nothing that was acknowledged is lost."""
    deadline = settings.shutdown_timeout_s
    receivers.stop(deadline * 0.6)
    source.close()
    if not thread.stop(deadline * 0.3):
        _log.error("the pipeline did not end in time; what it held was not acknowledged and comes again")
    source.abandon()


def _address(settings: Settings, api_port: int, otlp_ports: tuple[int, int]) -> Address:
    scheme = "https" if settings.tls_cert_file else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    http, grpc = otlp_ports
    return Address(f"{scheme}://{host}:{api_port}", f"{scheme}://{host}:{http}", f"{host}:{grpc}", os.getpid())


def _print_where(data_dir: Path, address: Address) -> None:
    lines = [
        "Watchkeeper is up.",
        f"  OTLP/HTTP  {address.otlp_http}   (OTEL_EXPORTER_OTLP_ENDPOINT, http/protobuf)",
        f"  OTLP/gRPC  {address.otlp_grpc}",
        f"  page       {address.api}",
        f"  API        {address.api}/v1/summary   docs at {address.api}/docs",
        f"  data       {data_dir.absolute()}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
