"""One dashboard. The message of its latest version tells who wrote it: a push says what and where to."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dashboards.model import Dashboard, Json
from dashboards.pushing.connection import Grafana
from dashboards.pushing.differences import Difference, differences
from dashboards.pushing.found import Found, State
from dashboards.pushing.marks import digest
from dashboards.pushing.refusal import GrafanaRefused
from dashboards.rendering import rendered

_GRAFANA_S = ("id", "version", "schemaVersion")
"""Grafana counts these itself; it raises the schema's version as it reads."""
_MESSAGE = re.compile(r"watchkeeper push (?P<digest>\w+) folder (?P<folder>\S+)")
_RECENT = 20


@dataclass(frozen=True)
class DashboardThing:
    """As it should be: in the folder ``folder``, asking the data source ``data_source``."""

    dashboard: Dashboard
    folder: str
    data_source: str

    @property
    def kind(self) -> str:
        return "dashboard"

    @property
    def uid(self) -> str:
        return self.dashboard.uid

    @property
    def title(self) -> str:
        return self.dashboard.title

    @cached_property
    def _ours(self) -> Json:
        made = rendered(self.dashboard, self.data_source)
        return {key: value for key, value in made.items() if key not in _GRAFANA_S}

    @property
    def _message(self) -> str:
        return f"watchkeeper push {digest(self._ours)} folder {self.folder}"

    def look(self, grafana: Grafana) -> Found:
        there: Any = grafana.find(f"show the dashboard {self.uid}", lambda api: api.dashboard.get_dashboard(self.uid))
        if there is None:
            return Found(State.MISSING)
        said = self._last_message(grafana, int(there["dashboard"].get("version") or 0))
        found = tuple(self._differences(there))
        if self._is_as_pushed(said, there["meta"]):
            state = State.SAME if said == self._message else State.OUTDATED
            return Found(state, differences=found if state is State.OUTDATED else (), there=there)
        return self._of_others(there, found)

    def write(self, grafana: Grafana, found: Found, overwrite: bool) -> None:
        version = found.there["dashboard"].get("version") if found.there else None
        body = {
            "dashboard": {**rendered(self.dashboard, self.data_source), "version": version},
            "folderUid": self.folder,
            "message": self._message,
            "overwrite": overwrite,
        }
        grafana.ask(f"save the dashboard {self.title}", lambda api: api.dashboard.update_dashboard(body))

    def _differences(self, there: Json) -> list[Difference]:
        folder = there["meta"].get("folderUid", "")
        moved = [Difference("folder", folder, self.folder)] if folder != self.folder else []
        return [*moved, *differences(self._ours, there["dashboard"])]

    def _is_as_pushed(self, said: str, meta: Json) -> bool:
        pushed = _MESSAGE.fullmatch(said)
        return pushed is not None and pushed["folder"] == meta.get("folderUid", "") and not meta.get("provisioned")

    def _of_others(self, there: Json, found: tuple[Difference, ...]) -> Found:
        meta = there["meta"]
        if not found:
            return Found(State.SAME, there=there)
        if meta.get("provisioned"):
            return Found(State.LOCKED, "it is provisioned from a file: change or remove that file", found, there)
        by = f" by {meta['updatedBy']}" if meta.get("updatedBy") else ""
        return Found(State.CHANGED, f"changed{by} at {meta.get('updated', 'a time not told')}", found, there)

    def _last_message(self, grafana: Grafana, version: int) -> str:
        """Of the version that is shown; empty where the token may not read the history."""
        path = f"/dashboards/uid/{self.uid}/versions"
        try:
            answer: Any = grafana.find(
                f"show the versions of {self.uid}", lambda api: api.client.GET(path, params={"limit": _RECENT})
            )
        except GrafanaRefused as refused:
            if not refused.is_forbidden:
                raise
            return ""
        # Grafana 10 answers with the list itself.
        versions = answer.get("versions") if isinstance(answer, dict) else answer
        return next((str(one.get("message", "")) for one in versions or () if one.get("version") == version), "")
