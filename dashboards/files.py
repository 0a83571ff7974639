"""The committed files: what Grafana reads, made from the definitions."""

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

from dashboards.alert_rule import alert_group
from dashboards.alert_rules import RULES
from dashboards.cost import COST
from dashboards.fleet import FLEET
from dashboards.itself import ITSELF
from dashboards.migrations import MIGRATIONS
from dashboards.model import Json
from dashboards.model_health import MODEL_HEALTH
from dashboards.names import FOLDER
from dashboards.prometheus_rule import rule_groups
from dashboards.prometheus_rules import ALERTS, RECORDING
from dashboards.provisioning import dashboard_providers, data_sources
from dashboards.regressions import REGRESSIONS
from dashboards.rendering import rendered

ROOT = Path(__file__).parent
DASHBOARDS = (FLEET, MODEL_HEALTH, COST, REGRESSIONS, MIGRATIONS, ITSELF)
_MADE = "# Made by `python -m dashboards`; change the definitions, not this file.\n"


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as they are."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def files() -> Mapping[Path, str]:
    """Text of each file by its path."""
    provisioning = ROOT / "provisioning"
    return {
        **{ROOT / "json" / f"{dashboard.uid}.json": _json(rendered(dashboard)) for dashboard in DASHBOARDS},
        provisioning / "datasources" / "watchkeeper.yaml": _yaml(data_sources()),
        provisioning / "dashboards" / "watchkeeper.yaml": _yaml(dashboard_providers()),
        ROOT / "prometheus" / "watchkeeper.rules.yaml": _yaml(rule_groups(RECORDING, ALERTS)),
        provisioning / "alerting" / "watchkeeper.yaml": _yaml(alert_group(FOLDER, RULES)),
    }


def _json(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _yaml(value: Json) -> str:
    return _MADE + yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
