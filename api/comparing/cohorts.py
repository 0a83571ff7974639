"""Two cohorts as they were asked for, turned into filters; what makes no comparison is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from api.bounds import Bounds
from api.comparing.models import CohortBody
from api.filters import named_period, period
from api.problems import Problem
from watchkeeper.errors import ConfigError
from watchkeeper.storage.call_filter import CallFilter, from_mapping

DEFAULT_PERIOD = "7d"


@dataclass(frozen=True, slots=True)
class Asking:
    """When something is asked, by whom, and how much at most."""

    now: datetime
    """What periods are relative to."""
    tenants: tuple[str, ...]
    """Whose calls alone count; empty: everybody's."""
    bounds: Bounds


def cohort(body: CohortBody, asking: Asking, place: str) -> CallFilter:
    """The calls of ``body``, named ``place`` in errors. Raises :class:`Problem` 403 and 422."""
    try:
        begin, end = _span(body, asking.now)
        asking.bounds.check_period(begin, end)
        return from_mapping(begin, end, of_tenants(body.where, asking.tenants, place))
    except ConfigError as error:
        raise Problem(422, "A parameter does not fit", f"{place}.where: {error}.") from None
    except Problem as problem:
        raise Problem(problem.status, problem.title, f"{place}: {problem.detail.removeprefix(f'{place}: ')}") from None


def _span(body: CohortBody, now: datetime) -> tuple[datetime, datetime]:
    if not body.ago:
        return period(now, body.period, body.start, body.end, DEFAULT_PERIOD)
    if body.start or body.end:
        raise Problem(422, "A parameter does not fit", "ago goes with a period, not with start and end.")
    return period(named_period(body.ago, now)[0], body.period, None, None, DEFAULT_PERIOD)


def of_tenants(where: Mapping[str, list[str]], tenants: tuple[str, ...], place: str) -> dict[str, list[str]]:
    """``where``, restricted to ``tenants`` where there are any. Raises :class:`Problem` 403 for others."""
    own = where.get("tenant", [])
    if tenants and not set(own) <= set(tenants):
        raise Problem(403, "Not for this key", f"{place}: the key sees other tenants only: leave tenant out of where.")
    chosen = {column: list(dict.fromkeys(values)) for column, values in sorted(where.items())}
    return {**chosen, "tenant": own or list(tenants)} if tenants else chosen


def in_both(one: CallFilter, other: CallFilter) -> CallFilter | None:
    """The calls that are in both cohorts; None where there can be none."""
    begin, end = max(one.begin, other.begin), min(one.end, other.end)
    tags = dict(one.tags)
    if begin >= end or any(tags.setdefault(name, value) != value for name, value in other.tags):
        return None
    columns = {**other.chosen, **one.chosen}
    kept = {name: [v for v in values if v in other.chosen.get(name, values)] for name, values in columns.items()}
    if not all(kept.values()):
        return None
    return from_mapping(begin, end, {**kept, "tag": [f"{name}={value}" for name, value in tags.items()]})
