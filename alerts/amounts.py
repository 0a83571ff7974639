"""Numbers and moments in words."""

from datetime import datetime
from decimal import Decimal

_LARGE = 999.5
"""From here on three digits would be written with an exponent."""


def amount(value: float, unit: str) -> str:
    """``value`` with its unit."""
    if unit == "share":
        return f"{value:.2%}" if value < 0.1 else f"{value:.0%}"
    if unit == "USD":
        return money(Decimal(repr(value)))
    return f"{value:{',.0f' if abs(value) >= _LARGE else '.3g'}} {unit}".rstrip()


def money(value: Decimal) -> str:
    """Dollars; small amounts with two digits that count."""
    return f"${value:,.2f}" if abs(value) >= 1 or value == 0 else f"${value:.2g}"


def moment(at: datetime) -> str:
    """UTC, to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def clock_time(at: datetime) -> str:
    """UTC, without the day."""
    return f"{at:%H:%M} UTC"


def span(begin: datetime, end: datetime) -> str:
    """From ``begin`` to ``end``; the day once, where it is one."""
    last = f"{end:%H:%M}" if begin.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"{begin:%Y-%m-%d %H:%M} to {last} UTC"
