"""``watchkeeper grafana diff`` and ``push`` against a stand-in of Grafana's API that is held to its contract."""

import json
from typing import Any

import pytest

from dashboards import names
from dashboards.alert_rules import RULES
from dashboards.files import DASHBOARDS
from tests.cli.command import Ran, Watchkeeper
from tests.dashboards.grafana_api.fixtures import PASSWORD
from tests.dashboards.grafana_api.server import StandIn
from tests.dashboards.grafana_api.state import Answer, Json, keep_dashboard, refused

THINGS = 2 + len(DASHBOARDS) + len(RULES)
RULE = RULES[0].uid


def outcomes(ran: Ran) -> dict[str, str]:
    """By uid, of what is not as it should be."""
    all_things = json.loads(ran.out)
    return {thing["uid"]: thing["outcome"] for thing in all_things if thing["outcome"] != "nothing to do"}


def states(ran: Ran) -> dict[str, str]:
    return {thing["uid"]: thing["state"] for thing in json.loads(ran.out) if thing["state"] != "same"}


def test_a_push_makes_everything(grafana: StandIn, watchkeeper: Watchkeeper) -> None:
    ran = watchkeeper("grafana", "push")
    assert ran.code == 0, ran.err
    assert ran.out.count(": made") == THINGS
    assert "Grafana 12.1.0, organisation Main Org." in ran.out
    state = grafana.state
    assert set(state.dashboards) == {dashboard.uid for dashboard in DASHBOARDS}
    assert {one["meta"]["folderUid"] for one in state.dashboards.values()} == {names.FOLDER_UID}
    assert {one["folderUID"] for one in state.rules.values()} == set(state.folders) == {names.FOLDER_UID}
    source = state.data_sources[names.DATA_SOURCE]
    assert source["jsonData"].items() >= {"host": "clickhouse", "port": 8443, "secure": True}.items()
    assert source["secureJsonFields"] == {"password": True}
    assert state.token not in ran.out + ran.err
    assert PASSWORD not in ran.out + ran.err


def test_a_rule_leads_to_its_panel(pushed: StandIn) -> None:
    for rule in pushed.state.rules.values():
        panels = pushed.state.dashboards[rule["annotations"]["__dashboardUid__"]]["dashboard"]["panels"]
        assert rule["annotations"]["__panelId__"] in {str(panel["id"]) for panel in panels}


@pytest.mark.parametrize("raises_schema", [False, True], ids=["as written", "in a newer form"])
def test_a_second_push_changes_nothing(pushed: StandIn, watchkeeper: Watchkeeper, raises_schema: bool) -> None:
    pushed.state.raises_schema = raises_schema
    assert watchkeeper("grafana", "diff").code == 0
    ran = watchkeeper("grafana", "push", "--json")
    assert ran.code == 0
    assert outcomes(ran) == {}
    assert pushed.state.writes == []


@pytest.mark.parametrize("version", ["10.4.2", "11.6.0", "13.0.0-pre"])
def test_versions_that_are_supported(grafana: StandIn, watchkeeper: Watchkeeper, version: str) -> None:
    grafana.state.version = version
    assert watchkeeper("grafana", "push").code == 0
    assert watchkeeper("grafana", "diff").code == 0


def test_a_dry_run_and_a_diff_write_nothing(grafana: StandIn, watchkeeper: Watchkeeper) -> None:
    ran = watchkeeper("grafana", "push", "--dry-run")
    assert ran.code == 0
    assert "dry run" in ran.out
    assert ran.out.count(": made") == THINGS
    assert watchkeeper("grafana", "diff").code == 1
    assert grafana.state.writes == []


def person_renames_a_panel(grafana: StandIn) -> None:
    there = grafana.state.dashboards[names.FLEET]["dashboard"]
    changed = {**there, "panels": [{**there["panels"][0], "title": "Mine"}, *there["panels"][1:]]}
    keep_dashboard(grafana.state, changed, (names.FOLDER_UID, "", "anna"))


