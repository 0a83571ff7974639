"""One alert rule. A private annotation says what a push wrote, so that a change since is noticed."""

from dataclasses import dataclass
from typing import Any

from dashboards.alert_rule import AlertRule, rendered_rule
from dashboards.model import Json
from dashboards.names import FOLDER
from dashboards.pushing.connection import Grafana
from dashboards.pushing.differences import differences
from dashboards.pushing.found import Found, State
from dashboards.pushing.marks import digest

MARK = "__watchkeeper__"
"""Grafana keeps annotations of this form out of messages."""
_OF_PEOPLE = ("isPaused", "notification_settings")
"""Whether a rule is paused and whom it tells is decided in Grafana; a push keeps it."""
_MEANING = ("title", "condition", "for", "noDataState", "execErrState", "labels", "annotations", "data", "ruleGroup")
_MODEL = ("rawSql", "editorType", "format", "type", "expression", "reducer", "settings", "conditions")
"""Of a query; Grafana adds others as it saves."""


@dataclass(frozen=True, slots=True)
class AlertRuleThing:
    """As it should be: in the folder ``folder``, asking the data source ``data_source``."""

    rule: AlertRule
    folder: str
    data_source: str
    org_id: int

    @property
    def kind(self) -> str:
        return "alert rule"

    @property
    def uid(self) -> str:
        return self.rule.uid

    @property
    def title(self) -> str:
        return self.rule.title

    def look(self, grafana: Grafana) -> Found:
        there: Any = grafana.find(
            f"show the alert rule {self.uid}", lambda api: api.alertingprovisioning.get_alertrule(self.uid)
        )
        if there is None:
            return Found(State.MISSING)
        found = tuple(differences(_meaning(self.body()), _meaning(there)))
        if not found:
            return Found(State.SAME, there=there)
        if there.get("provenance") == "file":
            reason = "it is provisioned from a file: change or remove that file"
            return Found(State.LOCKED, reason, found, there)
        if there.get("annotations", {}).get(MARK) == digest(_meaning(there)):
            return Found(State.OUTDATED, "", found, there)
        return Found(State.CHANGED, f"changed at {there.get('updated', 'a time not told')}", found, there)

    def write(self, grafana: Grafana, found: Found, overwrite: bool) -> None:
        ours = self.body()
        ours["annotations"] = {**ours["annotations"], MARK: digest(_meaning(ours))}
        if found.there is None:
            grafana.ask(
                f"make the alert rule {self.title}", lambda api: api.alertingprovisioning.create_alertrule(ours)
            )
            return
        ours |= {name: found.there[name] for name in _OF_PEOPLE if name in found.there}
        grafana.ask(
            f"save the alert rule {self.title}",
            lambda api: api.alertingprovisioning.update_alertrule(self.uid, ours),
        )

    def body(self) -> Json:
        """As the API takes it, without our mark; in a file, the panel that shows it has fields of its own."""
        made = rendered_rule(self.rule, self.data_source)
        shown = {"__dashboardUid__": made.pop("dashboardUid"), "__panelId__": str(made.pop("panelId"))}
        place = {"folderUID": self.folder, "ruleGroup": FOLDER, "orgID": self.org_id}
        return {**made, **place, "annotations": {**made["annotations"], **shown}}


def _meaning(rule: Json) -> Json:
    """What people would call its contents, without what Grafana adds and our mark."""
    kept = {name: rule.get(name) for name in (*_MEANING, "folderUID")}
    annotations = {name: text for name, text in (rule.get("annotations") or {}).items() if name != MARK}
    return {**kept, "annotations": annotations, "data": [_query(query) for query in rule.get("data") or ()]}


def _query(query: Json) -> Json:
    model = query.get("model") or {}
    return {
        "refId": query.get("refId"),
        "datasourceUid": query.get("datasourceUid"),
        "relativeTimeRange": query.get("relativeTimeRange"),
        "model": {name: model[name] for name in _MODEL if name in model},
    }
