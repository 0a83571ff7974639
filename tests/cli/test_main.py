"""What holds for every command: errors are sentences with exit code 2."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from tests.cli.command import Watchkeeper
from watchkeeper.storage.client import Store

SERVICES = ("up", "collector", "detectors", "gateway", "api")
COMMANDS = (*SERVICES, "migrate", "decode", "reprice", "doctor", "probe", "topics", "dlq")


def test_help_names_every_command(watchkeeper: Watchkeeper) -> None:
    ran = watchkeeper("--help")
    assert ran.code == 0
    assert all(name in ran.out for name in COMMANDS)


@pytest.mark.parametrize(
    "command", [("doctor", "--no-kafka"), ("migrate",), ("up",), ("collector",), ("detectors", "run"), ("dlq", "list")]
)
def test_a_misspelt_variable_stops_every_command(
    watchkeeper: Watchkeeper, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("WATCHKEEPER_DATA_DRI", "x")
    ran = watchkeeper(*command)
    assert ran.code == 2
    assert ran.err.startswith("watchkeeper: unknown setting WATCHKEEPER_DATA_DRI in the environment; docs/")


def test_a_wrong_setting_is_a_sentence_that_names_it(watchkeeper: Watchkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_CALLS_TTL_DAYS", "0")
    ran = watchkeeper("migrate")
    assert ran.code == 2
    assert ran.err.startswith("watchkeeper: wrong setting: WATCHKEEPER_CALLS_TTL_DAYS: ")


@pytest.mark.clickhouse
@pytest.mark.parametrize("command", ["up", "collector"])
def test_nothing_is_bound_beyond_loopback_without_tokens(on_store: Watchkeeper, command: str) -> None:
    ran = on_store(command, "--host", "0.0.0.0")
    assert ran.code == 2
    assert "WATCHKEEPER_TOKENS" in ran.err and "0.0.0.0" in ran.err and "Traceback" not in ran.err


@pytest.mark.clickhouse
def test_migrate_says_what_it_did_and_does_it_once(
    on_store: Watchkeeper, bare_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHKEEPER_DATABASE", bare_store.config.database)
    first, second = on_store("migrate"), on_store("migrate")
    assert first.out.startswith("applied 0001 ") and first.out.endswith("\nup to date\n")
    assert (first.code, second.code, second.out) == (0, 0, "up to date\n")


@pytest.mark.clickhouse
def test_migrate_can_be_asked_whether_something_is_missing(
    on_store: Watchkeeper, bare_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHKEEPER_DATABASE", bare_store.config.database)
    before, _, after = on_store("migrate", "--check"), on_store("migrate"), on_store("migrate", "--check")
    assert before.code == 1 and before.out.startswith("missing 0001 calls\n")
    assert (after.code, after.out) == (0, "up to date\n")


def test_a_server_that_does_not_answer_is_a_sentence(watchkeeper: Watchkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_STORE", "clickhouse")
    monkeypatch.setenv("WATCHKEEPER_CLICKHOUSE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("WATCHKEEPER_CLICKHOUSE_PASSWORD", "MARKSECRET")
    ran = watchkeeper("migrate")
    assert ran.code == 2
    assert "no ClickHouse answers at http://127.0.0.1:1" in ran.err and "MARK" not in ran.err


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/good" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def health() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_probe_says_by_its_exit_code_whether_an_address_is_well(watchkeeper: Watchkeeper, health: str) -> None:
    assert watchkeeper("probe", f"{health}/good").code == 0
    assert watchkeeper("probe", f"{health}/bad").code == 1
    assert watchkeeper("probe", "http://127.0.0.1:1/").code == 1
    assert watchkeeper("probe", "no address").code == 1
