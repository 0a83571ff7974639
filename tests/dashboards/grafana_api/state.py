"""What a Grafana keeps, and how it answers: after its handlers, as far as pushes touch them."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Answer = tuple[int, Any]
PLUGIN = "grafana-clickhouse-datasource"
UPDATED = "2026-06-02T10:00:00Z"


def refused(code: int, message: str, status: str = "") -> Answer:
    return code, {"message": message, **({"status": status} if status else {})}


@dataclass
class State:
    """One organisation of one Grafana; tests set fields as they need them."""

    version: str = "12.1.0"
    token: str = "glsa_0123456789abcdef"
    role: str = "Admin"
    """Of the token: Viewer, Editor or Admin."""
    plugins: tuple[str, ...] = (PLUGIN,)
    raises_schema: bool = False
    """Reads dashboards in a newer form than they were written in, as Grafana 12 does."""
    healthy: bool = True
    data_sources: dict[str, Json] = field(default_factory=dict)
    folders: dict[str, Json] = field(default_factory=dict)
    dashboards: dict[str, Json] = field(default_factory=dict)
    """With their ``meta``, as they are read."""
    versions: dict[str, list[Json]] = field(default_factory=dict)
    rules: dict[str, Json] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    """Operations that wrote, in order."""

    def answer(self, operation: str, parameters: Mapping[str, str], body: Any) -> Answer:
        if not operation.startswith("GET"):
            if self.role == "Viewer" or (self.role == "Editor" and "/datasources" in operation):
                return refused(403, "You'll need additional permissions to perform this action.")
            self.writes.append(operation)
        return copy.deepcopy(_HANDLERS[operation](self, parameters.get("uid", ""), body))


def _settings(state: State, uid: str, body: Json) -> Answer:
    return 200, {"buildInfo": {"version": state.version, "edition": "Open Source"}}


def _organisation(state: State, uid: str, body: Json) -> Answer:
    return (200, {"id": 3, "name": "Main Org."}) if state.role == "Admin" else refused(403, "Forbidden")


def _plugins(state: State, uid: str, body: Json) -> Answer:
    """Whoever may not make data sources is shown Grafana's own plugins only."""
    shown = ("prometheus", *(state.plugins if state.role == "Admin" else ()))
    return 200, [{"id": name, "type": "datasource"} for name in shown]


def _read_source(state: State, uid: str, body: Json) -> Answer:
    found = state.data_sources.get(uid)
    return (200, found) if found else refused(404, "Data source not found")


def _list_sources(state: State, uid: str, body: Json) -> Answer:
    shown = ("id", "uid", "name", "type", "access", "jsonData", "readOnly")
    return 200, [{name: one[name] for name in shown if name in one} for one in state.data_sources.values()]


def _make_source(state: State, uid: str, body: Json) -> Answer:
    if body["uid"] in state.data_sources or body["name"] in {one["name"] for one in state.data_sources.values()}:
        return refused(409, "data source with the same name already exists")
    kept = {name: value for name, value in body.items() if name != "secureJsonData"}
    kept |= {"id": 7, "orgId": 3, "version": 1, "readOnly": False, "isDefault": False}
    state.data_sources[body["uid"]] = kept | {"secureJsonFields": dict.fromkeys(body["secureJsonData"], True)}
    return 200, {"id": 7, "message": "Datasource added", "name": body["name"], "datasource": kept}


def _save_source(state: State, uid: str, body: Json) -> Answer:
    there = state.data_sources[uid]
    if there.get("readOnly"):
        return refused(403, "Cannot update read-only data source")
    if body.get("version") != there["version"]:
        return refused(409, "Datasource has already been updated by someone else. Please reload and try again")
    there |= {name: value for name, value in body.items() if name != "secureJsonData"}
    there["version"] += 1
    return 200, {"id": 7, "message": "Datasource updated", "name": body["name"], "datasource": there}


def _health(state: State, uid: str, body: Json) -> Answer:
    return (200, {"message": "Data source is working"}) if state.healthy else refused(400, "connection refused")


def _read_folder(state: State, uid: str, body: Json) -> Answer:
    found = state.folders.get(uid)
    return (200, found) if found else refused(404, "folder not found", status="not-found")


def _make_folder(state: State, uid: str, body: Json) -> Answer:
    if body["title"] in {one["title"] for one in state.folders.values()} or body["uid"] in state.dashboards:
        return refused(409, "a folder with the same name already exists in the current location")
    state.folders[body["uid"]] = made = {
        **body,
        "id": 1,
        "orgId": 3,
        "version": 1,
        "url": f"/dashboards/f/{body['uid']}",
    }
    return 200, made


