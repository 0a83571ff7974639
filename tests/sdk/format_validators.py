"""Choosing which optional validators seem installed."""

import sys

import pytest

from watchkeeper_sdk import format_json_schema, format_pydantic, format_validators

JSON_SCHEMA_VALIDATORS = ("jsonschema_rs", "jsonschema")


def forget() -> None:
    """Let the SDK look for packages, and compile schemas, anew."""
    format_validators.installed.cache_clear()
    format_json_schema._compiled.cache_clear()
    format_pydantic._kept.cache_clear()


def without(patch: pytest.MonkeyPatch, *packages: str) -> None:
    """As if ``packages`` were not installed, until ``patch`` is undone and all is forgotten."""
    for package in packages:
        patch.setitem(sys.modules, package, None)
    forget()


def only(patch: pytest.MonkeyPatch, package: str) -> None:
    """As if ``package`` were the only JSON Schema validator; skips where it is not installed at all."""
    pytest.importorskip(package)
    without(patch, *(other for other in JSON_SCHEMA_VALIDATORS if other != package))
