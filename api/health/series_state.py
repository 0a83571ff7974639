"""What is open of each series, and how it stands: regressions as stored, statuses as the detectors saved them last."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from api.health.models import HealthState, OpenItem
from watchkeeper.series_id import ANY, series_id
from watchkeeper.storage.regressions import TransitionRow
from watchkeeper.storage.series_health import Series


@dataclass(frozen=True, slots=True)
class Judgement:
    """How the detectors' last saved states are read."""

    statuses: Callable[[], Sequence[Mapping[str, Any]]]
    """All watched metrics of all series: ``series_id``, ``metric``, ``state``, ``needed`` and ``why`` of each."""
    late: Callable[[], Mapping[str, Mapping[str, Any]]]
    """Calls that were left out because they came too late, by series id: ``calls``, and ``last`` (Unix seconds)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What they say, by series id."""

    metrics: Mapping[str, Sequence[Mapping[str, Any]]]
    late: Mapping[str, int]
    """Calls left out as late of which the last came within a day."""


_WORSE = ("regression", "outage", "traffic_stop")
"""Kinds that say that the calls of a series fare worse; others are told beside."""
_JUDGED = ("ok", "suspect", "closed")
MOST_OPEN = 1_000
"""Regressions of each state that are read."""
_TOO_MANY = (
    f"more than {MOST_OPEN:,} regressions are open, and what was read of them says nothing of these calls: close what "
    "is over (watchkeeper regressions close)"
)


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
    """All that is open, and what the detectors say; None where this process knows none."""

    concerns: Sequence[Concern] = ()
    judged: Judged | None = None
    truncated: bool = False
    """Is more open than ``concerns`` holds?"""

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
        if self.truncated:
            return HealthState.CANNOT_TELL, _TOO_MANY
        if self.judged is None:
            return HealthState.CANNOT_TELL, "no detectors are known here"
        ids = [series_id(*key) for key in series]
        state, why = _judged([one for name in ids for one in self.judged.metrics.get(name, ())])
        late = sum(self.judged.late.get(name, 0) for name in ids)
        return state, f"{why}; {late:,} calls came too late to be judged" if late else why


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
