"""What a dashboard is made of, without Grafana's JSON: sections of panels, each with one query and its looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any


class Format(IntEnum):
    """How the ClickHouse plugin shapes an answer."""

    TIME_SERIES = 0
    """One series for each combination of its text columns; the first column is the time, ascending."""
    TABLE = 1


class Visual(StrEnum):
    """Kinds of panels, by Grafana's names."""

    STAT = "stat"
    TABLE = "table"
    TIME_SERIES = "timeseries"
    STATE_TIMELINE = "state-timeline"


class Draw(StrEnum):
    """How a time series is drawn."""

    LINES = "lines"
    STACKED = "stacked"
    """Areas on top of one another."""
    BARS = "bars"
    """Stacked bars: for sums of an interval."""


class Source(StrEnum):
    """Who answers a panel's query."""

    CLICKHOUSE = "grafana-clickhouse-datasource"
    PROMETHEUS = "prometheus"


@dataclass(frozen=True, slots=True)
class Threshold:
    """From ``value`` on, in the panel's unit, things have this colour."""

    value: float
    color: str


@dataclass(frozen=True, slots=True)
class Link:
    """Where a click leads: another dashboard, or this one narrowed. ``variables`` are ``name=value``."""

    title: str
    dashboard: str
    """Its uid."""
    variables: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """How one column of the answer is shown, where it differs from its panel."""

    name: str
    unit: str = ""
    width: int = 0
    thresholds: tuple[Threshold, ...] = ()
    """Colours of the cells of a table."""
    colors: Mapping[str, str] | None = None
    """Colours of texts."""
    link: Link | None = None
    band_to: str = ""
    """Fill up to this other column: this one and that one are the bounds of an interval."""
    bound: bool = False
    """A bound of an interval: drawn without a line."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a panel shows numbers. ``unit`` is one of Grafana's unit ids."""

    unit: str
    label: str = ""
    """Name of a series; ``${__field.labels.NAME}`` is its text column NAME."""
    draw: Draw = Draw.LINES
    decimals: int | None = None
    maximum: float | None = None
    thresholds: tuple[Threshold, ...] = ()
    columns: tuple[Column, ...] = ()
    colors: Mapping[str, str] | None = None
    """Colours of texts."""
    split_by: str = ""
    """A lane for each value of this column."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: ``about`` says what it shows and how to read it, ``query`` is SQL with the plugin's macros."""

    title: str
    about: str
    visual: Visual
    query: str
    look: Look
    width: int = 8
    height: int = 8
    min_interval: str = "1m"
    """The finest grain of its table."""
    source: Source = Source.CLICKHOUSE
    may_be_empty: bool = False
    """Shows what a healthy or small fleet has none of."""

    @property
    def format(self) -> Format:
        """Text lanes cannot be series, so they come as a table."""
        return Format.TIME_SERIES if self.visual is Visual.TIME_SERIES else Format.TABLE


@dataclass(frozen=True, slots=True)
class Section:
    """Panels below a heading. Those of a collapsed one ask nothing until it is opened."""

    title: str
    panels: tuple[Panel, ...]
    collapsed: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice of values above a dashboard, several or all."""

    name: str
    label: str
    query: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """Marks on every time series: columns ``time``, ``timeEnd``, ``text``, ``tags``."""

    name: str
    query: str
    color: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard; ``uid`` is part of its address and stays."""

    uid: str
    title: str
    about: str
    since: str
    """Begin of what it shows at first, such as ``now-24h``."""
    sections: tuple[Section, ...]
    variables: tuple[Variable, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    prometheus: bool = False
    """Has panels that ask Prometheus."""

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All of them, in order."""
        return tuple(panel for section in self.sections for panel in section.panels)


Json = dict[str, Any]