def _read_dashboard(state: State, uid: str, body: Json) -> Answer:
    found = state.dashboards.get(uid)
    if found is None:
        return refused(404, "Dashboard not found", status="not-found")
    return 200, _in_newer_form(found) if state.raises_schema else found


def _in_newer_form(found: Json) -> Json:
    """With a newer schema's number, its defaults, and without what is empty."""
    newer = copy.deepcopy(found)
    dashboard = newer["dashboard"] | {"schemaVersion": 42, "preload": False}
    dashboard["panels"] = [{**panel, "transparent": False, "repeatDirection": "h"} for panel in dashboard["panels"]]
    return newer | {"dashboard": {name: value for name, value in dashboard.items() if value not in ("", [], {})}}


def _read_versions(state: State, uid: str, body: Json) -> Answer:
    if state.role == "Viewer":
        return refused(403, "You'll need additional permissions to perform this action.")
    versions = list(reversed(state.versions[uid]))
    return 200, versions if state.version.startswith("10.") else {"continueToken": "", "versions": versions}


def _save_dashboard(state: State, uid: str, body: Json) -> Answer:
    sent, folder = body["dashboard"], body.get("folderUid", "")
    if folder not in state.folders:
        return refused(404, "Folder not found")
    there = state.dashboards.get(sent["uid"])
    if there and there["meta"].get("provisioned"):
        return refused(400, "Cannot save provisioned dashboard")
    version = int(there["dashboard"]["version"]) if there else 0
    if there and not body["overwrite"] and sent["version"] != version:
        return refused(412, "The dashboard has been changed by someone else", status="version-mismatch")
    keep_dashboard(state, sent, (folder, body["message"], "sa-watchkeeper"))
    url = f"/d/{sent['uid']}/{sent['uid']}"
    return 200, {"id": 5, "status": "success", "uid": sent["uid"], "url": url, "version": version + 1} | {
        "title": sent["title"],
    }


def keep_dashboard(state: State, sent: Json, how: tuple[str, str, str]) -> None:
    """As its next version; ``how``: folder, message and who saved it."""
    folder, message, who = how
    uid = sent["uid"]
    version = len(state.versions.setdefault(uid, [])) + 1
    meta = {"folderUid": folder, "version": version, "updatedBy": who, "updated": UPDATED, "provisioned": False}
    state.dashboards[uid] = {"dashboard": {**copy.deepcopy(sent), "id": 5, "version": version}, "meta": meta}
    state.versions[uid].append({"id": version, "version": version, "message": message, "createdBy": who, "uid": uid})


def _read_rule(state: State, uid: str, body: Json) -> Answer:
    return (200, state.rules[uid]) if uid in state.rules else (404, None)


def _make_rule(state: State, uid: str, body: Json) -> Answer:
    if body["folderUID"] not in state.folders:
        return refused(400, "invalid alert rule: folder does not exist")
    return 201, _keep_rule(state, body)


def _save_rule(state: State, uid: str, body: Json) -> Answer:
    there = state.rules.get(uid)
    if there is None:
        return 404, None
    if there["provenance"] not in ("", "api"):
        return refused(500, f"cannot change provenance from '{there['provenance']}' to 'api'")
    return 200, _keep_rule(state, body)


def _keep_rule(state: State, body: Json) -> Json:
    kept = copy.deepcopy(body) | {"id": 9, "orgID": 3, "updated": UPDATED, "provenance": "api"}
    for query in kept["data"]:
        query["queryType"] = query["model"].get("queryType", "")
        query["model"] = {"maxDataPoints": 43_200, "intervalMs": 1_000, **query["model"]}
    state.rules[body["uid"]] = kept
    return kept


_RULES = "/v1/provisioning/alert-rules"
_HANDLERS: Mapping[str, Callable[[State, str, Any], Answer]] = {
    "GET /frontend/settings": _settings,
    "GET /org": _organisation,
    "GET /plugins": _plugins,
    "GET /datasources": _list_sources,
    "POST /datasources": _make_source,
    "GET /datasources/uid/{uid}": _read_source,
    "PUT /datasources/uid/{uid}": _save_source,
    "GET /datasources/uid/{uid}/health": _health,
    "GET /folders/{uid}": _read_folder,
    "POST /folders": _make_folder,
    "GET /dashboards/uid/{uid}": _read_dashboard,
    "GET /dashboards/uid/{uid}/versions": _read_versions,
    "POST /dashboards/db": _save_dashboard,
    f"GET {_RULES}/{{uid}}": _read_rule,
    f"POST {_RULES}": _make_rule,
    f"PUT {_RULES}/{{uid}}": _save_rule,
}
