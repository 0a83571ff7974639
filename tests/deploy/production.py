"""The services of docker-compose.yml as processes of this machine, with the environment and command of that file.

Only addresses differ: the broker of the tests for Kafka, the embedded engine behind HTTP for ClickHouse, free ports.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from demo.backend import free_ports
from demo.part import Part, part
from tests.deploy.compose_file import ROOT, VARIABLES, ours
from tests.fixtures.service import PATIENCE_S, is_ready, wait_until

_PORTS = (
    "WATCHKEEPER_METRICS_PORT",
    "WATCHKEEPER_API_PORT",
    "WATCHKEEPER_OTLP_HTTP_PORT",
    "WATCHKEEPER_OTLP_GRPC_PORT",
)


@dataclass(frozen=True, slots=True)
class Site:
    """Where everything is that the services of one test need."""

    directory: Path
    bootstrap: str
    clickhouse: str
    settings: Mapping[str, str]
    """Of all services, besides those of the file."""

    def environment(self, name: str) -> dict[str, str]:
        """As in the file, with addresses of this machine."""
        replaced = {
            "kafka:9092": self.bootstrap,
            "http://clickhouse:8123": self.clickhouse,
            "/etc/watchkeeper/alerts/secrets": str(self.directory),
            "/etc/watchkeeper/alerts": str(ROOT / "deploy" / "alerts"),
        }
        found = {key: str(value) for key, value in ours()[name]["environment"].items()}
        for there, here in replaced.items():
            found = {key: value.replace(there, here) for key, value in found.items()}
        return {**found, **self.settings}


@dataclass(frozen=True, slots=True)
class Running:
    """One service that runs, and its ports by the names of their settings."""

    part: Part
    ports: Mapping[str, int]

    def address(self, port: str) -> str:
        return f"http://127.0.0.1:{self.ports[port]}"

    @property
    def health(self) -> str:
        return self.address("WATCHKEEPER_API_PORT" if self.part.name.startswith("api") else "WATCHKEEPER_METRICS_PORT")

    def wait_until_ready(self) -> None:
        wait_until(lambda: is_ready(self.health), self.part, "readiness")

    def calls(self) -> int:
        """How many calls the API knows of."""
        headers = {"authorization": f"Bearer {VARIABLES['WATCHKEEPER_TOKENS']}"}
        address = self.address("WATCHKEEPER_API_PORT")
        answer = httpx.get(f"{address}/v1/summary", headers=headers, timeout=20, trust_env=False)
        assert answer.status_code == 200, answer.text
        return sum(row["calls"] for row in answer.json()["rows"])


@contextmanager
def clickhouse(directory: Path, port: int) -> Iterator[Part]:
    """The stand-in for a server on ``port``, answering."""
    password = {"WATCHKEEPER_CLICKHOUSE_PASSWORD": VARIABLES["WATCHKEEPER_CLICKHOUSE_PASSWORD"]}
    arguments = ["tests.deploy.clickhouse_http", str(directory / "clickhouse"), str(port)]
    with part(f"clickhouse-{port}", arguments, directory, settings=password) as server:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/ping"), server, "ClickHouse")
        yield server


@contextmanager
def service(site: Site, name: str, number: int = 1) -> Iterator[Running]:
    """One replica of a service: started, not yet ready."""
    ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
    settings = site.environment(name) | {key: str(port) for key, port in ports.items()}
    command = ["watchkeeper.cli", *ours()[name]["command"]]
    with part(f"{name}-{number}", command, site.directory, 30.0, settings) as child:
        yield Running(child, ports)


def run_once(site: Site, name: str) -> None:
    """A service that ends by itself. Fails unless it ends well."""
    with part(
        name, ["watchkeeper.cli", *ours()[name]["command"]], site.directory, 30.0, site.environment(name)
    ) as child:
        code = child.process.wait(PATIENCE_S)
        assert code == 0, child.failure(f"ended with code {code}")


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2.0, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
