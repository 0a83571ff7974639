"""Numbers and times as pages write them: with units, and ``unknown`` for what is not known."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from api.answers.dollars import usd

UNKNOWN = "unknown"
_RATE = ("rate", "low", "high")
_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def count(number: float | None) -> str:
    """A number of things."""
    return UNKNOWN if number is None else f"{number:,.0f}"


def counted(number: int, thing: str) -> str:
    """So many of a thing, whose name takes an s."""
    return f"{count(number)} {thing}" if number == 1 else f"{count(number)} {thing}s"


def money(amount: Decimal | float | None) -> str:
    """US dollars; what has no price is unknown, never $0."""
    return UNKNOWN if amount is None else usd(amount)


def percent(share: float | None) -> str:
    """A share of 1: two digits that count below 10 %, and near 100 % what is missing from it."""
    if share is None:
        return UNKNOWN
    value = share * 100
    if value in (0.0, 100.0):
        return f"{value:.0f} %"
    if abs(value) < 10:
        return f"{value:.2g} %"
    return f"{value:.2f} %" if 99.95 <= value < 100 else f"{value:.1f} %" if value >= 90 else f"{value:.0f} %"


def milliseconds(number: float | None) -> str:
    """A time, in seconds from one second on."""
    if number is None:
        return UNKNOWN
    return f"{number / 1000:,.2f} s" if number >= 1000 else f"{number:.3g} ms"


def rate(item: Any) -> str:
    """A :class:`~api.health.models.RateItem`, or its fields, with its 95 % interval."""
    share, low, high = (item[name] if isinstance(item, Mapping) else getattr(item, name) for name in _RATE)
    if share is None or low is None or high is None:
        return percent(share)
    return f"{percent(share)} ({between(low, high)})"


def between(low: float, high: float) -> str:
    """An interval of shares of 1."""
    first, second = percent(low), percent(high)
    return first if first == second else f"{first.removesuffix(' %')}–{second}"


def moment(at: datetime | None) -> str:
    """To the minute, in UTC, which it says."""
    return UNKNOWN if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span(seconds: float | None) -> str:
    """A length of time in the largest unit of which there are two, such as ``26 h``."""
    if seconds is None:
        return UNKNOWN
    size, unit = next((step for step in _STEPS if seconds >= 2 * step[0]), _STEPS[-1])
    return f"{max(0.0, seconds) / size:.0f} {unit}"


def pace(number: float | None) -> str:
    """So many in a time: with one decimal where they are few."""
    if number is None:
        return UNKNOWN
    return f"{number:,.0f}" if number == 0 or number >= 20 else f"{number:.1f}"


def capital(text: str) -> str:
    """With a capital letter at the begin; the rest as it is."""
    return text[:1].upper() + text[1:]


def signed(amount: Decimal | float | None) -> str:
    """A difference in US dollars, with its sign."""
    if amount is None:
        return UNKNOWN
    sign = "+" if amount > 0 else "−" if amount < 0 else ""
    return f"{sign}{usd(-amount if amount < 0 else amount)}"


def words(name: str) -> str:
    """A name of a column or of a closed set, for people."""
    return _WORDS.get(name, str(name).replace("_", " "))


_WORDS = {
    "model": "model that answered",
    "request_model": "model asked for",
    "user_hash": "user (hashed)",
    "gateway_cache_hit": "answered by a gateway's cache",
    "re_route": "re-route",
    "prompt_name": "prompt",
}


FILTERS = {
    "signed": signed,
    "words": words,
    "count": count,
    "money": money,
    "percent": percent,
    "ms": milliseconds,
    "rate": rate,
    "moment": moment,
    "span": span,
    "pace": pace,
    "capital": capital,
}
"""For templates."""
