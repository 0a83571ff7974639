"""Rules as Prometheus reads them."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.model import Json

INTERVAL = "1m"
"""Of each group's evaluation."""


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """Keeps the value of ``expr`` as ``record``, named level:metric:operations."""

    record: str
    expr: str


@dataclass(frozen=True, slots=True)
class PrometheusAlert:
    """Fires while ``expr`` has values and had them for as long as ``lasting``."""

    name: str
    expr: str
    severity: str
    """``page`` or ``notice``."""
    summary: str
    """One sentence; ``{{ $labels.NAME }}`` is a label."""
    advice: str
    lasting: str = "0m"


def rule_groups(recording: Sequence[RecordingRule], alerts: Sequence[PrometheusAlert]) -> Json:
    """A rules file: what is recorded first, as alerts ask for it."""
    return {
        "groups": [
            {
                "name": "watchkeeper-recording",
                "interval": INTERVAL,
                "rules": [{"record": rule.record, "expr": rule.expr} for rule in recording],
            },
            {"name": "watchkeeper-alerts", "interval": INTERVAL, "rules": [_alert(alert) for alert in alerts]},
        ]
    }


def _alert(alert: PrometheusAlert) -> Json:
    return {
        "alert": alert.name,
        "expr": alert.expr,
        **({"for": alert.lasting} if alert.lasting != "0m" else {}),
        "labels": {"severity": alert.severity, "product": "watchkeeper"},
        "annotations": {"summary": alert.summary, "description": alert.advice},
    }
