"""The filters that a page's address holds, and the period it is about, as a reader sees and changes them."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from api.filters import Chosen, period
from api.web.address import Address
from api.web.figures import words

FILTERS = tuple(field.name for field in fields(Chosen))
PERIOD = ("period", "start", "end")
PERIODS = {
    "24h": "24 hours",
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "today": "today",
    "yesterday": "yesterday",
    "month": "this month",
    "last-month": "last month",
}
"""Offered by name; whatever else the API understands may stand in the address."""
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that is set."""

    name: str
    value: str
    without: str
    """The address with it taken away."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several links, of which one may be where the reader is."""

    value: str
    text: str
    href: str
    current: bool


def chips(address: Address) -> tuple[Chip, ...]:
    """The filters of ``address``, in its order."""
    found = []
    for name, value in dict.fromkeys(address.pairs):
        if name in FILTERS:
            others = [one for one in address.all(name) if one != value]
            found.append(Chip(words(name), value, address.link(**{name: others, **_first_page(address)})))
    return tuple(found)


def _first_page(address: Address) -> dict[str, None]:
    """Another question begins with its first page."""
    return dict.fromkeys(name for name, _ in address.pairs if name in ("cursor", "limit"))


def periods(address: Address, default: str) -> tuple[Choice, ...]:
    """The periods that are offered."""
    own = address.one("start") or address.one("end")
    current = "" if own else address.one("period", default)
    return tuple(
        Choice(name, text, address.link(period=name, start=None, end=None, **_first_page(address)), name == current)
        for name, text in PERIODS.items()
    )


def span_of(address: Address, now: datetime, default: str) -> Span:
    """The period that is asked for. Raises :class:`~api.problems.Problem` (422) for one that makes no sense."""
    return period(now, address.one("period"), address.moment("start"), address.moment("end"), default)


def choices(address: Address, name: str, values: Iterable[str], current: str) -> tuple[Choice, ...]:
    """A link for each value of parameter ``name``."""
    return tuple(
        Choice(value, words(value), address.link(**{name: value}, **_first_page(address)), value == current)
        for value in values
    )
