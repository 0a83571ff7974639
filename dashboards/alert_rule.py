"""One alert rule, and the group of them as Grafana's alert provisioning reads it."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.model import Format, Json, Source
from dashboards.names import DATA_SOURCE, FOLDER
from dashboards.rendering import PLUGIN_VERSION, panel_id

_EXPRESSIONS = "__expr__"


@dataclass(frozen=True, slots=True)
class AlertRule:
    """Fires for each row of ``query`` whose number is above ``limit``; text columns become labels of the alert."""

    uid: str
    title: str
    summary: str
    advice: str
    query: str
    limit: float
    severity: str
    """``page`` or ``notice``."""
    dashboard: str
    """Uid of the dashboard that shows it."""
    panel: str
    """Title of the panel there."""
    lookback_s: int = 3_600
    """Length of the period that the query is about; it ends now."""
    lasting: str = "5m"
    """Fires once it was so for this long."""
    tells_errors: bool = False
    """Fires too when the store does not answer. One rule does: eight messages say no more than one."""


def alert_group(name: str, rules: Sequence[AlertRule]) -> Json:
    """Evaluated every minute."""
    return {
        "apiVersion": 1,
        "groups": [
            {
                "orgId": 1,
                "name": name,
                "folder": FOLDER,
                "interval": "1m",
                "rules": [rendered_rule(rule) for rule in rules],
            }
        ],
    }


def rendered_rule(rule: AlertRule, data_source: str = DATA_SOURCE) -> Json:
    """As files have it; it asks the data source of uid ``data_source``."""
    return {
        "uid": rule.uid,
        "title": rule.title,
        "condition": "C",
        "data": [_query(rule, data_source), *_decision(rule.limit)],
        "dashboardUid": rule.dashboard,
        "panelId": panel_id(rule.panel),
        "for": rule.lasting,
        # Without rows there is nothing to tell.
        "noDataState": "OK",
        # An error that is not told must not look like the end of what was.
        "execErrState": "Error" if rule.tells_errors else "KeepLast",
        "annotations": {"summary": rule.summary, "description": rule.advice},
        "labels": {"severity": rule.severity, "product": "watchkeeper"},
        "isPaused": False,
    }


def _query(rule: AlertRule, data_source: str) -> Json:
    return {
        "refId": "A",
        "relativeTimeRange": {"from": rule.lookback_s, "to": 0},
        "datasourceUid": data_source,
        "model": {
            "datasource": {"type": Source.CLICKHOUSE.value, "uid": data_source},
            "editorType": "sql",
            "format": Format.TABLE.value,
            "intervalMs": 60_000,
            "maxDataPoints": 300,
            "pluginVersion": PLUGIN_VERSION,
            "queryType": "table",
            "rawSql": rule.query,
            "refId": "A",
        },
    }


def _decision(limit: float) -> list[Json]:
    reduce = {"type": "reduce", "expression": "A", "reducer": "last", "settings": {"mode": "dropNN"}}
    above = {"evaluator": {"type": "gt", "params": [limit]}}
    threshold = {"type": "threshold", "expression": "B", "conditions": [above]}
    return [_expression("B", reduce), _expression("C", threshold)]


def _expression(name: str, model: Json) -> Json:
    source = {"type": _EXPRESSIONS, "uid": _EXPRESSIONS}
    return {
        "refId": name,
        "relativeTimeRange": {"from": 0, "to": 0},
        "datasourceUid": _EXPRESSIONS,
        "model": {"datasource": source, "refId": name, **model},
    }
