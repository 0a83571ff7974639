"""docker-compose.yml as data: services with their anchors merged and required variables filled in."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PATH = ROOT / "docker-compose.yml"
VARIABLES = {
    "WATCHKEEPER_CLICKHOUSE_PASSWORD": "clickhouse-secret",
    "WATCHKEEPER_TOKENS": "token-secret",
    "GRAFANA_CLICKHOUSE_PASSWORD": "reader-secret",
    "GRAFANA_ADMIN_PASSWORD": "admin-secret",
}
"""A value for each variable that has no default."""
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[?-])(?P<rest>[^}]*))?\}")


def compose(variables: Mapping[str, str] = MappingProxyType(VARIABLES)) -> dict[str, Any]:
    """The file with ``variables`` put in. Raises :class:`KeyError` with the name of a required one that is missing."""

    def value(match: re.Match[str]) -> str:
        if match["kind"] == "-":
            return variables.get(match["name"], match["rest"])
        return variables[match["name"]]

    loaded: dict[str, Any] = yaml.safe_load(_VARIABLE.sub(value, PATH.read_text()))
    return loaded


def ours() -> dict[str, dict[str, Any]]:
    """Services that run the command ``watchkeeper``."""
    return {name: one for name, one in compose()["services"].items() if one["image"].startswith("watchkeeper:")}


def required() -> set[str]:
    """Names of variables without a default."""
    return {match["name"] for match in _VARIABLE.finditer(PATH.read_text()) if match["kind"] == "?"}
