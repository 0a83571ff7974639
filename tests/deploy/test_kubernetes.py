"""The Kubernetes manifests: what kustomize builds of them, against the schemas of Kubernetes and against ours."""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from tests.deploy.compose_file import ROOT, ours
from tests.deploy.tool import kustomize
from watchkeeper.settings import PREFIX, Settings
from watchkeeper.topics import LLM_CALLS, OTLP_SPANS, TOPICS

FOLDER = ROOT / "deploy" / "kubernetes"
BUILDS = ("base", "overlays/small", "overlays/production")
VERSIONS = ("1.30", "1.35")
SERVICES = {"gateway", "collector", "detectors", "api", "alerts"}
Manifest = dict[str, Any]


@cache
def build(name: str) -> tuple[Manifest, ...]:
    command = [*kustomize(), str(FOLDER / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(name: str, *kinds: str) -> list[Manifest]:
    return [one for one in build(name) if one["kind"] in kinds]


def workloads(name: str) -> dict[str, Manifest]:
    return {one["metadata"]["name"]: one for one in of_kind(name, "Deployment", "StatefulSet", "Job")}


def pod(workload: Manifest) -> Manifest:
    spec: Manifest = workload["spec"]["template"]["spec"]
    return spec


def containers(name: str) -> Iterator[Manifest]:
    for workload in workloads(name).values():
        yield from pod(workload).get("initContainers", ())
        yield from pod(workload)["containers"]


def environment(name: str, workload: str) -> dict[str, str | None]:
    """Of the first container of a workload, settings of the config map included; None: a secret or a field."""
    maps = {one["metadata"]["name"]: one["data"] for one in of_kind(name, "ConfigMap")}
    container = pod(workloads(name)[workload])["containers"][0]
    found: dict[str, str | None] = {}
    for source in container["envFrom"]:
        found |= maps[source["configMapRef"]["name"]]
    return found | {one["name"]: one.get("value") for one in container["env"]}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", BUILDS[1:])
def test_kubernetes_takes_the_manifests(name: str, version: str) -> None:
    for manifest in build(name):
        if not manifest["apiVersion"].startswith("keda.sh/"):
            kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("name", BUILDS)
def test_the_services_are_those_of_compose_with_the_same_commands(name: str) -> None:
    assert set(workloads(name)) == SERVICES | {"prepare"}
    commands = {one["name"]: one["args"] for one in containers(name)}
    for service, of in ours().items():
        assert commands[service] == [word for word in of["command"] if word not in ("--host", "0.0.0.0")]


@pytest.mark.parametrize("name", BUILDS)
@pytest.mark.parametrize("workload", sorted(SERVICES))
def test_settings_are_known_and_right(name: str, workload: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = environment(name, workload)
    assert all(key.startswith(PREFIX) for key in given)
    for key, value in given.items():
        monkeypatch.setenv(key, "of-a-secret" if value is None else value)
    assert {key.removeprefix(PREFIX).lower() for key in given} <= Settings.load().model_fields_set


@pytest.mark.parametrize("name", BUILDS)
def test_pods_are_as_restricted_as_the_namespace_demands(name: str) -> None:
    (namespace,) = of_kind(name, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for workload in workloads(name).values():
        spec = pod(workload)
        assert spec["automountServiceAccountToken"] is False
        # A service called watchkeeper would make variables of our prefix, which are refused as unknown settings.
        assert spec["enableServiceLinks"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True and spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(name):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} == set(container["resources"]["limits"]) == set(container["resources"]["requests"])
        assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]


@pytest.mark.parametrize("name", BUILDS)
def test_probes_ask_what_exists_on_ports_that_are_open(name: str) -> None:
    ports = {
        "metrics": "metrics_port",
        "http": "api_port",
        "otlp-http": "otlp_http_port",
        "otlp-grpc": "otlp_grpc_port",
    }
    for workload in SERVICES:
        (container,) = pod(workloads(name)[workload])["containers"]
        for port in container["ports"]:
            assert port["containerPort"] == Settings.model_fields[ports[port["name"]]].default
        asked = {probe: container[probe]["httpGet"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
        assert {one["port"] for one in asked.values()} <= {port["name"] for port in container["ports"]}
        assert [one["path"] for one in asked.values()] == ["/healthz", "/healthz", "/readyz"]


@pytest.mark.parametrize("name", BUILDS)
def test_services_are_given_time_to_shut_down(name: str) -> None:
    for workload in SERVICES:
        shutdown = float(environment(name, workload)["WATCHKEEPER_SHUTDOWN_TIMEOUT_S"] or 0)
        assert pod(workloads(name)[workload])["terminationGracePeriodSeconds"] >= 2 * shutdown + 10


@pytest.mark.parametrize("name", BUILDS)
def test_secrets_are_named_and_never_written_down(name: str) -> None:
    assert not of_kind(name, "Secret")
    for container in containers(name):
        for variable in container.get("env", ()):
            if any(word in variable["name"] for word in ("PASSWORD", "TOKENS", "SALT", "KEY")):
                assert set(variable["valueFrom"]) == {"secretKeyRef"}


@pytest.mark.parametrize("name", BUILDS)
def test_selectors_meet_pods(name: str) -> None:
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in workloads(name).values()]
    selectors = [one["spec"]["selector"] for one in of_kind(name, "Service")]
    selectors += [one["spec"]["selector"]["matchLabels"] for one in of_kind(name, "PodDisruptionBudget")]
    selectors += [one["spec"]["podSelector"].get("matchLabels", {}) for one in of_kind(name, "NetworkPolicy")]
    assert selectors
    for selector in selectors:
        assert any(selector.items() <= found.items() for found in labels), selector
    assert {one["metadata"]["name"] for one in of_kind(name, "PodDisruptionBudget")} == SERVICES


def test_services_wait_until_the_tables_are_of_their_version() -> None:
    for service in SERVICES - {"gateway"}:
        (waiting,) = pod(workloads("base")[service])["initContainers"]
        assert waiting["args"] == ["migrate", "--check"]


def test_consumers_keep_their_names_so_that_a_restart_moves_no_partition() -> None:
    for service in ("collector", "detectors"):
        workload = workloads("base")[service]
        assert workload["kind"] == "StatefulSet"
        (member,) = [one for one in pod(workload)["containers"][0]["env"] if one["name"].endswith("INSTANCE_ID")]
        assert member["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}


def test_consumers_scale_by_the_lag_of_the_group_and_topic_that_they_read() -> None:
    groups = {"collector": ("kafka_group", OTLP_SPANS), "detectors": ("kafka_detectors_group", LLM_CALLS)}
    partitions = {topic.name: topic.partitions for topic in TOPICS}
    scaled = {one["metadata"]["name"]: one["spec"] for one in of_kind("overlays/production", "ScaledObject")}
    assert set(scaled) == set(groups)
    brokers = environment("overlays/production", "collector")["WATCHKEEPER_KAFKA_BOOTSTRAP_SERVERS"]
    for service, (group, topic) in groups.items():
        target = workloads("overlays/production")[service]
        assert scaled[service]["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": target["kind"], "name": service}
        assert "replicas" not in target["spec"]
        (trigger,) = scaled[service]["triggers"]
        assert trigger["metadata"]["consumerGroup"] == Settings.model_fields[group].default
        assert (trigger["metadata"]["topic"], trigger["metadata"]["bootstrapServers"]) == (topic, brokers)
        assert all(isinstance(value, str) for value in trigger["metadata"].values())
        assert 1 <= scaled[service]["minReplicaCount"] < scaled[service]["maxReplicaCount"] <= partitions[topic]
        (login,) = of_kind("overlays/production", "TriggerAuthentication")
        assert trigger["authenticationRef"]["name"] == login["metadata"]["name"]


def test_the_alert_rules_are_the_same_as_those_of_compose() -> None:
    copies = [ROOT / "deploy" / "alerts" / "rules.yaml", FOLDER / "base" / "rules.yaml"]
    assert len({Path(copy).read_text() for copy in copies}) == 1
