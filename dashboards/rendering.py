"""A dashboard as the JSON that Grafana reads (schema version 39)."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.layout import Place, placed
from dashboards.looks import default_options, field_config, transformations
from dashboards.model import Annotation, Dashboard, Format, Json, Panel, Section, Source, Variable
from dashboards.names import DATA_SOURCE, FOLDER, TAG

PLUGIN_VERSION = "4.20.0"
SCHEMA_VERSION = 39
MOST_POINTS = 300
"""Of a series; also decides when the hours are read instead of the minutes: beyond about two weeks."""
_STORE = {"type": Source.CLICKHOUSE.value, "uid": "${datasource}"}
_PROMETHEUS = {"type": Source.PROMETHEUS.value, "uid": "${prometheus}"}
_OURS = {"type": "grafana", "uid": "-- Grafana --"}


def rendered(dashboard: Dashboard, data_source: str = DATA_SOURCE) -> Json:
    """The same dashboard, always in the same words; it first asks the data source of uid ``data_source``."""
    return {
        "annotations": {"list": [_own_annotations(), *map(_annotation, dashboard.annotations)]},
        "description": dashboard.about,
        "editable": False,
        "fiscalYearStartMonth": 0,
        "graphTooltip": 1,
        "links": [_all_dashboards()],
        "panels": _panels(dashboard.sections),
        "refresh": "1m",
        "schemaVersion": SCHEMA_VERSION,
        "tags": [TAG],
        "templating": {"list": [*_data_sources(dashboard, data_source), *map(_variable, dashboard.variables)]},
        "time": {"from": dashboard.since, "to": "now"},
        "timepicker": {},
        "timezone": "",
        "title": dashboard.title,
        "uid": dashboard.uid,
        "version": 1,
    }


def panel_id(title: str) -> int:
    """The same for a title wherever its panel moves, so that links to it stay right."""
    return zlib.crc32(title.encode()) % 1_000_000 + 1


def _panels(sections: Sequence[Section]) -> list[Json]:
    found: list[Json] = []
    top = 0
    for section in sections:
        places, bottom = placed(section.panels, top + 1)
        panels = [_panel(panel, place) for panel, place in zip(section.panels, places, strict=True)]
        found.append(_heading(section, top, panels if section.collapsed else []))
        if section.collapsed:
            top += 1
        else:
            found += panels
            top = bottom
    return found


def _heading(section: Section, top: int, panels: list[Json]) -> Json:
    return {
        "collapsed": section.collapsed,
        "gridPos": {"h": 1, "w": 24, "x": 0, "y": top},
        "id": panel_id(f"row {section.title}"),
        "panels": panels,
        "title": section.title,
        "type": "row",
    }


def _panel(panel: Panel, place: Place) -> Json:
    store = panel.source is Source.CLICKHOUSE
    return {
        "datasource": _STORE if store else _PROMETHEUS,
        "description": panel.about,
        "fieldConfig": field_config(panel),
        "gridPos": place,
        "id": panel_id(panel.title),
        "interval": panel.min_interval,
        "maxDataPoints": MOST_POINTS,
        "options": default_options(panel),
        "targets": [_target(panel.query, panel.format) if store else _prometheus_target(panel)],
        "title": panel.title,
        "transformations": transformations(panel.look),
        "type": panel.visual.value,
    }


def _target(sql: str, answer: Format) -> Json:
    return {
        "datasource": _STORE,
        "editorType": "sql",
        "format": answer.value,
        "pluginVersion": PLUGIN_VERSION,
        "queryType": "timeseries" if answer is Format.TIME_SERIES else "table",
        "rawSql": sql,
        "refId": "A",
    }


def _prometheus_target(panel: Panel) -> Json:
    return {"datasource": _PROMETHEUS, "expr": panel.query, "legendFormat": panel.look.label or "__auto", "refId": "A"}


def _variable(variable: Variable) -> Json:
    return {
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "datasource": _STORE,
        "definition": variable.query,
        "hide": 0,
        "includeAll": True,
        "label": variable.label,
        "multi": True,
        "name": variable.name,
        "options": [],
        "query": {"editorType": "sql", "queryType": "sql", "rawSql": variable.query, "refId": "var"},
        "refresh": 2,
        "regex": "",
        "skipUrlSync": False,
        "sort": 1,
        "type": "query",
    }


def _data_sources(dashboard: Dashboard, uid: str) -> list[Json]:
    store = {"selected": True, "text": FOLDER if uid == DATA_SOURCE else uid, "value": uid}
    found = [_data_source(("datasource", "Data source", Source.CLICKHOUSE), store)]
    if dashboard.prometheus:
        found.append(_data_source(("prometheus", "Prometheus", Source.PROMETHEUS), {}))
    return found


def _data_source(named: tuple[str, str, Source], current: Mapping[str, Any]) -> Json:
    name, label, source = named
    return {
        "current": dict(current),
        "hide": 0,
        "includeAll": False,
        "label": label,
        "multi": False,
        "name": name,
        "options": [],
        "query": source.value,
        "refresh": 1,
        "regex": "",
        "skipUrlSync": False,
        "type": "datasource",
    }


def _annotation(annotation: Annotation) -> Json:
    return {
        "datasource": _STORE,
        "enable": True,
        "hide": False,
        "iconColor": annotation.color,
        "name": annotation.name,
        "target": {**_target(annotation.query, Format.TABLE), "refId": "annotation"},
    }


def _own_annotations() -> Json:
    return {
        "builtIn": 1,
        "datasource": _OURS,
        "enable": True,
        "hide": True,
        "iconColor": "rgba(0, 211, 255, 1)",
        "name": "Annotations & Alerts",
        "type": "dashboard",
    }


def _all_dashboards() -> Json:
    return {
        "asDropdown": True,
        "icon": "external link",
        "includeVars": True,
        "keepTime": True,
        "tags": [TAG],
        "targetBlank": False,
        "title": "Watchkeeper",
        "tooltip": "The other dashboards, for the same time and choice",
        "type": "dashboards",
        "url": "",
    }
