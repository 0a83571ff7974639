"""The models of the worked example: who serves them, what they cost, how they behave; its own catalogue and prices.

Nothing is read of the packages' lists, so that the page stays as it is when those grow.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from api.catalog.models import list_price
from api.catalog.parts import CatalogParts
from collector.price_book import PriceBook
from collector.price_file import PriceFile
from collector.price_list import PriceList
from watchkeeper.catalog.catalog import Catalog, sources
from watchkeeper.catalog.catalog_file import CatalogFile
from watchkeeper.catalog.facts import ListPrice, ModelFacts

_NAMED = Path("of the worked example")


@dataclass(frozen=True, slots=True)
class Model:
    """A model at a provider."""

    provider: str
    name: str
    served: str
    """What answers call themselves."""
    released: str
    usd_in: str
    """Dollars per million tokens."""
    usd_out: str
    latency_s: float
    """Median, of any call of the example."""

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"


BIG = Model("openai", "gpt-4.1", "gpt-4.1-2025-04-14", "2025-04-14", "2", "8", 2.4)
AZURE = Model("azure.ai.openai", "gpt-4.1", "gpt-4.1-2025-04-14", "2025-04-14", "2", "8", 2.5)
MINI = Model("openai", "gpt-4.1-mini", "gpt-4.1-mini-2025-04-14", "2025-04-14", "0.4", "1.6", 1.5)
HAIKU = Model("anthropic", "claude-haiku-4-5", "claude-haiku-4-5-20251001", "2025-10-01", "1", "5", 1.9)
MODELS = (BIG, AZURE, MINI, HAIKU)


def catalog_parts(moment: datetime) -> CatalogParts:
    """A catalogue and a price list of :data:`MODELS` alone."""
    known = CatalogFile.parse({"version": "example", "models": [_entry(one) for one in MODELS]}, _NAMED).models
    prices = PriceBook(PriceList(), PriceFile.parse({"version": "example", "prices": [*map(_price, MODELS)]}, _NAMED))

    def price(facts: ModelFacts) -> ListPrice | None:
        return list_price(prices, facts, moment)

    catalog = Catalog(known, price)
    return CatalogParts(lambda: catalog, lambda: sources(known), prices)


def _entry(model: Model) -> dict[str, object]:
    return {
        "provider": model.provider,
        "model": model.name,
        "context_tokens": 200_000 if model is HAIKU else 1_000_000,
        "output_tokens": 32_000,
        "input_modalities": ["text", "image"],
        "output_modalities": ["text"],
        "tools": True,
        "structured_output": True,
        "deprecated": False,
        "released": model.released,
        "size": "small" if model in (MINI, HAIKU) else "medium",
    }


def _price(model: Model) -> dict[str, object]:
    return {
        "provider": model.provider,
        "model": [model.name, model.served],
        "input": Decimal(model.usd_in),
        "output": Decimal(model.usd_out),
    }