def person_moves_a_dashboard(grafana: StandIn) -> None:
    grafana.state.folders["elsewhere"] = {"uid": "elsewhere", "title": "Elsewhere"}
    grafana.state.dashboards[names.FLEET]["meta"]["folderUid"] = "elsewhere"


def person_raises_a_threshold(grafana: StandIn) -> None:
    grafana.state.rules[RULE]["data"][2]["model"]["conditions"][0]["evaluator"]["params"] = [5]


def person_repoints_the_data_source(grafana: StandIn) -> None:
    grafana.state.data_sources[names.DATA_SOURCE]["jsonData"]["host"] = "replica"


CHANGES = [
    pytest.param(person_renames_a_panel, names.FLEET, "panels[Mine]", id="dashboard"),
    pytest.param(person_moves_a_dashboard, names.FLEET, "folder: elsewhere there", id="folder"),
    pytest.param(person_raises_a_threshold, RULE, "evaluator.params", id="alert rule"),
    pytest.param(person_repoints_the_data_source, names.DATA_SOURCE, "jsonData.host: replica there", id="data source"),
]


@pytest.mark.parametrize(("change", "uid", "shown"), CHANGES)
def test_what_a_person_changed_is_shown_and_left(
    pushed: StandIn, watchkeeper: Watchkeeper, change: Any, uid: str, shown: str
) -> None:
    change(pushed)
    ran = watchkeeper("grafana", "diff")
    assert ran.code == 1
    assert shown in ran.out
    left = watchkeeper("grafana", "push", "--json")
    assert left.code == 1
    assert outcomes(left) == {uid: "left"}
    assert pushed.state.writes == []
    overwritten = watchkeeper("grafana", "push", "--overwrite", "--json")
    assert overwritten.code == 0
    assert outcomes(overwritten) == {uid: "saved"}
    assert watchkeeper("grafana", "diff").code == 0


def test_who_changed_a_dashboard_is_told(pushed: StandIn, watchkeeper: Watchkeeper) -> None:
    person_renames_a_panel(pushed)
    assert "changed by anna at 2026-06-02" in watchkeeper("grafana", "push").out


