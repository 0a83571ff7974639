"""Facts that the ``genai-prices`` package states beside its prices: names, contexts, deprecations; offline."""

from collections.abc import Iterator
from importlib.metadata import version

from genai_prices.data import providers

from watchkeeper.catalog.facts import ModelFacts
from watchkeeper.price_names import list_provider

SOURCE = f"genai-prices:{version('genai-prices')}"


def genai_prices_facts() -> Iterator[ModelFacts]:
    """Every model of the installed package."""
    for provider in providers:
        for model in provider.models:
            yield ModelFacts(
                provider=list_provider(provider.id),
                model=model.id,
                name=model.name or "",
                context_tokens=model.context_window or None,
                deprecated=True if model.deprecated else None,
                sources=(SOURCE,),
            )
