"""What the overview tells: cards of models, routes, spending, news and how fresh the calls are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from api.health.models import HealthState
from api.kept import Kept
from api.web.news import NewsItem, news
from api.web.parts import WebParts
from api.web.sparkline import sparkline
from watchkeeper.forecasting.spending import Outlook, outlook
from watchkeeper.schema import Outcome
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.series_cells import HealthQuery
from watchkeeper.storage.series_health import HealthRow, series_health
from watchkeeper.time_zone import midnight, time_zone

MOST_CARDS = 24
MOST_ROUTES = 20
_HOURS = 24
_HOUR_S = 3_600
_PACE = timedelta(minutes=10)
_FRESH_S = 5.0
_SPENDING_FRESH_S = 60.0
_MODEL = ("provider", "request_model")
_ROUTE = ("service", "route")
_ORDER = {state: place for place, state in enumerate((HealthState.REGRESSED, HealthState.CANNOT_TELL))}


@dataclass(frozen=True, slots=True)
class Card:
    """One requested model over the last 24 hours."""

    health: Mapping[str, Any]
    """The fields of :class:`~api.health.models.HealthItem`."""
    latency: str
    """Path of a sparkline: the 95th percentile of total time, hour by hour."""
    failures: str
    """The same of the share of calls that did not end well."""
    not_ok: Mapping[str, float | None]
    """That share over all of the time, with its 95 % interval."""


@dataclass(frozen=True, slots=True)
class Spending:
    """Of this day and this month, in UTC."""

    today: Decimal | None
    """None where there are calls and none has a known cost."""
    outlook: Outlook


@dataclass(frozen=True, slots=True)
class Overview:
    """All of the page."""

    cards: Sequence[Card]
    more_models: int
    routes: Sequence[Mapping[str, Any]]
    more_routes: int
    ever: bool
    """Were there calls at any time within the last month?"""
    open_count: int | None
    """Regressions and findings that are not closed; None for whoever may not see those of all."""
    calls_per_minute: float
    last_call: datetime | None
    spending: Spending
    news: Sequence[NewsItem]
    as_of: datetime


class OverviewReader:
    """Safe to share between threads; what many look at is read once."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts
        self._seen: Kept[Overview] = Kept(parts.clock, _FRESH_S, most=8)
        # A forecast takes longer than all else together, and moves slowly.
        self._spending: Kept[Spending] = Kept(parts.clock, _SPENDING_FRESH_S, most=8, behind=True)

    def read(self, tenants: tuple[str, ...]) -> Overview:
        """As it is shown to whoever sees the calls of ``tenants``; empty: of all."""
        return self._seen.get(tenants, lambda: self._read(tenants))

    def _read(self, tenants: tuple[str, ...]) -> Overview:
        now = self._parts.clock.now()
        day = CallFilter(_hour(now) - timedelta(hours=_HOURS - 1), now, tenant=tenants)
        models = self._health(day, _MODEL)
        routes = self._health(day, _ROUTE)
        lines = _by_group(series_health(self._parts.reader, HealthQuery(day, _MODEL, _HOUR_S)))
        starts = [day.begin + timedelta(hours=number) for number in range(_HOURS)]
        spending = self._spending.get(tenants, lambda: self._spend(tenants))
        pace = series_health(self._parts.reader, HealthQuery(CallFilter(now - _PACE, now, tenant=tenants), _MODEL[:1]))
        return Overview(
            cards=[_card(item, lines[tuple(item["group"].values())], starts) for item in models[:MOST_CARDS]],
            more_models=max(0, len(models) - MOST_CARDS),
            routes=routes[:MOST_ROUTES],
            more_routes=max(0, len(routes) - MOST_ROUTES),
            ever=bool(models or spending.outlook.steps or spending.outlook.whole_days),
            open_count=None if tenants else self._parts.health.open_count(),
            calls_per_minute=sum(row.calls for row in pace) / (_PACE / timedelta(minutes=1)),
            last_call=max((item["last_call"] for item in models), default=None),
            spending=spending,
            news=news(self._parts.reader, now) if not tenants else (),
            as_of=now,
        )

    def _health(self, chosen: CallFilter, by: tuple[str, ...]) -> list[Mapping[str, Any]]:
        """What needs a look first, then by calls."""
        items = self._parts.health.health(HealthQuery(chosen, by), sees_all=not chosen.tenant).items
        return sorted(items, key=lambda item: _ORDER.get(item["state"], len(_ORDER)))

    def _spend(self, tenants: tuple[str, ...]) -> Spending:
        now, zone = self._parts.clock.now(), time_zone("UTC")
        first = now.date().replace(day=1)
        following = (first + timedelta(days=31)).replace(day=1)
        month = CallFilter(midnight(first, zone), midnight(following, zone), tenant=tenants)
        seen = outlook(self._parts.reader, month, now, zone)
        steps = [step for step in seen.steps if step.at >= midnight(now.date(), zone)]
        known = any(step.known_calls for step in steps) or not steps
        return Spending(sum((step.cost_usd for step in steps), Decimal(0)) if known else None, seen)


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


_Lines = Mapping[datetime, HealthRow]


def _by_group(rows: Sequence[HealthRow]) -> Mapping[tuple[str, ...], _Lines]:
    found: dict[tuple[str, ...], dict[datetime, HealthRow]] = defaultdict(dict)
    for row in rows:
        if row.start is not None:
            found[tuple(row.group.values())][row.start] = row
    return found


def _card(item: Mapping[str, Any], line: _Lines, starts: Sequence[datetime]) -> Card:
    hours = [line.get(start) for start in starts]
    return Card(
        health=item,
        not_ok=_not_ok(item["rates"]["ok"]),
        latency=sparkline([hour.duration.p95_us if hour else None for hour in hours]),
        failures=sparkline([_failing(hour) if hour else None for hour in hours]),
    )


def _failing(row: HealthRow) -> float | None:
    tried = sum(row.outcomes.values()) - row.outcomes.get(Outcome.CANCELLED, 0)
    return 1 - row.outcomes.get(Outcome.OK, 0) / tried if tried else None


def _not_ok(ok: Mapping[str, Any]) -> Mapping[str, float | None]:
    """The other share: Wilson's interval is the same seen from either side."""
    if ok["rate"] is None:
        return {"rate": None, "low": None, "high": None}
    return {"rate": 1 - ok["rate"], "low": 1 - ok["high"], "high": 1 - ok["low"]}
