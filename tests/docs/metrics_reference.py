"""Which metrics there are, what they mean, and which service writes each: from the code that writes it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from dashboards.prometheus_rules import ALERTS, RECORDING
from watchkeeper.telemetry import Metrics

ROOT = Path(__file__).parents[2]
_SERVICES = {
    "collector": ("collector", "up"),
    "detectors": ("detectors run", "up"),
    "detectors/embedded.py": ("up",),
    "detectors/service.py": ("detectors run",),
    "alerts": ("alerts run", "up"),
    "watchkeeper/cli/collector.py": ("collector",),
    "watchkeeper/cli/evaluating.py": ("api", "up"),
    "watchkeeper/cli/up.py": ("up",),
}
"""What runs the code of a folder or file; the longest that fits counts."""
_UNITS = {"_timestamp_seconds": "Unix seconds", "_seconds": "seconds", "_bytes": "bytes"}


def metrics() -> str:
    """One row a metric. Raises ValueError for one that nothing writes."""
    written = _services()
    rows = ["| metric | type | labels | unit | services | meaning |", "| --- | --- | --- | --- | --- | --- |"]
    for attribute, metric in _all():
        if attribute not in written:
            raise ValueError(f"nothing writes the metric {attribute}")
        described = next(iter(metric.describe()))
        labels = ", ".join(f"`{label}`" for label in metric._labelnames)
        suffix = "_total" if described.type == "counter" else ""
        services = ", ".join(f"`{service}`" for service in sorted(written[attribute]))
        rows.append(
            f"| `{described.name}{suffix}` | {described.type} | {labels} | {_unit(described.name)} | {services} "
            f"| {described.documentation} |"
        )
    return "\n".join(rows)


def rules() -> str:
    """What the rules file for Prometheus records, and when it fires."""
    rows = ["| recorded | of |", "| --- | --- |"]
    rows += [f"| `{rule.record}` | `{_cell(rule.expr)}` |" for rule in RECORDING]
    rows += ["", "| alert | severity | says | after |", "| --- | --- | --- | --- |"]
    for alert in ALERTS:
        said = re.sub(r"\{\{ \$labels\.(\w+) \}\}", r"*\1*", alert.summary)
        said = re.sub(r"\{\{ \$value.*?\}\}", "*value*", said)
        rows.append(f"| `{alert.name}` | {alert.severity} | {said} | {alert.lasting} |")
    return "\n".join(rows)


def _all() -> Iterator[tuple[str, MetricWrapperBase]]:
    for attribute, metric in vars(Metrics()).items():
        if isinstance(metric, MetricWrapperBase):
            yield attribute, metric


def _services() -> Mapping[str, set[str]]:
    """By attribute of :class:`Metrics`. Raises ValueError for code that no service is known to run."""
    names = {attribute for attribute, _ in _all()}
    found: dict[str, set[str]] = {}
    for package in ("watchkeeper", "collector", "detectors", "api", "alerts"):
        for path in sorted((ROOT / package).rglob("*.py")):
            used = set(re.findall(r"metrics\.(\w+)", path.read_text(encoding="utf-8"))) & names
            for attribute in used:
                found.setdefault(attribute, set()).update(_running(path.relative_to(ROOT).as_posix()))
    return found


def _running(file: str) -> tuple[str, ...]:
    fits = [place for place in _SERVICES if file == place or file.startswith(f"{place}/")]
    if not fits:
        raise ValueError(f"{file} writes metrics: name the services that run it in tests/docs/metrics_reference.py")
    return _SERVICES[max(fits, key=len)]


def _unit(name: str) -> str:
    return next((unit for suffix, unit in _UNITS.items() if name.endswith(suffix)), "count")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
