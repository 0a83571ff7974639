"""What routes about models need: the catalogue and the price list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from api.prices import Prices
from watchkeeper.catalog.catalog import Catalog, Source


@dataclass(frozen=True, slots=True)
class CatalogParts:
    """The catalogue, which is read when it is first asked for, what it is from, and the prices that go with it."""

    catalog: Callable[[], Catalog]
    sources: Callable[[], Sequence[Source]]
    prices: Prices
