"""What the client library is told, and that it still has the names we rely on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer
from kafka.producer.sender import Sender

from watchkeeper_sdk import kafka_producer
from watchkeeper_sdk.kafka_config import KafkaConfig
from watchkeeper_sdk.kafka_producer import Producer, load_libraries, producer_settings


def config(**given: Any) -> KafkaConfig:
    return KafkaConfig.read(given, {})


class RecordingClient:
    """Stands for the library's producer; keeps its settings."""

    settings: dict[str, Any]

    def __init__(self, **settings: Any) -> None:
        type(self).settings = settings

    def send(self) -> None: ...


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> type[RecordingClient]:
    monkeypatch.setattr(kafka_producer, "_client_class", lambda: RecordingClient)
    return RecordingClient


def test_credentials_and_certificates_reach_the_client(recorded: type[RecordingClient], tmp_path: Path) -> None:
    files = {name: str(tmp_path / f"{name}.pem") for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile")}
    for path in files.values():
        Path(path).touch()
    sasl = {"sasl_mechanism": "SCRAM-SHA-512", "sasl_username": "ann", "sasl_password": "secret"}
    Producer(config(bootstrap_servers=["a:1", "b:2"], security_protocol="SASL_SSL", **sasl, **files))
    told = recorded.settings
    assert (told["bootstrap_servers"], told["security_protocol"]) == (["a:1", "b:2"], "SASL_SSL")
    assert told["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (told["sasl_plain_username"], told["sasl_plain_password"]) == ("ann", "secret")
    assert {name: told[name] for name in files} == files


def test_without_credentials_none_are_mentioned(recorded: type[RecordingClient]) -> None:
    Producer(config())
    assert not [name for name in recorded.settings if name.startswith(("sasl_", "ssl_"))]


def test_the_client_knows_every_setting(tmp_path: Path) -> None:
    pem = tmp_path / "a.pem"
    pem.touch()
    sasl = {"sasl_mechanism": "PLAIN", "sasl_username": "ann", "sasl_password": "secret"}
    files = dict.fromkeys(("ssl_cafile", "ssl_certfile", "ssl_keyfile"), pem)
    told = producer_settings(config(security_protocol="SASL_SSL", **sasl, **files))
    assert set(told) <= set(KafkaProducer.DEFAULT_CONFIG)


@pytest.mark.parametrize("timeout_s", [0.5, 1, 10, 600])
def test_nothing_outlasts_one_export(timeout_s: float) -> None:
    told = producer_settings(config(timeout_s=timeout_s))
    limit_ms = timeout_s * 1000
    assert told["bootstrap_timeout_ms"] + told["max_block_ms"] <= limit_ms
    assert told["linger_ms"] + told["request_timeout_ms"] <= told["delivery_timeout_ms"] <= limit_ms
    assert told["acks"] == "all" and told["enable_idempotence"]


def test_gzip_stands_in_for_a_codec_that_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("watchkeeper_sdk._safety._said_at", {})
    monkeypatch.setattr("kafka.codec.has_zstd", lambda: False)
    for _ in range(2):
        assert producer_settings(config(compression="zstd"))["compression_type"] == "gzip"
    assert producer_settings(config(compression="none"))["compression_type"] is None
    assert [record.getMessage() for record in caplog.records] == [
        "watchkeeper_sdk: the library for zstd is not installed, gzip is used; pip install 'watchkeeper-sdk[kafka]'"
    ]


def test_the_library_still_has_the_names_we_use() -> None:
    """They are not promised: without them exits are slow, or children write to their parent's sockets."""
    assert callable(KafkaProducer._unregister_cleanup)
    for name in ("force_close", "run_once", "run", "add_topic"):
        assert callable(getattr(Sender, name))


def test_a_missing_library_is_named_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.common.trace_encoder", None)
    with pytest.raises(
        ImportError, match=r"opentelemetry-exporter-otlp-proto-common: pip install 'watchkeeper-sdk\[kafka\]'"
    ):
        load_libraries()


def test_the_module_is_imported_without_the_extra_and_an_exporter_brings_all_it_will_need() -> None:
    """A fork while another thread imports leaves the child waiting for ever."""
    code = (
        "import sys; from watchkeeper_sdk.kafka import KafkaSpanExporter;"
        "assert not {'kafka', 'google.protobuf'} & set(sys.modules);"
        "exporter = KafkaSpanExporter('localhost:1', timeout_s=0.5); before = set(sys.modules);"
        "exporter.export([object()]); print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
