"""Models in use that will not stay: told when that becomes known, and again as the last day comes near."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from alerts.checks import Condition
from alerts.event import Severity, cut
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.facts import ModelFacts
from watchkeeper.storage.client import Store
from watchkeeper.storage.observed_models import observed_models

_IN_USE = timedelta(days=7)
_STEPS_DAYS = (0, 7, 30, 90)
"""Days before the last one at which it is told again; one step is one message."""
_CRITICAL_DAYS = 7
_MOST_NAMED = 3

Catalogue = Callable[[], Catalog]
"""Gives the catalogue, which is read when it is first asked for."""


@dataclass(frozen=True, slots=True)
class Used:
    """A model and where it was called lately, the busiest route first."""

    provider: str
    model: str
    routes: tuple[str, ...]
    calls: int


def deprecation_conditions(store: Store, catalogue: Catalogue, now: datetime) -> list[Condition]:
    """What the catalogue knows of the end of each model called in the last week. Raises what the store does."""
    used = used_models(store, now)
    if not used:
        return []
    catalog = catalogue()
    known = ((one, catalog.resolve(one.provider, one.model)) for one in used)
    found = (condition_of(one, facts, now) for one, facts in known if facts is not None)
    return [condition for condition in found if condition is not None]


def used_models(store: Store, now: datetime) -> list[Used]:
    """Models called in the last week, by the routes that call them."""
    calls: dict[tuple[str, str], dict[str, int]] = {}
    for route, models in observed_models(store, now - _IN_USE, now).items():
        for one in models:
            calls.setdefault((one.provider, one.model), {})[route] = one.calls
    return [
        Used(*name, tuple(sorted(routes, key=lambda route: (-routes[route], route))), sum(routes.values()))
        for name, routes in calls.items()
    ]


def condition_of(used: Used, known: ModelFacts, now: datetime) -> Condition | None:
    """The end of the model as far as it is near, or announced; None where nothing says that it ends."""
    days = (known.retirement_date - now.date()).days if known.retirement_date else None
    step = next((str(one) for one in _STEPS_DAYS if days is not None and days <= one), "")
    announced = known.deprecated or (known.deprecation_date is not None and known.deprecation_date <= now.date())
    if not step and not announced:
        return None
    near = days is not None and days <= _CRITICAL_DAYS
    return Condition(
        id=cut(f"deprecation:{used.provider}/{used.model}:{step or 'announced'}", 200),
        kind="deprecation",
        severity=Severity.CRITICAL if near else Severity.WARNING,
        since=_since(known, now),
        what=f"{used.provider}/{used.model} {_end(known, days)}{_instead(known)}; {_use(used)}",
        provider=cut(used.provider),
        model=cut(used.model),
        facts={"retirement_date": known.retirement_date.isoformat() if known.retirement_date else None},
        once=True,
    )


def _since(known: ModelFacts, now: datetime) -> datetime:
    announced = known.deprecation_date
    return min(now, datetime.combine(announced, time(), UTC)) if announced else now


def _end(known: ModelFacts, days: int | None) -> str:
    if days is None:
        return "is deprecated; when it ends is not known"
    if days <= 0:
        return f"was retired on {known.retirement_date}: calls fail from then on"
    return f"retires on {known.retirement_date}, in {days} {'day' if days == 1 else 'days'}"


def _instead(known: ModelFacts) -> str:
    return f", {known.replacement} is named in its place" if known.replacement else ""


def _use(used: Used) -> str:
    named = ", ".join(route or "calls without a route" for route in used.routes[:_MOST_NAMED])
    more = f" and {len(used.routes) - _MOST_NAMED} further routes" if len(used.routes) > _MOST_NAMED else ""
    return f"{used.calls:,} calls in the last week, by {named}{more}"
