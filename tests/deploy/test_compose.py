"""docker-compose.yml against what it starts: settings, commands, ports, health checks, confinement."""

import re
import runpy
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from typer.testing import CliRunner

from tests.deploy.compose_file import ROOT, VARIABLES, compose, ours, required
from watchkeeper.cli.__main__ import app
from watchkeeper.settings import PREFIX, Settings

SERVICES = compose()["services"]
OURS = ours()
CORE = {"kafka", "clickhouse", "topics", "migrate", "gateway", "collector", "detectors", "api"}
BY_PROFILE = {"alerts": {"alerts"}, "grafana": {"grafana"}, "demo": {"demo"}}
LONG_RUNNING = {"kafka", "clickhouse", "gateway", "collector", "detectors", "api", "alerts", "grafana"}
PINNED = re.compile(r"[a-z./-]+:\d+(\.\d+){2,3}(-[a-z]+)*@sha256:[0-9a-f]{64}")


def default(name: str) -> Any:
    return Settings.model_fields[name].default


def test_each_service_is_in_its_profile() -> None:
    profiles = {name: set(one.get("profiles", ())) for name, one in SERVICES.items()}
    assert {name for name, of in profiles.items() if not of} == CORE
    for profile, names in BY_PROFILE.items():
        assert {name for name, of in profiles.items() if profile in of} == names


@pytest.mark.parametrize("name", sorted(OURS))
def test_settings_are_known_and_right(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {key: str(value) for key, value in OURS[name].get("environment", {}).items()}
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    loaded = Settings.load()
    for key in environment:
        assert key.startswith(PREFIX)
        assert key.removeprefix(PREFIX).lower() in loaded.model_fields_set


@pytest.mark.parametrize("name", sorted(OURS))
def test_commands_and_their_options_exist(name: str) -> None:
    shown = CliRunner().invoke(app, [*OURS[name]["command"], "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    assert shown.output.split()[1] == "watchkeeper" or "Usage:" in shown.output


@pytest.mark.parametrize("name", sorted(LONG_RUNNING & set(OURS)))
def test_health_is_asked_where_the_service_answers(name: str) -> None:
    port = default("api_port") if name == "api" else default("metrics_port")
    assert OURS[name]["healthcheck"]["test"] == ["CMD", "watchkeeper", "probe", f"http://127.0.0.1:{port}/readyz"]
    assert OURS[name]["command"][-2:] == ["--host", "0.0.0.0"]


def test_what_runs_on_has_a_health_check() -> None:
    assert all("healthcheck" in SERVICES[name] for name in LONG_RUNNING)


def test_published_ports_are_those_of_the_settings_and_on_loopback() -> None:
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    inner = {name: [int(port.rpartition(":")[2]) for port in ports] for name, ports in published.items()}
    assert inner["gateway"] == [default("otlp_http_port"), default("otlp_grpc_port")]
    assert inner["api"] == [default("api_port")]
    assert set(inner) == {"gateway", "api", "kafka", "grafana"}
    assert f"HOST://localhost:{inner['kafka'][0]}" in SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]


def test_images_that_are_not_built_here_are_pinned_by_tag_and_digest() -> None:
    for name, one in SERVICES.items():
        assert "build" in one or PINNED.fullmatch(one["image"]), f"{name}: {one['image']}"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_services_are_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service and "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"[1-9]\d*:\d+", service["user"])
    limits = service["deploy"]["resources"]["limits"]
    assert {"cpus", "memory"} <= set(limits)
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_services_are_given_time_to_shut_down(name: str) -> None:
    assert int(OURS[name]["stop_grace_period"].removesuffix("s")) >= 2 * default("shutdown_timeout_s")


def test_everything_that_is_mounted_is_there() -> None:
    declared = compose()["volumes"]
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in declared
    assert {"kafka", "clickhouse", "grafana"} == set(declared)


def test_dependencies_are_waited_for() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            done = how["condition"] == "service_completed_successfully"
            assert done != (other in LONG_RUNNING), f"{name} waits for {other}"


def test_stores_have_no_way_out() -> None:
    assert compose()["networks"]["inside"]["internal"] is True
    assert SERVICES["clickhouse"]["networks"] == ["inside"]
    assert all(SERVICES[name]["networks"] == ["inside"] for name in ("collector", "detectors", "migrate", "topics"))


def test_there_is_no_default_password_and_one_command_makes_all_that_are_needed() -> None:
    made = runpy.run_path(str(ROOT / "deploy" / "passwords.py"))["lines"]
    first, second = (dict(line.split("=", 1) for line in made()) for _ in range(2))
    assert set(first) == required() == set(VARIABLES)
    assert all(len(value) >= 32 and re.fullmatch(r"[\w-]+", value) for value in first.values())
    assert not set(first.values()) & set(second.values())
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKENS|HEADERS", key):
                assert any(secret in value for secret in VARIABLES.values()), f"{name}: {key}"


@pytest.mark.parametrize("name", ["config.xml", "users.xml"])
def test_configuration_of_clickhouse_is_xml_under_the_root_that_it_reads(name: str) -> None:
    assert ElementTree.parse(ROOT / "deploy" / "clickhouse" / name).getroot().tag == "clickhouse"


def test_what_the_demo_profile_runs_finds_its_parts() -> None:
    found = runpy.run_path(str(ROOT / "deploy" / "demo_traffic.py"))
    assert len(found["APPLICATIONS"]) == 4
    assert SERVICES["demo"]["command"] == ["--otlp", f"http://gateway:{default('otlp_http_port')}/v1/traces"]


def test_clickhouse_takes_its_users_from_our_file() -> None:
    text = (ROOT / "deploy" / "clickhouse" / "users.xml").read_text()
    environment = SERVICES["clickhouse"]["environment"]
    assert environment["CLICKHOUSE_SKIP_USER_SETUP"] == "1"
    assert set(re.findall(r'from_env="(\w+)"', text)) == set(environment) - {"CLICKHOUSE_SKIP_USER_SETUP"}
    assert '<default remove="remove"/>' in text
    assert f"<{SERVICES['api']['environment']['WATCHKEEPER_CLICKHOUSE_USER']}>" in text
    assert f"<{SERVICES['grafana']['environment']['CLICKHOUSE_USER']}>" in text


def test_grafana_gets_the_plugin_that_its_dashboards_are_written_for() -> None:
    environment = SERVICES["grafana"]["environment"]
    name, _, version = environment["GF_PLUGINS_PREINSTALL_SYNC"].partition("@")
    provisioning = ROOT / "dashboards" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "watchkeeper.yaml").read_text())["datasources"]
    assert source["type"] == name
    assert f"pluginVersion: {version}" in (provisioning / "alerting" / "watchkeeper.yaml").read_text()
    needed = set(re.findall(r"\$\{(\w+)\}", (provisioning / "datasources" / "watchkeeper.yaml").read_text()))
    assert needed <= set(environment)
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "watchkeeper.yaml").read_text())["providers"]
    assert f"./dashboards/json:{provider['options']['path']}:ro" in SERVICES["grafana"]["volumes"]


def test_secrets_that_people_put_beside_the_file_are_left_out_of_git_and_of_the_image() -> None:
    left_out = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/.env", "/deploy/alerts/secrets/"} <= set(left_out)
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"
