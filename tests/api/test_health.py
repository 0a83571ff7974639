"""Health, readiness and metrics: open to everyone, telling nothing of calls."""

import pytest

from tests.api.client import client
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import Metrics

pytestmark = pytest.mark.clickhouse


def test_a_ready_process_says_so(shared_store: Store) -> None:
    api = client(shared_store, tokens=("secret",))
    assert api.get("/healthz").json() == {"status": "alive"}
    ready = api.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "missing": {}})


def test_a_process_that_is_not_ready_lives_and_names_what_is_missing(shared_store: Store) -> None:
    api = client(shared_store, checks=lambda: {"pipeline": "stopped: most input is unreadable"})
    assert api.get("/healthz").status_code == 200
    ready = api.get("/readyz")
    assert ready.status_code == 503
    assert ready.json() == {"status": "not ready", "missing": {"pipeline": "stopped: most input is unreadable"}}


def test_metrics_are_in_prometheus_text_format(shared_store: Store) -> None:
    metrics = Metrics()
    metrics.calls.labels("otel", "ok").inc(3)
    answer = client(shared_store, metrics=metrics, tokens=("secret",)).get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'watchkeeper_calls_total{dialect="otel",outcome="ok"} 3.0' in answer.text
