"""The catalogue of models and the price list, as commands and the API use them."""

from collections.abc import Sequence
from functools import cache

from api.catalog.models import list_price
from api.catalog.parts import CatalogParts
from collector.price_book import PriceBook
from watchkeeper.catalog.catalog import Catalog, built_in, sources
from watchkeeper.catalog.catalog_file import CatalogFile
from watchkeeper.catalog.facts import ListPrice, ModelFacts
from watchkeeper.clock import Clock
from watchkeeper.settings import Settings


def catalog_parts(settings: Settings, clock: Clock) -> CatalogParts:
    """The catalogue and prices of ``settings``. Files are checked now, the packages' facts are read when asked for.

    Raises :class:`~watchkeeper.errors.ConfigError` for a file that is wrong.
    """
    own = CatalogFile.load(settings.catalog_file) if settings.catalog_file else CatalogFile()
    prices = PriceBook.load(settings.price_file)

    @cache
    def versions() -> Sequence[ModelFacts]:
        return built_in(own)

    def price(facts: ModelFacts) -> ListPrice | None:
        # Of the day, not of the moment, so that a whole catalogue of quotes is remembered until midnight.
        today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        return list_price(prices, facts, today)

    return CatalogParts(cache(lambda: Catalog(versions(), price)), cache(lambda: sources(versions())), prices)
