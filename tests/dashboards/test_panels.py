"""Every panel's query, expanded as the plugin does it, on a real engine with calls in it."""

import json
import re
from datetime import timedelta

import pytest

from dashboards.files import DASHBOARDS
from dashboards.model import Annotation, Dashboard, Format, Panel, Variable
from dashboards.plugin import View
from tests.dashboards.columns import KEPT, MINUTES, PANELS, column_types, sql_of, types_of
from tests.dashboards.seed import BEGIN, END
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

HOURS = View(BEGIN, END, 7_200)
ONE_MODEL = {
    "environment": ["production"],
    "service": ["shop", "it's"],
    "route": ["chat"],
    "provider": ["openai", "anthropic"],
    "model": ["gpt-4o"],
}
CHOSEN = View(BEGIN, END, 600, ONE_MODEL)
VIEWS = {"minutes": MINUTES, "hours": HOURS, "chosen": CHOSEN}
BEFORE_ANYTHING = View(BEGIN - timedelta(days=30), BEGIN - timedelta(days=29), 300)

TEXT = r"String|LowCardinality\(String\)|Nullable\(String\)"
NUMBER = r"(U?Int(8|16|32|64)|Float64|Decimal\(\d+, \d+\))"
TIME = r"DateTime(64)?(\(.*\))?"
SHOWN = re.compile(rf"{TEXT}|Nullable\({NUMBER}\)|{NUMBER}|{TIME}|Nullable\({TIME}\)|Bool")
"""Types that the plugin has converters for."""
KEPT_COLUMNS = json.loads(KEPT.read_text(encoding="utf-8"))


def named(dashboard: Dashboard, title: str) -> str:
    return f"{dashboard.uid}-{title}".replace(" ", "_")


ALL_PANELS = [pytest.param(dashboard, panel, id=named(dashboard, panel.title)) for dashboard, panel in PANELS]
VARIABLES = [
    pytest.param(dashboard, variable, id=named(dashboard, variable.name))
    for dashboard in DASHBOARDS
    for variable in dashboard.variables
]
ANNOTATIONS = [
    pytest.param(dashboard, annotation, id=named(dashboard, annotation.name))
    for dashboard in DASHBOARDS
    for annotation in dashboard.annotations
]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("dashboard", "panel"), ALL_PANELS)
def test_a_panel_shows_something(dashboard: Dashboard, panel: Panel, view: str, fleet: Store) -> None:
    sql = sql_of(dashboard, panel.query, VIEWS[view])
    rows = fleet.query_rows(sql)
    assert rows, sql
    for name in rows[0]:
        assert any(row[name] is not None for row in rows), f"{name} is never known"
    if panel.format is Format.TIME_SERIES:
        times = [row["time"] for row in rows]
        assert times == sorted(times)


@pytest.mark.parametrize(("dashboard", "panel"), ALL_PANELS)
def test_a_panel_of_an_empty_period_claims_nothing(dashboard: Dashboard, panel: Panel, fleet: Store) -> None:
    rows = fleet.query_rows(sql_of(dashboard, panel.query, BEFORE_ANYTHING))
    if panel.look.unit in ("percentunit", "s", "currencyUSD"):
        assert not [row for row in rows if any(value is not None for value in row.values())]


@pytest.mark.parametrize(("dashboard", "panel"), ALL_PANELS)
def test_a_panel_has_columns_that_grafana_can_show(dashboard: Dashboard, panel: Panel, fleet: Store) -> None:
    types = column_types(fleet, dashboard, panel)
    assert types == KEPT_COLUMNS[dashboard.uid][panel.title], "see tests/dashboards/columns.py"
    assert not {name: kind for name, kind in types.items() if not SHOWN.fullmatch(kind)}
    assert {column.name for column in panel.look.columns} <= set(types)
    assert {column.band_to for column in panel.look.columns if column.band_to} <= set(types)
    labels = set(re.findall(r"__field\.labels\.(\w+)", panel.look.label)) | ({panel.look.split_by} - {""})
    assert not {name for name in labels if not re.fullmatch(TEXT, types[name])}
    if panel.format is Format.TIME_SERIES:
        assert_time_series(types, labels)


def assert_time_series(types: dict[str, str], labels: set[str]) -> None:
    """A time first, then texts that name the series and numbers; more than one number needs no label."""
    (first, kind), *others = types.items()
    assert first == "time"
    assert re.fullmatch(TIME, kind)
    numbers = [name for name, kind in others if re.fullmatch(rf"{NUMBER}|Nullable\({NUMBER}\)", kind)]
    texts = {name for name, kind in others if re.fullmatch(TEXT, kind)}
    assert len(numbers) == 1 if labels else numbers
    assert texts == labels


@pytest.mark.parametrize(("dashboard", "variable"), VARIABLES)
def test_a_variable_offers_names_in_order(dashboard: Dashboard, variable: Variable, fleet: Store) -> None:
    for view in (MINUTES, CHOSEN):
        sql = sql_of(dashboard, variable.query, view)
        offered = [next(iter(row.values())) for row in fleet.query_rows(sql)]
        assert offered == sorted(set(offered))
        assert all(offered)
        assert list(types_of(fleet, sql).values()) == ["LowCardinality(String)"]


@pytest.mark.parametrize(("dashboard", "annotation"), ANNOTATIONS)
def test_an_annotation_marks_times(dashboard: Dashboard, annotation: Annotation, fleet: Store) -> None:
    sql = sql_of(dashboard, annotation.query, MINUTES)
    types = types_of(fleet, sql)
    assert re.fullmatch(TIME, types["time"])
    assert types["text"] == types["tags"] == "String"
    assert set(types) <= {"time", "timeEnd", "text", "tags"}
    assert fleet.query_rows(sql)
