"""The committed files: as the definitions make them, and by the rules of Grafana and its dashboard linter."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
import yaml
from prometheus_client.metrics_core import Metric

from dashboards import names
from dashboards.files import DASHBOARDS, ROOT, files
from dashboards.rendering import panel_id
from watchkeeper.telemetry import Metrics

COMMITTED = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "json").glob("*.json"))}
UIDS = {dashboard.uid for dashboard in DASHBOARDS}
UNITS = {
    "bytes", "currencyUSD", "dateTimeAsIso", "dateTimeFromNow", "percent", "percentunit", "reqps", "s",
    "short", "tokens/s",
}  # fmt: skip
"""``tokens/s`` is no unit of Grafana's: such are written behind the number as they are."""
DASHBOARD = pytest.mark.parametrize("uid", sorted(UIDS))


def panels_of(uid: str) -> Iterator[dict[str, Any]]:
    """All panels, those within collapsed rows too."""
    for panel in COMMITTED[uid]["panels"]:
        yield panel
        yield from panel.get("panels", [])


def shown_of(uid: str) -> list[dict[str, Any]]:
    return [panel for panel in panels_of(uid) if panel["type"] != "row"]


def test_committed_files_are_what_the_definitions_make() -> None:
    made = files()
    kept = {path: path.read_text(encoding="utf-8") for path in [*ROOT.rglob("*.json"), *ROOT.rglob("*.yaml")]}
    assert sorted(kept) == sorted(made)
    assert [path.name for path in made if kept[path] != made[path]] == [], "run python -m dashboards"


def test_titles_and_uids_stand_for_one_dashboard_each() -> None:
    assert len({dashboard.title for dashboard in DASHBOARDS}) == len(UIDS) == len(DASHBOARDS) == len(COMMITTED)
    assert all(re.fullmatch(r"[a-z0-9-]{1,40}", uid) for uid in UIDS)
    assert all(COMMITTED[uid]["uid"] == uid for uid in UIDS)


@DASHBOARD
def test_a_dashboard_changes_in_the_repository_only(uid: str) -> None:
    board = COMMITTED[uid]
    assert board["editable"] is False
    assert "id" not in board
    assert board["title"] and board["description"]
    assert board["tags"] == [names.TAG]
    assert [link["tags"] for link in board["links"]] == [[names.TAG]]


@DASHBOARD
def test_panel_ids_are_unique_and_titles_have_one(uid: str) -> None:
    panels = list(panels_of(uid))
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["id"] == panel_id(panel["title"]) for panel in shown_of(uid))


@DASHBOARD
def test_panels_do_not_overlap_and_stay_in_the_grid(uid: str) -> None:
    top_level = COMMITTED[uid]["panels"]
    for group in [top_level, *(row["panels"] for row in top_level if row.get("panels"))]:
        places = [panel["gridPos"] for panel in group]
        assert all(place["x"] + place["w"] <= 24 and place["w"] > 0 and place["h"] > 0 for place in places)
        for one, other in combinations(places, 2):
            beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


@DASHBOARD
def test_a_panel_says_what_it_shows_in_which_unit_from_where(uid: str) -> None:
    for panel in shown_of(uid):
        assert panel["title"].strip() and len(panel["description"]) > 10, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
        (target,) = panel["targets"]
        assert target["datasource"] == panel["datasource"]
        assert panel["datasource"]["uid"] in ("${datasource}", "${prometheus}")
        if panel["datasource"]["uid"] == "${datasource}":
            assert target["rawSql"].strip() and target["format"] in (0, 1) and target["editorType"] == "sql"
            assert target["queryType"] == ("timeseries" if target["format"] == 0 else "table")


@DASHBOARD
def test_units_and_thresholds_of_columns_are_right(uid: str) -> None:
    for panel in shown_of(uid):
        steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        for override in panel["fieldConfig"]["overrides"]:
            values = {one["id"]: one["value"] for one in override["properties"]}
            assert values, f"{panel['title']}: nothing is said of {override['matcher']['options']}"
            assert values.get("unit", "short") in UNITS
            steps = values.get("thresholds", {"steps": steps})["steps"]
        assert steps[0]["value"] is None
        assert [step["value"] for step in steps[1:]] == sorted(step["value"] for step in steps[1:])


@DASHBOARD
def test_the_data_source_and_all_choices_are_variables(uid: str) -> None:
    variables = {one["name"]: one for one in COMMITTED[uid]["templating"]["list"]}
    assert variables["datasource"]["query"] == "grafana-clickhouse-datasource"
    assert variables["datasource"]["current"]["value"] == names.DATA_SOURCE
    choices = {name: one for name, one in variables.items() if one["type"] == "query"}
    if uid != names.ITSELF:
        assert list(choices) == ["environment", "service", "route", "provider", "model"]
    for one in choices.values():
        assert one["multi"] and one["includeAll"] and one["refresh"] == 2
        assert one["datasource"]["uid"] == "${datasource}"
        assert one["current"]["value"] == ["$__all"]


@DASHBOARD
def test_links_lead_to_dashboards_that_are_there(uid: str) -> None:
    led = re.findall(r'"/d/([^?"]+)\?([^"]*)"', json.dumps(COMMITTED[uid]))
    assert {where for where, _ in led} <= UIDS
    assert all("${__url_time_range}" in how and "var-datasource=${datasource}" in how for _, how in led)


def test_dashboards_link_to_one_another() -> None:
    linked = [uid for uid in UIDS if "/d/" in json.dumps(COMMITTED[uid])]
    assert set(linked) >= {names.FLEET, names.COST, names.REGRESSIONS, names.MIGRATIONS}


def test_prometheus_is_asked_for_metrics_that_exist() -> None:
    metrics: list[Metric] = list(Metrics().registry.collect())
    known = {metric.name for metric in metrics} | {f"{metric.name}_total" for metric in metrics}
    known |= {f"{metric.name}_bucket" for metric in metrics if metric.type == "histogram"}
    asked = [panel["targets"][0]["expr"] for uid in UIDS for panel in shown_of(uid) if "expr" in panel["targets"][0]]
    assert asked
    assert set(re.findall(r"watchkeeper_\w+", " ".join(asked))) <= known


def test_the_data_source_is_provisioned_without_a_secret() -> None:
    text = (ROOT / "provisioning" / "datasources" / "watchkeeper.yaml").read_text(encoding="utf-8")
    (source,) = yaml.safe_load(text)["datasources"]
    assert source["uid"] == names.DATA_SOURCE
    assert source["type"] == "grafana-clickhouse-datasource"
    assert source["secureJsonData"] == {"password": "${CLICKHOUSE_PASSWORD}"}
    assert set(re.findall(r"\$\{(\w+)\}", text)) == {
        "CLICKHOUSE_HOST",
        "CLICKHOUSE_USER",
        "CLICKHOUSE_DATABASE",
        "CLICKHOUSE_PASSWORD",
    }
