"""Query parameters that many endpoints share: a period and a filter on calls."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query

from api.problems import Problem
from watchkeeper.errors import ConfigError
from watchkeeper.storage.call_filter import CallFilter, expression, from_mapping

_RELATIVE = re.compile(r"(\d{1,6})(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MONTH = re.compile(r"(\d{4})-(\d{2})")
LAST_YEAR = 9998
"""A period may be widened to whole buckets, and no calendar holds the year 10000."""
PERIOD_HELP = "45m, 24h, 7d, 4w (up to now), today, yesterday, month (so far), last-month, or a month such as 2026-10"

Period = Annotated[str, Query(description=f"{PERIOD_HELP}. Not together with start and end.", max_length=20)]
Start = Annotated[datetime | None, Query(description="From this time (ISO 8601 with zone).")]
End = Annotated[datetime | None, Query(description="Up to this time; default: now.")]


def no_words() -> list[str]:
    """Nothing given. A function of ours: pydantic looks at its signature in every request, and that of ``list`` takes
    a sixth of a millisecond to read.
    """
    return []


Words = Annotated[list[str], Query(max_length=50, default_factory=no_words)]


def period(
    now: datetime, words: str, start: datetime | None, end: datetime | None, default: str
) -> tuple[datetime, datetime]:
    """The period ``[begin, end)`` that was asked for. Raises :class:`Problem` (422) for one that makes no sense."""
    if words and (start or end):
        raise _unfit("give either period or start and end, not both.")
    if start is None and end is None:
        return named_period(words or default, now)
    until = aware(end, "end") if end else now
    since = aware(start, "start") if start else _before(until, now - named_period(default, now)[0])
    if until.year > LAST_YEAR:
        raise _unfit(f"end lies outside the calendar: choose one up to the year {LAST_YEAR}.")
    if since >= until:
        raise _unfit(f"start ({since.isoformat()}) must be before end ({until.isoformat()}).")
    return since, until


def _before(until: datetime, span: timedelta) -> datetime:
    try:
        return until - span
    except OverflowError:
        raise _unfit("end lies at the begin of the calendar: choose a later one.") from None


def named_period(words: str, now: datetime) -> tuple[datetime, datetime]:
    """What ``24h``, ``today``, ``last-month`` … mean at ``now`` (UTC). Raises :class:`Problem` (422)."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight.replace(day=1)
    if match := _RELATIVE.fullmatch(words):
        return _ago(now, match), now
    if match := _MONTH.fullmatch(words):
        return _month(words, int(match[1]), int(match[2]))
    named = {
        "today": (midnight, now),
        "yesterday": (midnight - timedelta(days=1), midnight),
        "month": (first, now),
        "last-month": ((first - timedelta(days=1)).replace(day=1), first),
    }
    if words not in named:
        raise _unfit(f"period is {words[:40]!r}: use {PERIOD_HELP}.")
    return named[words]


def _ago(now: datetime, match: re.Match[str]) -> datetime:
    try:
        return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        raise _unfit(f"period {match[0]!r} reaches back before the calendar: choose a shorter one.") from None


def _month(words: str, year: int, month: int) -> tuple[datetime, datetime]:
    if not 1 <= month <= 12 or not 1971 <= year <= 2100:
        raise _unfit(f"period is {words!r}: months run from 1971-01 to 2100-12.")
    begin = datetime(year, month, 1, tzinfo=UTC)
    return begin, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def listed(given: Iterable[str]) -> tuple[str, ...]:
    """The words of a parameter that may be repeated or hold several with commas: each once, in their order."""
    words = (word.strip() for part in given for word in part.split(","))
    return tuple(dict.fromkeys(word for word in words if word))


def check_dimensions(names: Iterable[str], parameter: str) -> None:
    """Are these what calls may be grouped by? Raises :class:`Problem` (422) that names the ``parameter``."""
    try:
        for name in names:
            expression(name, "c")
    except ConfigError as error:
        raise _unfit(f"{parameter}: {error}.") from None


def aware(moment: datetime, name: str) -> datetime:
    """``moment`` in UTC. Raises :class:`Problem` (422), which calls it ``name``, for one without a zone."""
    if moment.tzinfo is None:
        raise _unfit(f"{name} needs a zone: write 2026-01-31T12:00:00Z.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise _unfit(f"{name} lies outside the calendar.") from None


def _unfit(detail: str) -> Problem:
    return Problem(422, "A parameter does not fit", detail)


@dataclass(frozen=True)
class Chosen:
    """A dependency: which calls are meant, apart from their period. Each parameter may be repeated: any value fits."""

    service: Words
    environment: Words
    route: Words
    provider: Words
    request_model: Words
    model: Words
    operation: Words
    variant: Words
    outcome: Words
    tenant: Words
    user_hash: Words
    prompt_name: Words
    prompt_version: Words
    service_tier: Words
    region: Words
    tag: Annotated[
        list[str], Query(description="NAME=VALUE of an application's tag.", max_length=16, default_factory=no_words)
    ]

    def within(self, span: tuple[datetime, datetime], tenants: tuple[str, ...] = ()) -> CallFilter:
        """The filter for ``span``. ``tenants`` (of a key that sees only these) restrict it further.

        Raises :class:`Problem`: 403 when a tenant is asked for that the key does not see, 422 for words that no
        such column has and for what is no tag.
        """
        given: dict[str, Iterable[str]] = {field.name: getattr(self, field.name) for field in fields(self)}
        if tenants and not set(self.tenant) <= set(tenants):
            raise Problem(403, "Not for this key", "The key sees other tenants only: leave the parameter tenant out.")
        try:
            return from_mapping(*span, given | {"tenant": self.tenant or tenants})
        except ConfigError as error:
            raise _unfit(f"{error}.") from None
