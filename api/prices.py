"""What the API needs of a price list; the collector's :class:`~collector.price_book.PriceBook` is one."""

from datetime import datetime
from typing import Protocol

from watchkeeper.price_quote import PriceKey, Quote


class Prices(Protocol):
    """Dated unit prices, the user's own included."""

    @property
    def version(self) -> str:
        """Which lists these are."""

    @property
    def day_cuts(self) -> tuple[int, ...]:
        """Seconds after midnight UTC at which some price changes; others change at midnight UTC."""

    def quote(self, key: PriceKey, moment: datetime) -> Quote | None:
        """What ``key`` costs at ``moment`` (aware), or None: unpriced."""
