"""The folder that dashboards and alert rules are in."""

from dataclasses import dataclass

from dashboards.names import FOLDER, FOLDER_UID
from dashboards.pushing.connection import Grafana
from dashboards.pushing.found import Found, State
from dashboards.pushing.refusal import NOT_FOUND, GrafanaRefused


@dataclass(frozen=True, slots=True)
class FolderThing:
    """Ours is made where it is missing and may be renamed or moved; one of somebody's must be there."""

    uid: str = FOLDER_UID
    title: str = FOLDER

    @property
    def kind(self) -> str:
        return "folder"

    def look(self, grafana: Grafana) -> Found:
        """Raises :class:`GrafanaRefused` where somebody's own folder is not there."""
        doing = f"show the folder {self.uid}"
        there = grafana.find(doing, lambda api: api.folder.get_folder(self.uid))
        if there is None and self.uid != FOLDER_UID:
            raise GrafanaRefused(NOT_FOUND, doing, "--folder takes the uid of a folder, which is in its address")
        return Found(State.SAME if there else State.MISSING, there=there)

    def write(self, grafana: Grafana, found: Found, overwrite: bool) -> None:
        grafana.ask(
            f"make the folder {self.title}, uid {self.uid} (with --folder UID an existing one is used)",
            lambda api: api.folder.create_folder(self.title, self.uid),
        )
