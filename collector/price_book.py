"""Every price we know: the user's file first, then genai-prices with the user's discounts."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Self

from collector.price_file import PriceFile
from collector.price_list import PriceList
from watchkeeper.price_quote import PriceKey, Quote

_QUOTES_REMEMBERED = 16_384


class PriceBook:
    """Quotes by name and moment, remembered across batches. Thread-safe; immutable but for its memory."""

    def __init__(self, prices: PriceList, own: PriceFile | None = None) -> None:
        self._prices = prices
        self._own = own or PriceFile(version="")
        self._remembered = lru_cache(_QUOTES_REMEMBERED)(self._quote)

    @classmethod
    def load(cls, price_file: Path | None = None) -> Self:
        """The installed list and ``price_file``. Raises ``ConfigError`` for a file that is wrong."""
        return cls(PriceList(), PriceFile.load(price_file) if price_file else None)

    @property
    def version(self) -> str:
        """Both lists in one line, for ``doctor`` and logs."""
        return f"{self._own.version}+{self._prices.version}" if self._own.version else self._prices.version

    @property
    def day_cuts(self) -> tuple[int, ...]:
        """Seconds after midnight UTC at which some price changes; others change at midnight UTC."""
        return self._prices.day_cuts

    def quote(self, key: PriceKey, moment: datetime) -> Quote | None:
        """What ``key`` costs at ``moment`` (aware), or None: unpriced."""
        return self._remembered(key, moment)

    def _quote(self, key: PriceKey, moment: datetime) -> Quote | None:
        if own := self._own.quote(key, moment):
            return own
        listed = self._prices.quote(key, moment)
        factor: Decimal | None = self._own.discount(key, moment) if listed else None
        return listed.times(factor, self.version) if listed and factor is not None else listed