def test_what_an_earlier_version_pushed_is_replaced(
    pushed: StandIn, watchkeeper: Watchkeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHKEEPER_CLICKHOUSE_URL", "https://other:8443")
    assert states(watchkeeper("grafana", "diff", "--json")) == {names.DATA_SOURCE: "outdated"}
    assert outcomes(watchkeeper("grafana", "push", "--json")) == {names.DATA_SOURCE: "saved"}
    assert pushed.state.data_sources[names.DATA_SOURCE]["jsonData"]["host"] == "other"
    assert pushed.state.writes == ["PUT /datasources/uid/{uid}"]


def test_everything_can_use_a_folder_and_data_source_that_are_there(pushed: StandIn, watchkeeper: Watchkeeper) -> None:
    pushed.state.folders["sre"] = {"uid": "sre", "title": "SRE"}
    pushed.state.data_sources["ch"] = {"uid": "ch", "name": "CH", "type": "grafana-clickhouse-datasource"}
    ran = watchkeeper("grafana", "push", "--folder", "sre", "--data-source", "ch", "--json")
    assert ran.code == 0
    assert len(outcomes(ran)) == THINGS - 2
    assert {one["meta"]["folderUid"] for one in pushed.state.dashboards.values()} == {"sre"}
    assert {rule["data"][0]["datasourceUid"] for rule in pushed.state.rules.values()} == {"ch"}
    chosen = pushed.state.dashboards[names.COST]["dashboard"]["templating"]["list"][0]["current"]
    assert chosen["value"] == "ch"


def test_whether_a_rule_is_paused_and_whom_it_tells_is_kept(pushed: StandIn, watchkeeper: Watchkeeper) -> None:
    mine = {"isPaused": True, "notification_settings": {"receiver": "sre"}}
    pushed.state.rules[RULE] |= mine
    assert watchkeeper("grafana", "diff").code == 0
    person_raises_a_threshold(pushed)
    assert watchkeeper("grafana", "push", "--overwrite").code == 0
    assert pushed.state.rules[RULE].items() >= mine.items()


def test_a_password_is_sent_when_told(pushed: StandIn, watchkeeper: Watchkeeper) -> None:
    assert outcomes(watchkeeper("grafana", "push", "--send-password", "--json")) == {names.DATA_SOURCE: "saved"}


def test_alert_rules_can_be_left_out(grafana: StandIn, watchkeeper: Watchkeeper) -> None:
    assert watchkeeper("grafana", "push", "--no-alert-rules").code == 0
    assert grafana.state.rules == {}


def from_files(grafana: StandIn) -> None:
    grafana.state.data_sources[names.DATA_SOURCE]["readOnly"] = True
    for dashboard in grafana.state.dashboards.values():
        dashboard["meta"]["provisioned"] = True
    for rule in grafana.state.rules.values():
        rule["provenance"] = "file"


def test_what_files_provision_is_left(pushed: StandIn, watchkeeper: Watchkeeper) -> None:
    from_files(pushed)
    assert watchkeeper("grafana", "diff").code == 0
    for change in (person_renames_a_panel, person_raises_a_threshold, person_repoints_the_data_source):
        change(pushed)
    pushed.state.dashboards[names.FLEET]["meta"]["provisioned"] = True
    ran = watchkeeper("grafana", "push", "--overwrite", "--json")
    assert ran.code == 1
    assert outcomes(ran) == dict.fromkeys((names.DATA_SOURCE, names.FLEET, RULE), "left")
    assert pushed.state.writes == []


def test_a_change_between_look_and_write_is_not_lost(pushed: StandIn, watchkeeper: Watchkeeper) -> None:
    there = pushed.state.dashboards[names.FLEET]["dashboard"]
    message = f"watchkeeper push 0123456789abcdef folder {names.FOLDER_UID}"
    keep_dashboard(pushed.state, {**there, "title": "Of an earlier version"}, (names.FOLDER_UID, message, "sa"))

    def meanwhile(operation: str) -> Answer | None:
        if operation == "POST /dashboards/db":
            pushed.before = lambda operation: None
            person_renames_a_panel(pushed)
        return None

    pushed.before = meanwhile
    ran = watchkeeper("grafana", "push")
    assert ran.code == 1
    assert (
        "refused to save the dashboard Fleet overview (412: The dashboard has been changed by someone else" in ran.out
    )
    assert pushed.state.dashboards[names.FLEET]["meta"]["updatedBy"] == "anna"


def test_what_is_refused_does_not_stop_the_others(grafana: StandIn, watchkeeper: Watchkeeper) -> None:
    grafana.before = lambda operation: refused(400, "bad uid") if operation == "POST /dashboards/db" else None
    ran = watchkeeper("grafana", "push")
    assert ran.code == 1
    assert ran.out.count("(400: bad uid)") == len(DASHBOARDS)
    assert len(grafana.state.rules) == len(RULES)


def test_an_editor_s_token_serves_where_a_data_source_is_there(pushed: StandIn, watchkeeper: Watchkeeper) -> None:
    pushed.state.role = "Editor"
    person_renames_a_panel(pushed)
    assert watchkeeper("grafana", "push", "--overwrite").code == 0
    person_repoints_the_data_source(pushed)
    ran = watchkeeper("grafana", "push", "--overwrite")
    assert ran.code == 1
    assert "data sources Admin" in ran.out


def test_a_viewer_s_token_serves_for_a_diff(pushed: StandIn, watchkeeper: Watchkeeper) -> None:
    pushed.state.role = "Viewer"
    assert watchkeeper("grafana", "diff").code == 0


def contract_breaks(body: Json) -> StandIn:
    stand_in = StandIn()
    stand_in.answer("POST", "/api/folders", body, f"Bearer {stand_in.state.token}")
    return stand_in


def test_the_stand_in_notices_what_the_contract_does_not_know() -> None:
    assert contract_breaks({"title": "A", "uid": "a"}).faults == []
    assert "'folderTitle' was unexpected" in contract_breaks({"title": "A", "uid": "a", "folderTitle": "A"}).faults[0]
