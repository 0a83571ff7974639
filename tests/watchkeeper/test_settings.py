"""Settings: read once, unknown ones refused, secrets kept."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from watchkeeper.errors import ConfigError
from watchkeeper.settings import PREFIX, Settings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        monkeypatch.delenv(name)


def test_defaults_need_no_environment() -> None:
    settings = Settings.load()
    assert (settings.store, settings.host, settings.api_port) == ("chdb", "127.0.0.1", 8080)
    assert all(field.description for field in Settings.model_fields.values())


def test_the_environment_is_read_and_options_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_API_PORT", "9000")
    monkeypatch.setenv("WATCHKEEPER_DATA_DIR", "elsewhere")
    assert (Settings.load().api_port, Settings.load().data_dir) == (9000, Path("elsewhere"))
    assert Settings.load(api_port=9001, data_dir=None).api_port == 9001
    assert Settings.load(api_port=0).api_port == 0


def test_lists_are_comma_separated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_KAFKA_BOOTSTRAP_SERVERS", " one:9092, two:9092,,")
    monkeypatch.setenv("WATCHKEEPER_TOKENS", "a")
    settings = Settings.load()
    assert settings.kafka_bootstrap_servers == ("one:9092", "two:9092")
    assert settings.tokens == ("a",)


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_API_PORT", "")
    assert Settings.load().api_port == 8080


@pytest.mark.parametrize("name", ["WATCHKEEPER_API_PROT", "watchkeeper_api_prot", "WATCHKEEPER_"])
def test_a_misspelt_variable_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "MARKVALUE")
    with pytest.raises(ConfigError) as refused:
        Settings.load()
    assert name in str(refused.value) and "docs/configuration.md" in str(refused.value)
    assert "MARK" not in str(refused.value)


def test_variables_of_the_sdk_in_the_same_environment_are_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_ROUTE", "support")
    Settings.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WATCHKEEPER_API_PORT", "70000"),
        ("WATCHKEEPER_STORE", "postgres"),
        ("WATCHKEEPER_DATABASE", "a; DROP TABLE calls"),
        ("WATCHKEEPER_DEAD_LETTER_MAX_RATIO", "0"),
        ("WATCHKEEPER_CAPTURE_CONTENT", "perhaps"),
        ("WATCHKEEPER_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f"wrong setting: {name}: "):
        Settings.load()


def test_all_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_API_PORT", "x")
    monkeypatch.setenv("WATCHKEEPER_CALLS_TTL_DAYS", "0")
    with pytest.raises(ConfigError, match="WATCHKEEPER_API_PORT.*; WATCHKEEPER_CALLS_TTL_DAYS|TTL_DAYS.*; .*API_PORT"):
        Settings.load()


SECRETS = ("KAFKA_SASL_PASSWORD", "CLICKHOUSE_PASSWORD", "USER_HASH_SALT", "TOKENS")


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(PREFIX + name, "MARKSECRET")
    settings = Settings.load()
    assert settings.tokens == ("MARKSECRET",)
    assert settings.clickhouse_password.get_secret_value() == "MARKSECRET"
    assert "MARK" not in repr(settings) and "MARK" not in str(settings)
    monkeypatch.setenv("WATCHKEEPER_API_PORT", "x")
    with pytest.raises(ConfigError) as refused:
        Settings.load()
    assert "MARK" not in str(refused.value)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings.load().__setattr__("api_port", 1)
