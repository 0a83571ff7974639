"""What ends a push to Grafana: each is one sentence that names the cause and the mend, without a secret."""

import ssl
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import trustme

from dashboards import names
from tests.cli.command import Watchkeeper
from tests.dashboards.grafana_api.server import StandIn, serving
from tests.dashboards.grafana_api.state import Answer


def wrong_token(grafana: StandIn) -> None:
    grafana.state.token = "glsa_another"


def no_plugin(grafana: StandIn) -> None:
    grafana.state.plugins = ()


def name_taken(grafana: StandIn) -> None:
    grafana.state.data_sources["abc"] = {"uid": "abc", "name": names.FOLDER, "type": "mysql"}


def old_grafana(grafana: StandIn) -> None:
    grafana.state.version = "10.3.1"


def other_service(grafana: StandIn) -> None:
    grafana.before = lambda operation: (200, ["hello"])


def failing(grafana: StandIn) -> None:
    grafana.before = lambda operation: (502, {"message": f"bad gateway for {grafana.state.token}"})


REFUSALS = [
    pytest.param(wrong_token, "401: Invalid API key", "set WATCHKEEPER_GRAFANA_TOKEN", id="401"),
    pytest.param(no_plugin, "does not list the plugin grafana-clickhouse-datasource", "install it", id="no plugin"),
    pytest.param(name_taken, "another data source is named Watchkeeper", "--data-source abc", id="name taken"),
    pytest.param(old_grafana, "version 10.3.1", "10.4 or newer", id="too old"),
    pytest.param(other_service, "is no Grafana", "WATCHKEEPER_GRAFANA_URL", id="no Grafana"),
    pytest.param(failing, "failed to tell its version (502)", "(token)", id="502"),
]


@pytest.mark.parametrize(("state", "said", "mend"), REFUSALS)
def test_what_ends_a_push_is_told_with_its_mend(
    grafana: StandIn, watchkeeper: Watchkeeper, state: Any, said: str, mend: str
) -> None:
    token = grafana.state.token
    state(grafana)
    ran = watchkeeper("grafana", "push")
    assert ran.code == 2
    assert said in ran.err
    assert mend in ran.err
    assert token not in ran.err
    assert grafana.state.writes == []


def test_a_folder_of_the_same_name_is_told(grafana: StandIn, watchkeeper: Watchkeeper) -> None:
    grafana.state.folders["abc"] = {"uid": "abc", "title": names.FOLDER}
    ran = watchkeeper("grafana", "push", "--no-alert-rules")
    assert ran.code == 1
    assert "409: a folder with the same name already exists" in ran.out
    assert "--folder UID" in ran.out


def test_a_data_source_that_does_not_answer_is_told(grafana: StandIn, watchkeeper: Watchkeeper) -> None:
    grafana.state.healthy = False
    ran = watchkeeper("grafana", "push")
    assert ran.code == 1
    assert "does not answer" in ran.err


WRONG = [
    pytest.param({"GRAFANA_URL": ""}, [], "WATCHKEEPER_GRAFANA_URL is empty", id="no address"),
    pytest.param({"GRAFANA_URL": "grafana:3000"}, [], "is no address such as https://", id="no scheme"),
    pytest.param({"GRAFANA_URL": "http://admin:admin@localhost"}, [], "has a user name in it", id="password in it"),
    pytest.param({"GRAFANA_TOKEN": ""}, [], "WATCHKEEPER_GRAFANA_TOKEN is empty", id="no token"),
    pytest.param({"GRAFANA_TOKEN": "glsa_secret\r"}, [], "TOKEN holds a space, a line break", id="broken token"),
    pytest.param({"GRAFANA_URL": "http://admin:admin@localhost:99999"}, [], "no address such as", id="broken port"),
    pytest.param({"GRAFANA_CA_FILE": "missing.pem"}, [], "missing.pem is no file", id="no CA file"),
    pytest.param({"CLICKHOUSE_URL": "clickhouse"}, [], "is no address of ClickHouse", id="ClickHouse"),
    pytest.param({"STORE": "chdb"}, [], "the embedded store has no port", id="embedded"),
    pytest.param({}, ["--folder", "none"], "--folder takes the uid of a folder", id="folder"),
    pytest.param({}, ["--data-source", "none"], "--data-source takes its uid", id="data source"),
    pytest.param({"GRAFANA_URL": "http://localhost:1"}, [], "cannot be reached: ", id="nobody there"),
]


@pytest.mark.parametrize(("settings", "options", "said"), WRONG)
@pytest.mark.usefixtures("grafana")
def test_wrong_settings_are_named(
    watchkeeper: Watchkeeper,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    options: list[str],
    said: str,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"WATCHKEEPER_{name}", value)
    ran = watchkeeper("grafana", "push", *options)
    assert ran.code == 2
    assert said in ran.err
    assert "admin:admin" not in ran.err


def test_another_kind_of_data_source_is_told(grafana: StandIn, watchkeeper: Watchkeeper) -> None:
    grafana.state.data_sources["pg"] = {"uid": "pg", "name": "PG", "type": "postgres"}
    ran = watchkeeper("grafana", "push", "--data-source", "pg")
    assert ran.code == 2
    assert "is of type postgres" in ran.err


def test_a_grafana_that_does_not_answer_ends_in_time(
    grafana: StandIn, watchkeeper: Watchkeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHKEEPER_GRAFANA_TIMEOUT_S", "0.2")
    over = Event()

    def silent(operation: str) -> Answer | None:
        over.wait(20)
        return None

    grafana.before = silent
    try:
        ran = watchkeeper("grafana", "diff")
    finally:
        over.set()
    assert ran.code == 2
    assert "did not answer within 0.2 s" in ran.err


def test_tls_and_a_path(watchkeeper: Watchkeeper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    with serving(StandIn("/grafana"), context) as stand_in:
        stand_in.state.data_sources["ch"] = {"uid": "ch", "name": "CH", "type": "grafana-clickhouse-datasource"}
        monkeypatch.setenv("WATCHKEEPER_GRAFANA_URL", f"{stand_in.url}/")
        monkeypatch.setenv("WATCHKEEPER_GRAFANA_TOKEN", stand_in.state.token)
        unknown = watchkeeper("grafana", "diff", "--data-source", "ch")
        assert unknown.code == 2
        assert "certificate" in unknown.err
        monkeypatch.setenv("WATCHKEEPER_GRAFANA_CA_FILE", str(ca_file))
        assert watchkeeper("grafana", "push", "--data-source", "ch").code == 0
        assert stand_in.faults == []
