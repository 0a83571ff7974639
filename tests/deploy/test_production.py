"""What docker-compose.yml starts, as processes of this machine over one store that goes away in between."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from demo.backend import free_ports
from demo.part import Part
from tests.deploy.compose_file import VARIABLES, ours
from tests.deploy.production import Running, Site, clickhouse, run_once, service
from tests.e2e.load import SPANS, numbered
from tests.fixtures.broker import KafkaBench
from tests.fixtures.service import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.kafka, pytest.mark.clickhouse]

BATCH = 12
JOBS = {"topics", "migrate"}


def send(gateway: Running, numbers: range) -> None:
    """OTLP requests with the first token; each is answered once the brokers have it."""
    headers = {
        "content-type": "application/x-protobuf",
        "authorization": f"Bearer {VARIABLES['WATCHKEEPER_TOKENS']}",
    }
    traces = f"{gateway.address('WATCHKEEPER_OTLP_HTTP_PORT')}/v1/traces"
    with httpx.Client(headers=headers, timeout=30, trust_env=False) as client:
        for number in numbers:
            answer = client.post(traces, content=numbered(number))
            assert answer.status_code == 200, answer.text


@pytest.fixture
def site(kafka: KafkaBench, tmp_path: Path) -> Iterator[tuple[Site, Part, int]]:
    kafka.needs_complete_broker()
    (tmp_path / "chat").write_text("json://127.0.0.1:9/")
    (port,) = free_ports(1)
    with clickhouse(tmp_path, port) as server:
        yield Site(tmp_path, kafka.broker.bootstrap, f"http://127.0.0.1:{port}", {}), server, port


def test_services_of_the_file_store_each_call_once_while_the_store_goes_away(site: tuple[Site, Part, int]) -> None:
    place, server, port = site
    for job in sorted(JOBS):
        run_once(place, job)
    with ExitStack() as stack:
        running = {name: stack.enter_context(service(place, name)) for name in sorted(set(ours()) - JOBS)}
        for one in running.values():
            one.wait_until_ready()
        gateway, api = running["gateway"], running["api"]
        send(gateway, range(BATCH))
        server.process.kill()
        send(gateway, range(BATCH, 2 * BATCH))
        stack.enter_context(clickhouse(place.directory, port))
        wait_until(lambda: api.calls() >= 2 * BATCH * SPANS, gateway.part, "calls")
        assert api.calls() == 2 * BATCH * SPANS
        for one in running.values():
            one.part.process.terminate()
        for one in running.values():
            assert one.part.process.wait(30) == 0, one.part.failure("did not end well")
    logs = "".join(path.read_text() for path in place.directory.glob("*.log"))
    assert not [secret for secret in VARIABLES.values() if secret in logs]
    assert "param_" not in logs  # values bound to statements
