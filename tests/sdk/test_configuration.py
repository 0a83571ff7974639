"""What ``init`` was told: by argument, by variable, and wrongly."""

import dataclasses
import logging
from typing import Any

import pytest

from watchkeeper_sdk import _safety
from watchkeeper_sdk.configuration import Configuration
from watchkeeper_sdk.environment import ARGUMENTS, PREFIX

WRONG: dict[str, list[Any]] = {
    "service": [3, ["shop"]],
    "kafka": [3, b"broker:9092"],
    "endpoint": [object()],
    "variant": ["blue", "", 3, ["canary"]],
    "instrument": [3],
    "check_answers": ["perhaps", 7],
    "capture_content": ["perhaps"],
    "queue_size": [0, -1, "many", float("inf"), float("nan"), [1]],
    "flush_s": [0, "soon", float("nan")],
}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*ARGUMENTS, "WATCHKEEPER_STRICT"):
        monkeypatch.delenv(name, raising=False)
    _safety._said_at.clear()


def test_defaults() -> None:
    assert Configuration.read() == Configuration()
    assert not Configuration().capture_content and Configuration().redact is None


def test_every_argument_is_a_variable_but_the_hook() -> None:
    fields = {PREFIX + one.name.upper() for one in dataclasses.fields(Configuration)}
    assert fields - set(ARGUMENTS) == {"WATCHKEEPER_REDACT"} and set(ARGUMENTS) <= fields


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("service", "shop", "shop"),
        ("kafka", "a:9092, b:9092", "a:9092,b:9092"),
        ("variant", "canary", "canary"),
        ("instrument", "off", False),
        ("instrument", "Yes", True),
        ("instrument", "openai, anthropic,", ("openai", "anthropic")),
        ("check_answers", "0", False),
        ("capture_content", "TRUE", True),
        ("queue_size", "100", 100),
        ("flush_s", "0.5", 0.5),
    ],
)
def test_variables(monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object) -> None:
    monkeypatch.setenv(PREFIX + name.upper(), text)
    assert getattr(Configuration.read(), name) == value
    assert getattr(Configuration.read(**{name: None}), name) == value


def test_an_argument_wins_over_its_variable_and_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_CAPTURE_CONTENT", "true")
    monkeypatch.setenv("WATCHKEEPER_SERVICE", "")
    assert Configuration.read(capture_content=False).capture_content is False
    assert Configuration.read().service == ""


def test_lists() -> None:
    read = Configuration.read(kafka=["a:9092", "b:9092"], instrument={"openai"})
    assert (read.kafka, read.instrument) == ("a:9092,b:9092", ("openai",))
    assert Configuration.read(instrument=[]).instrument == ()


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_argument_is_said_in_one_line_and_the_default_used(
    caplog: pytest.LogCaptureFixture, name: str, value: object
) -> None:
    with caplog.at_level(logging.WARNING, "watchkeeper_sdk"):
        read = Configuration.read(**{name: value, "route": "answers"})
    assert getattr(read, name) == getattr(Configuration(), name) and read.route == "answers"
    (line,) = caplog.messages
    assert line.startswith(f"watchkeeper_sdk: {name} must be ") and line.endswith("; the default is used")


@pytest.mark.parametrize(
    ("name", "text"),
    [("variant", "blue"), ("check_answers", "perhaps"), ("queue_size", "1.5"), ("flush_s", "-1")],
)
def test_a_wrong_variable_is_treated_alike(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str, text: str
) -> None:
    monkeypatch.setenv(PREFIX + name.upper(), text)
    assert Configuration.read() == Configuration()
    assert f"{name} must be" in caplog.text


@pytest.mark.parametrize(("name", "values"), WRONG.items())
def test_under_test_it_raises(monkeypatch: pytest.MonkeyPatch, name: str, values: list[object]) -> None:
    monkeypatch.setenv("WATCHKEEPER_STRICT", "1")
    with pytest.raises(ValueError, match=f"{name} must be"):
        Configuration.read(**{name: values[0]})


def test_secrets_and_hooks_are_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    shown = repr(Configuration.read(user_hash_salt="pepper", redact=lambda _, text: text))
    assert "pepper" not in shown and "lambda" not in shown
    Configuration.read(user_hash_salt=["pepper"])
    assert "user_hash_salt must be a text, not list" in caplog.text and "pepper" not in caplog.text


def test_a_hook_is_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_REDACT", "shop.privacy:redact")
    assert Configuration.read().redact is None
