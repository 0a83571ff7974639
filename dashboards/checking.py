"""Runs the queries of all dashboards and alert rules on a store, as Grafana's plugin would ask them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dashboards.alert_rules import RULES
from dashboards.files import DASHBOARDS
from dashboards.model import Dashboard, Source
from dashboards.plugin import View, expanded
from dashboards.rendering import MOST_POINTS
from watchkeeper.errors import WatchkeeperError
from watchkeeper.storage.client import Store

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class Kind(StrEnum):
    """What a query is for."""

    PANEL = "panel"
    VARIABLE = "variable"
    ANNOTATION = "annotation"
    RULE = "alert rule"


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a dashboard, or of a rule that it explains."""

    dashboard: Dashboard
    kind: Kind
    title: str
    sql: str
    min_interval: str = "1m"
    may_be_empty: bool = True
    period: timedelta | None = None
    """What it is about; None: what its dashboard shows at first."""


@dataclass(frozen=True, slots=True)
class Checked:
    """How it went: ``rows`` is None where it failed with ``error``; ``known`` is false where no value is known."""

    query: Query
    rows: int | None
    known: bool
    error: str = ""

    @property
    def is_empty(self) -> bool:
        """It ran, and has nothing to show."""
        return self.rows is not None and not self.known

    @property
    def is_bare(self) -> bool:
        """It is a panel with nothing to show."""
        return self.is_empty and self.query.kind is Kind.PANEL

    @property
    def is_well(self) -> bool:
        """It ran, and shows something or may be empty."""
        return self.rows is not None and (self.known or self.query.may_be_empty)


def check(store: Store, end: datetime) -> list[Checked]:
    """Every query over its period, which ends at ``end``; all is chosen."""
    return [_checked(store, query, view_of(query, end)) for query in queries()]


def queries() -> Iterator[Query]:
    """All that ask ClickHouse."""
    for dashboard in DASHBOARDS:
        for variable in dashboard.variables:
            yield Query(dashboard, Kind.VARIABLE, variable.name, variable.query)
        for annotation in dashboard.annotations:
            yield Query(dashboard, Kind.ANNOTATION, annotation.name, annotation.query)
        for panel in dashboard.panels:
            if panel.source is Source.CLICKHOUSE:
                yield Query(dashboard, Kind.PANEL, panel.title, panel.query, panel.min_interval, panel.may_be_empty)

    boards = {dashboard.uid: dashboard for dashboard in DASHBOARDS}
    for rule in RULES:
        period = timedelta(seconds=rule.lookback_s)
        yield Query(boards[rule.dashboard], Kind.RULE, rule.title, rule.query, period=period)


def view_of(query: Query, end: datetime) -> View:
    """As Grafana asks at first: points are no closer than the panel's table is fine."""
    length = query.period or length_of(query.dashboard.since.removeprefix("now-"))
    interval = max(length / MOST_POINTS, length_of(query.min_interval))
    return View(end - length, end, int(interval.total_seconds()))


def length_of(text: str) -> timedelta:
    """Of Grafana's ``30m``, ``24h``, ``14d``."""
    return int(text[:-1]) * _UNITS[text[-1]]


def _checked(store: Store, query: Query, view: View) -> Checked:
    sql = expanded(query.sql, view, [variable.name for variable in query.dashboard.variables])
    try:
        rows = store.query_rows(sql)
    except WatchkeeperError as error:
        return Checked(query, None, False, str(error))
    return Checked(query, len(rows), any(value is not None for row in rows for value in row.values()))
