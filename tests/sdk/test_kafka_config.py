"""Arguments, environment, defaults; what is wrong is named, and a password is never shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.settings import PREFIX, Settings
from watchkeeper_sdk.environment import KAFKA
from watchkeeper_sdk.kafka_config import KafkaConfig

SASL = {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512", "sasl_username": "ann"}


def read(given: Mapping[str, object] | None = None, environment: Mapping[str, str] | None = None) -> KafkaConfig:
    """``environment`` without the prefix that all the variables share."""
    variables = {f"WATCHKEEPER_KAFKA{name}": value for name, value in (environment or {}).items()}
    return KafkaConfig.read(given or {}, variables)


def test_nothing_said_means_a_broker_on_this_machine() -> None:
    config = read()
    assert config.bootstrap_servers == ("localhost:9092",)
    assert (config.topic, config.compression, config.timeout_s) == ("otlp_spans", "lz4", 10.0)
    assert config.connection_settings() == {
        "bootstrap_servers": ["localhost:9092"],
        "client_id": "watchkeeper-sdk",
        "security_protocol": "PLAINTEXT",
    }


def test_the_argument_comes_first_then_the_short_variable_then_the_platforms() -> None:
    platform = {"_BOOTSTRAP_SERVERS": "platform:1"}
    both = {"": "short:1, short:2"} | platform
    assert read({"bootstrap_servers": ["given:1", "[::1]:2"]}, both).bootstrap_servers == ("given:1", "[::1]:2")
    assert read(environment=both).bootstrap_servers == ("short:1", "short:2")
    assert read(environment=platform).bootstrap_servers == ("platform:1",)


def test_an_empty_variable_is_none() -> None:
    assert read(environment={"_TOPIC": "", "_TIMEOUT": ""}) == read()


def test_every_setting_can_be_a_variable_that_the_sdk_knows(tmp_path: Path) -> None:
    pem = tmp_path / "a.pem"
    pem.touch()
    said = {
        "BOOTSTRAP_SERVERS": "broker",
        "TOPIC": "spans.eu-1",
        "CLIENT_ID": "shop",
        "COMPRESSION": "ZSTD",
        "MAX_MESSAGE_BYTES": "70000",
        "TIMEOUT": "2",
        "SECURITY_PROTOCOL": "sasl_ssl",
        "SASL_MECHANISM": "scram-sha-256",
        "SASL_USERNAME": "ann",
        "SASL_PASSWORD": "secret",
        "SSL_CAFILE": str(pem),
        "SSL_CERTFILE": str(pem),
        "SSL_KEYFILE": str(pem),
    }
    assert {f"WATCHKEEPER_KAFKA_{name}" for name in said} == set(KAFKA)
    config = read(environment={f"_{name}": value for name, value in said.items()})
    assert (config.topic, config.client_id, config.compression) == ("spans.eu-1", "shop", "zstd")
    assert (config.max_message_bytes, config.timeout_s) == (70_000, 2.0)
    assert config.connection_settings() == {
        "bootstrap_servers": ["broker"],
        "client_id": "shop",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": "ann",
        "sasl_plain_password": "secret",
        "ssl_cafile": str(pem),
        "ssl_certfile": str(pem),
        "ssl_keyfile": str(pem),
    }
    assert "secret" not in repr(config)


def test_variables_shared_with_the_platform_have_its_names() -> None:
    shared = (
        "bootstrap_servers",
        "security_protocol",
        "sasl_mechanism",
        "sasl_username",
        "sasl_password",
        "ssl_cafile",
    )
    assert all(f"kafka_{name}" in Settings.model_fields for name in shared)
    assert {f"{PREFIX}KAFKA_{name.upper()}" for name in shared} <= set(KAFKA)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"bootstrap_servers": "kafka://broker:9092"}, "bootstrap_servers='kafka://broker:9092'"),
        ({"bootstrap_servers": " , "}, "give host:port"),
        ({"bootstrap_servers": "broker:99999"}, "'broker:99999' is no address"),
        ({"bootstrap_servers": 9092}, "bootstrap_servers=9092"),
        ({"topic": "a topic"}, "topic='a topic'"),
        ({"topic": ".."}, "topic='..'"),
        ({"client_id": " "}, "client_id=' '"),
        ({"client_id": 5}, "client_id must be a text, not int"),
        ({"compression": "lzma"}, "compression='lzma': use one of lz4, zstd, gzip, snappy, none"),
        ({"max_message_bytes": 10}, "max_message_bytes=10: give 1024 to"),
        ({"max_message_bytes": 2e6}, "max_message_bytes=2000000.0: give a whole number"),
        ({"timeout_s": 0}, "timeout_s=0: give 0.5 to 600 seconds"),
        ({"timeout_s": float("nan")}, "timeout_s=nan"),
        ({"timeout_s": True}, "timeout_s=True: give a number of seconds"),
        ({"security_protocol": "TLS"}, "security_protocol='TLS': use one of PLAINTEXT, SSL"),
        ({"security_protocol": "SASL_SSL"}, "security_protocol='SASL_SSL' needs sasl_mechanism"),
        (SASL, "sasl_mechanism='SCRAM-SHA-512' needs sasl_username and sasl_password"),
        ({"sasl_username": "ann"}, "security_protocol='PLAINTEXT' sends no credentials"),
        ({"ssl_cafile": "nowhere.pem"}, "ssl_cafile='nowhere.pem': there is no such file"),
        ({"ssl_cafile": __file__}, "does not use"),
        ({"ssl_keyfile": __file__, "security_protocol": "SSL"}, "ssl_keyfile needs ssl_certfile"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as wrong:
        read(given)
    assert said in str(wrong.value)


def test_a_wrong_variable_is_named_as_the_variable() -> None:
    with pytest.raises(ValueError, match=r"WATCHKEEPER_KAFKA_TIMEOUT='soon': give a number of seconds"):
        read(environment={"_TIMEOUT": "soon"})


@pytest.mark.parametrize(
    "given",
    [{"sasl_password": b"secret"}, {"sasl_password": "secret"}, {"bootstrap_servers": "ann:secret@broker:9092"}],
)
def test_a_password_is_in_no_error(given: dict[str, object]) -> None:
    with pytest.raises(ValueError) as wrong:
        read(given)
    assert "secret" not in str(wrong.value)
