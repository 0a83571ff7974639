"""The data source: how Grafana reaches ClickHouse."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from dashboards.model import Json, Source
from dashboards.names import DATA_SOURCE, FOLDER
from dashboards.provisioning import connection_of
from dashboards.pushing.connection import Grafana
from dashboards.pushing.differences import differences
from dashboards.pushing.found import Found, State
from dashboards.pushing.marks import digest
from dashboards.pushing.refusal import NOT_FOUND, GrafanaRefused
from watchkeeper.errors import ConfigError, Transient

MARK = "watchkeeperPush"
"""Among the plugin's settings: what a push wrote, so that a change since is noticed."""
_MEANING = ("name", "type", "access")
_HTTPS_PORT, _HTTP_PORT = 8443, 8123


@dataclass(frozen=True, slots=True)
class Warehouse:
    """ClickHouse as Grafana reaches it, and the user it reads as."""

    url: str
    database: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DataSourceThing:
    """Ours. Grafana does not tell a password, so that it is written with other changes, or when told to."""

    warehouse: Warehouse
    send_password: bool = False

    @property
    def kind(self) -> str:
        return "data source"

    @property
    def uid(self) -> str:
        return DATA_SOURCE

    @property
    def title(self) -> str:
        return FOLDER

    def look(self, grafana: Grafana) -> Found:
        """Raises :class:`ConfigError` where it is missing and cannot be made."""
        there = _of_uid(grafana, DATA_SOURCE)
        if there is None:
            _check_plugin(grafana)
            _check_name(grafana)
            return Found(State.MISSING)
        found = tuple(differences(_meaning(self._ours()), _meaning(there)))
        if not found:
            return Found(
                State.OUTDATED if self.send_password and not there.get("readOnly") else State.SAME, there=there
            )
        if there.get("readOnly"):
            reason = "it is provisioned from a file: change or remove that file"
            return Found(State.LOCKED, reason, found, there)
        if there.get("jsonData", {}).get(MARK) == digest(_meaning(there)):
            return Found(State.OUTDATED, "", found, there)
        return Found(State.CHANGED, "changed since the last push, or made without one", found, there)

    def write(self, grafana: Grafana, found: Found, overwrite: bool) -> None:
        ours = self._ours()
        settings = {**ours["jsonData"], MARK: digest(_meaning(ours))}
        body = {**ours, "jsonData": settings, "secureJsonData": {"password": self.warehouse.password}}
        if found.there is None:
            grafana.ask("make the data source", lambda api: api.datasource.create_datasource(body))
            return
        there = found.there
        body |= {"jsonData": {**there.get("jsonData", {}), **settings}, "isDefault": there.get("isDefault", False)}
        body["version"] = there.get("version")
        grafana.ask("save the data source", lambda api: api.datasource.update_datasource_by_uid(DATA_SOURCE, body))

    def _ours(self) -> Json:
        at = urlsplit(self.warehouse.url)
        if at.scheme not in ("http", "https") or not at.hostname:
            raise ConfigError(f"{self.warehouse.url!r} is no address of ClickHouse such as https://clickhouse:8443")
        secure = at.scheme == "https"
        settings = connection_of(
            at.hostname,
            at.port or (_HTTPS_PORT if secure else _HTTP_PORT),
            self.warehouse.user,
            self.warehouse.database,
        )
        return {
            "name": FOLDER,
            "uid": DATA_SOURCE,
            "type": Source.CLICKHOUSE.value,
            "access": "proxy",
            "jsonData": {**settings, "secure": secure},
        }


@dataclass(frozen=True, slots=True)
class GivenDataSource:
    """One of somebody's, which must be there and of the plugin."""

    uid: str

    @property
    def kind(self) -> str:
        return "data source"

    @property
    def title(self) -> str:
        return self.uid

    def look(self, grafana: Grafana) -> Found:
        """Raises :class:`ConfigError` for another kind of data source, :class:`GrafanaRefused` for none."""
        try:
            there = _of_uid(grafana, self.uid)
        except GrafanaRefused as refused:
            if not refused.is_forbidden:
                raise
            return Found(State.SAME, "the token may not read it: not checked")
        if there is None:
            raise GrafanaRefused(NOT_FOUND, f"show the data source {self.uid}", "--data-source takes its uid")
        if there.get("type") != Source.CLICKHOUSE.value:
            raise ConfigError(
                f"--data-source {self.uid} is of type {there.get('type')}; it must be of {Source.CLICKHOUSE.value}"
            )
        return Found(State.SAME, there=there)

    def write(self, grafana: Grafana, found: Found, overwrite: bool) -> None:
        """Never: it is always :attr:`State.SAME`."""


def health(grafana: Grafana, uid: str) -> str:
    """Why the data source does not answer; empty: it does."""
    try:
        answer: Any = grafana.ask("try the data source", lambda api: api.client.GET(f"/datasources/uid/{uid}/health"))
    except GrafanaRefused as refused:
        return "" if refused.is_forbidden else str(refused)
    except Transient as error:
        return str(error)
    return "" if answer.get("status", "OK") == "OK" else str(answer.get("message", "no reason told"))


def _of_uid(grafana: Grafana, uid: str) -> Json | None:
    return grafana.find(f"show the data source {uid}", lambda api: api.datasource.get_datasource_by_uid(uid))


def _meaning(source: Json) -> Json:
    kept = {name: source.get(name) for name in _MEANING}
    settings = source.get("jsonData") or {}
    return {**kept, "jsonData": {name: settings.get(name) for name in connection_of("", 0, "", "")}}


def _check_plugin(grafana: Grafana) -> None:
    plugins: Any = grafana.ask("list its plugins", lambda api: api.plugin.list())
    if Source.CLICKHOUSE.value not in {plugin.get("id") for plugin in plugins}:
        raise ConfigError(
            f"Grafana does not list the plugin {Source.CLICKHOUSE.value}: install it there "
            f"(GF_PLUGINS_PREINSTALL={Source.CLICKHOUSE.value}), or use a token that may make data sources (role Admin)"
        )


def _check_name(grafana: Grafana) -> None:
    sources: Any = grafana.ask("list its data sources", lambda api: api.datasource.list_datasources())
    for source in sources:
        if source.get("name") == FOLDER:
            raise ConfigError(
                f"another data source is named {FOLDER}, uid {source.get('uid')}: "
                f"use it with --data-source {source.get('uid')}, or rename it"
            )
