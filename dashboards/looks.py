"""How panels look, in Grafana's field configuration and options."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.model import Column, Draw, Json, Link, Look, Panel, Threshold, Visual

_STACKED = frozenset({Draw.STACKED, Draw.BARS})


def field_config(panel: Panel) -> Json:
    """Unit, colours, labels, and what single columns have of their own."""
    look = panel.look
    defaults: Json = {
        "color": {"mode": "thresholds" if panel.visual is Visual.STAT else "palette-classic"},
        "custom": _custom(panel),
        "mappings": _mappings(look.colors),
        "thresholds": _thresholds(look.thresholds),
        "unit": look.unit,
    }
    optional = {"displayName": look.label or None, "decimals": look.decimals, "max": look.maximum}
    defaults |= {name: value for name, value in optional.items() if value is not None}
    if panel.visual is Visual.TIME_SERIES:
        defaults["min"] = 0
    lanes = [_lane(look.split_by)] if look.split_by else []
    return {"defaults": defaults, "overrides": [*lanes, *(_override(column, panel.visual) for column in look.columns)]}


def default_options(panel: Panel) -> Json:
    """Of its kind of panel."""
    return {
        Visual.STAT: _stat_options,
        Visual.TABLE: _table_options,
        Visual.TIME_SERIES: _series_options,
        Visual.STATE_TIMELINE: _timeline_options,
    }[panel.visual]()


def transformations(look: Look) -> list[Json]:
    """What Grafana does with the answer before it shows it."""
    if not look.split_by:
        return []
    options = {"fields": [look.split_by], "keepFields": False, "naming": {"asLabels": True}}
    return [{"id": "partitionByValues", "options": options}]


def _custom(panel: Panel) -> Json:
    if panel.visual is Visual.TABLE:
        return {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True}
    if panel.visual is Visual.STATE_TIMELINE:
        return {"fillOpacity": 80, "lineWidth": 0}
    return _series_custom(panel.look) if panel.visual is Visual.TIME_SERIES else {}


def _series_custom(look: Look) -> Json:
    fill = {Draw.LINES: 0, Draw.STACKED: 40, Draw.BARS: 80}[look.draw]
    custom: Json = {
        "drawStyle": "bars" if look.draw is Draw.BARS else "line",
        "fillOpacity": fill,
        "lineWidth": 1,
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if look.draw in _STACKED else "none"},
    }
    if look.thresholds:
        custom["thresholdsStyle"] = {"mode": "dashed"}
    return custom


def _thresholds(steps: Sequence[Threshold]) -> Json:
    base: Json = {"color": "green" if steps else "text", "value": None}
    return {"mode": "absolute", "steps": [base, *({"color": step.color, "value": step.value} for step in steps)]}


def _mappings(colors: Mapping[str, str] | None) -> list[Json]:
    if not colors:
        return []
    options = {text: {"color": color, "index": place} for place, (text, color) in enumerate(colors.items())}
    return [{"options": options, "type": "value"}]


def _lane(label: str) -> Json:
    """Names a lane by the value it was split by, which the transformation leaves as a label."""
    name = {"id": "displayName", "value": f"${{__field.labels.{label}}}"}
    return {"matcher": {"id": "byType", "options": "string"}, "properties": [name]}


def _override(column: Column, visual: Visual) -> Json:
    values = _bound(column) if visual is Visual.TIME_SERIES else _cell(column)
    if column.unit:
        values["unit"] = column.unit
    properties = [{"id": name, "value": value} for name, value in values.items()]
    return {"matcher": {"id": "byName", "options": column.name}, "properties": properties}


def _bound(column: Column) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if column.bound:
        values |= {"custom.lineWidth": 0, "custom.showPoints": "never", "custom.hideFrom": _OUT_OF_LEGEND}
    if column.band_to:
        values |= {"custom.fillBelowTo": column.band_to, "custom.fillOpacity": 20}
    return values


_OUT_OF_LEGEND = {"legend": True, "tooltip": False, "viz": False}


def _cell(column: Column) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if column.width:
        values["custom.width"] = column.width
    if column.thresholds:
        values |= {"thresholds": _thresholds(column.thresholds), "color": {"mode": "thresholds"}}
    if column.colors:
        values["mappings"] = _mappings(column.colors)
    if column.thresholds or column.colors:
        values["custom.cellOptions"] = {"type": "color-text"}
    if column.link:
        values["links"] = [_link(column.link)]
    return values


def _link(link: Link) -> Json:
    variables = f"&{link.variables}" if link.variables else ""
    url = f"/d/{link.dashboard}?${{__url_time_range}}&var-datasource=${{datasource}}{variables}"
    return {"targetBlank": False, "title": link.title, "url": url}


def _stat_options() -> Json:
    return {
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": "value",
    }


def _table_options() -> Json:
    return {"cellHeight": "sm", "footer": {"show": False}, "showHeader": True}


def _series_options() -> Json:
    return {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def _timeline_options() -> Json:
    return {
        "alignValue": "left",
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "mergeValues": True,
        "rowHeight": 0.9,
        "showValue": "auto",
        "tooltip": {"mode": "single", "sort": "none"},
    }
