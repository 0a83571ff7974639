"""How much one question may ask for. The only place where a question is refused for being too large beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.problems import Problem


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of a question; settings carry the same names. Each check raises :class:`Problem` (422)."""

    max_days: int = 800
    """Longest period."""
    max_groups: int = 4
    """Most dimensions that one question groups by."""
    max_rows: int = 50_000
    """Most rows in one answer."""

    def check_period(self, begin: datetime, end: datetime) -> None:
        """Is ``[begin, end)`` short enough?"""
        if end - begin > timedelta(days=self.max_days):
            days = (end - begin) / timedelta(days=1)
            raise _too_large(
                f"the period has {days:,.0f} days; choose at most {self.max_days:,}", "WATCHKEEPER_API_MAX_DAYS"
            )

    def check_groups(self, dimensions: Sequence[str]) -> None:
        """Are there few enough dimensions to group by?"""
        if len(dimensions) > self.max_groups:
            raise _too_large(
                f"group_by names {len(dimensions)} dimensions; choose at most {self.max_groups}",
                "WATCHKEEPER_API_MAX_GROUPS",
            )

    def check_rows(self, rows: int) -> None:
        """Does an answer of so many rows go out? Ask the store for ``max_rows + 1`` to know."""
        if rows > self.max_rows:
            raise _too_large(
                f"the answer has more than {self.max_rows:,} rows; choose a shorter period, a longer interval, fewer "
                "dimensions or a filter",
                "WATCHKEEPER_API_MAX_ROWS",
            )


def _too_large(what: str, setting: str) -> Problem:
    return Problem(422, "Too much at once", f"{what} ({setting} sets the bound).")
