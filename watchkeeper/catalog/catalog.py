"""All models we know of, found by whatever name a call carries."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from watchkeeper.catalog.catalog_file import CatalogFile
from watchkeeper.catalog.facts import ListPrice, ModelFacts, Size, merged
from watchkeeper.catalog.genai_prices_source import genai_prices_facts
from watchkeeper.catalog.models_dev_source import models_dev_facts, newest
from watchkeeper.catalog.selection import Selection
from watchkeeper.catalog.sizes import size_of
from watchkeeper.model_names import parsed, same_model
from watchkeeper.price_names import CLIENTS, list_provider, spellings, split_prefix

_MAKERS = ("openai", "anthropic", "google", "mistral", "x-ai", "deepseek", "cohere", "moonshotai", "zai", "minimax")
"""Who a model is of, where a name alone is given: makers that serve their own models."""
_NAMES_REMEMBERED = 8_192

PriceOf = Callable[[ModelFacts], ListPrice | None]
"""Today's price of a model, as bills are made; None: no list states one."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where facts come from, and how old they are at least: the newest model that the source knows."""

    name: str
    models: int
    newest_release: str


@dataclass(frozen=True, slots=True)
class Known:
    """A model with what follows from its facts."""

    facts: ModelFacts
    price: ListPrice | None
    """Today's; from the catalogue itself where no price list has the model."""
    price_is_listed: bool
    """Does a price list state it, so that calls are priced with it?"""
    size: Size | None


class Catalog:
    """An immutable set of models; thread-safe."""

    def __init__(self, versions: Iterable[ModelFacts], price_of: PriceOf = lambda _: None) -> None:
        """``versions`` may describe a model several times, the most trusted description first."""
        by_key: dict[tuple[str, str], list[ModelFacts]] = {}
        for facts in versions:
            by_key.setdefault(facts.key, []).append(facts)
        self._models = {key: merged(found) for key, found in sorted(by_key.items())}
        self._families: dict[tuple[str, str], list[ModelFacts]] = {}
        for model in self._models.values():
            self._families.setdefault((model.provider, parsed(model.model).family), []).append(model)
        self._price_of = price_of
        self._resolved = lru_cache(_NAMES_REMEMBERED)(self._resolve)

    def __len__(self) -> int:
        return len(self._models)

    def resolve(self, provider: str, model: str) -> ModelFacts | None:
        """The canonical entry of a model as spans, lists or people name it; None for what is not known.

        Tried in this order: the name as it is, its other spellings, without the provider's prefix, another dated
        version of the same model, the undated one. Without a provider that says who served, a prefix or the model's
        maker decides. Nothing is guessed: ``my-gpt-4o`` is not ``gpt-4o``.
        """
        return self._resolved(provider.strip().lower(), model.strip().lower())

    def describe(self, facts: ModelFacts) -> Known:
        """``facts`` with price and size."""
        listed = self._price_of(facts)
        price = listed or facts.list_price
        return Known(facts, price, listed is not None, size_of(facts, price))

    def search(self, chosen: Selection) -> Iterator[Known]:
        """Models that ``chosen`` fits, by provider and name."""
        for facts in self._models.values():
            if chosen.fits(facts):
                known = self.describe(facts)
                if not chosen.size or known.size in chosen.size:
                    yield known

    def _resolve(self, provider: str, model: str) -> ModelFacts | None:
        places = list(_places(provider, model))
        for place, name in places:
            if found := self._models.get((place, name)):
                return found
        for place, name in places:
            if found := self._relative(place, name):
                return found
        return None

    def _relative(self, provider: str, name: str) -> ModelFacts | None:
        """Another spelling or version of the same model: one that agrees in its date, else the undated one."""
        family = self._families.get((provider, parsed(name).family), ())
        agreeing = [facts for facts in family if same_model(facts.model, name)]
        return (
            min(agreeing, key=_plainness)
            if agreeing
            else next((f for f in family if not parsed(f.model).version), None)
        )


def _plainness(facts: ModelFacts) -> tuple[bool, int, str]:
    return bool(parsed(facts.model).version), len(facts.model), facts.model


def _places(provider: str, model: str) -> Iterator[tuple[str, str]]:
    """Where to look ``model`` up, best first: as (provider, name)."""
    declared = list_provider(provider)
    prefix, rest = split_prefix(model)
    yield from ((declared, name) for name in spellings(model))
    if prefix:
        yield from ((declared, name) for name in spellings(rest) if prefix == declared)
    if declared.replace("-", "_") not in CLIENTS:
        return
    if prefix:
        yield from ((prefix, name) for name in spellings(rest))
    if not declared:
        yield from ((maker, name) for maker in _MAKERS for name in spellings(model))


def built_in(own: CatalogFile) -> Sequence[ModelFacts]:
    """Every description there is, the user's first."""
    return [*own.models, *models_dev_facts(), *genai_prices_facts()]


def sources(versions: Iterable[ModelFacts]) -> list[Source]:
    """What the descriptions come from, in the order of trust."""
    named: dict[str, list[ModelFacts]] = {}
    for facts in versions:
        named.setdefault(facts.sources[0], []).append(facts)
    return [Source(name, len(found), newest(found)) for name, found in named.items()]
