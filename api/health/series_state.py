"""What is open of each series, and how it stands: regressions as stored, statuses as the detectors saved them last."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from api.health.models import HealthState, OpenItem
from watchkeeper.series_id import ANY, series_id
from watchkeeper.storage.regressions import TransitionRow
from watchkeeper.storage.series_health import Series

Statuses = Callable[[], Sequence[Mapping[str, Any]]]
"""All watched metrics of all series: ``series_id``, ``metric``, ``state``, ``needed`` and ``why`` of each."""

_WORSE = ("regression", "outage", "traffic_stop")
"""Kinds that say that the calls of a series fare worse; others are told beside."""
_JUDGED = ("ok", "suspect", "closed")


@dataclass(frozen=True, slots=True)
class Concern:
    """A regression or finding, and which series it is about."""

    item: OpenItem
    about: Series
    members: frozenset[str]
    """Ids of the series that take part; empty: all that ``about`` names."""

    @classmethod
    def of(cls, row: TransitionRow) -> "Concern":
        """The one that ``row`` tells of."""
        record = orjson.loads(row.record)
        return cls(
            OpenItem(
                id=row.id,
                kind=row.kind,
                severity=row.severity,
                state=row.state,
                metric=row.metric,
                since=row.onset,
                size=(record.get("size") or {}).get("text") or row.reason,
            ),
            (row.service, row.route, row.provider, row.request_model, row.model),
            frozenset(member["series_id"] for member in record.get("members") or ()),
        )

    def concerns(self, series: Series) -> bool:
        """Is it about ``series``?"""
        parent = series_id(ANY, ANY, series[2], series[3], ANY)
        if self.members and parent not in self.members:
            return series_id(*series) in self.members
        return all(part in (ANY, mine) for part, mine in zip(self.about, series, strict=True))


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is open, and the statuses of metrics by series id; None where this process knows no detectors."""

    concerns: Sequence[Concern] = ()
    metrics: Mapping[str, Sequence[Mapping[str, Any]]] | None = field(default=None)

    def open(self, series: Iterable[Series]) -> list[OpenItem]:
        """What concerns any of ``series``, the latest onset first."""
        keys = list(series)
        found = [one.item for one in self.concerns if any(one.concerns(key) for key in keys)]
        return sorted(found, key=lambda item: item.since, reverse=True)

    def state(self, series: Iterable[Series], items: Sequence[OpenItem]) -> tuple[HealthState, str]:
        """How the calls of ``series`` stand, of which ``items`` are open, and why."""
        worse = [item for item in items if item.kind in _WORSE]
        if worse:
            more = f" and {len(worse) - 1} more" if len(worse) > 1 else ""
            return HealthState.REGRESSED, f"{worse[0].metric}: {worse[0].size}{more}"
        if self.metrics is None:
            return HealthState.CANNOT_TELL, "no detectors are known here"
        return _judged([one for key in series for one in self.metrics.get(series_id(*key), ())])


def by_series(statuses: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Statuses of metrics by the id of their series."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in statuses:
        found[one["series_id"]].append(one)
    return dict(found)


def _judged(metrics: Collection[Mapping[str, Any]]) -> tuple[HealthState, str]:
    if not metrics:
        return HealthState.CANNOT_TELL, "the detectors have not judged any of its calls yet"
    judged = sum(one["state"] in _JUDGED for one in metrics)
    blind = [one for one in metrics if one["state"] not in _JUDGED]
    first = min(blind, key=lambda one: (not one["needed"], one["needed"]), default=None)
    why = f"; {first['metric']}: {first['why']}" if first else ""
    if not judged:
        return HealthState.CANNOT_TELL, why.removeprefix("; ")
    return HealthState.FINE, f"{judged} of {len(metrics)} metrics as usual{why}"
