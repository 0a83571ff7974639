"""The application with its pages over a seeded store, served to browsers by a thread of this process."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from api.app import ApiParts, create_app
from api.routes.detectors import DetectorViews
from api.server import ApiServer, Listen
from tests.dashboards.seed_plans import seed_plans
from tests.web import incidents, plans, traffic
from tests.web.traffic import LAWS, NOW
from watchkeeper.cli.alert_engine import StoreAlertEngine
from watchkeeper.cli.catalogs import catalog_parts
from watchkeeper.clock import ManualClock, SystemClock
from watchkeeper.series_id import series_id
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import Metrics


def seed(store: Store) -> None:
    """Calls, incidents and plans."""
    store.insert_arrow("calls", plans.stored_soon(traffic.calls()), "calls")
    incidents.seed(store)
    seed_plans(store, NOW - timedelta(days=2), NOW)
    plans.seed(store)


@dataclass(frozen=True, slots=True)
class Site:
    """A running server."""

    url: str
    store: Store
    clock: ManualClock


@contextmanager
def served(store: Store, directory: Path, **parts: Any) -> Iterator[Site]:
    """The application over ``store``, its clock at :data:`~tests.web.traffic.NOW`, until the block ends."""
    clock, closing, settings = ManualClock(NOW), threading.Event(), Settings.load(data_dir=directory)
    given = ApiParts(
        store,
        Metrics(),
        clock,
        checks=dict,
        catalog=catalog_parts(settings, clock),
        detectors=DetectorViews(lambda _: {}, _statuses),
        alerts=StoreAlertEngine(settings, store, clock),
        closing=closing,
        **parts,
    )
    server = ApiServer(create_app(given), Listen("127.0.0.1", 0, "a test"), SystemClock(), closing)
    try:
        yield Site(f"http://127.0.0.1:{server.start()}", store, clock)
    finally:
        server.stop()


def _statuses() -> list[Mapping[str, Any]]:
    """As detectors that have learnt all but one series."""
    return [
        {
            "series_id": series_id(law.service, law.route, law.provider, law.request_model, law.model),
            "series": f"{law.service}|{law.route}|{law.provider}|{law.request_model}|{law.model}",
            "metric": metric,
            "state": "learning" if law.usd is None else "ok",
            "needed": 240 if law.usd is None else 0,
            "why": "240 more calls until it is known what is usual" if law.usd is None else "",
        }
        for law, _, _ in LAWS
        for metric in ("error", "latency")
    ]
