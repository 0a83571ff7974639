"""Unit prices from the genai-prices package: dated, tiered, by service tier; offline, never downloaded.

Only what the list states is used. A model, tier or token kind without a price stays unpriced; an entry that
states no price at all is no evidence of a free model, unless its name ends in ``:free``.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version

from genai_prices.data import providers as _PROVIDERS
from genai_prices.types import (
    ClauseEquals,
    ClauseOr,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    Provider,
    TieredPrices,
    TimeOfDateConstraint,
)

from watchkeeper.price_names import CLIENTS, canonical_tier, list_provider, references, spellings, split_prefix
from watchkeeper.price_quote import (
    MOST_USD_PER_MILLION,
    UNKNOWN,
    PriceKey,
    Quote,
    UnitPrices,
    nano_per_call,
    pico_per_token,
)

LIST_VERSION = f"genai-prices:{version('genai-prices')}"
_NAMES_REMEMBERED = 16_384
_FREE = UnitPrices(0, 0, 0, 0, 0, 0)
_TIER_CONTEXTS = ("processing", "service_tier", "speed")
"""The request properties under which genai-prices files what we call a service tier."""


class PriceList:
    """genai-prices as it is installed. Immutable after construction; thread-safe."""

    def __init__(self, providers: Sequence[Provider] = _PROVIDERS, list_version: str = LIST_VERSION) -> None:
        self._models = {list_provider(provider.id): _Models(provider) for provider in providers}
        self._makers = [m.provider for m in self._models.values() if m.provider.model_match is not None]
        self.version = list_version
        self.day_cuts = _day_cuts(m.provider for m in self._models.values())
        """Seconds after midnight UTC at which some price changes."""
        # Names repeat in every batch, and a miss among openrouter's thousand models is slow.
        self._found = lru_cache(_NAMES_REMEMBERED)(self._find)

    def quote(self, key: PriceKey, moment: datetime) -> Quote | None:
        """Prices of ``key`` at ``moment`` (aware); None where the list does not state them."""
        found = self._found(key.provider, key.request_model, key.model)
        if found is None:
            return None
        model, own = found
        tier = canonical_tier(key.tier)
        # A fallback provider's variants are that provider's offer, not the one of who served the call.
        if tier and not (own and any(True for _ in _active_variants(model, tier, moment))):
            return None
        return _quote(model, model.get_prices(moment, dict.fromkeys(_TIER_CONTEXTS, tier)), self.version)

    def _find(self, provider: str, request_model: str, model: str) -> tuple[ModelInfo, bool] | None:
        for reference in references(request_model, model):
            for provider_id, name in self._attempts(provider, reference):
                if found := self._match(provider_id, name):
                    return found
        return None

    def _attempts(self, provider: str, reference: str) -> Iterator[tuple[str, str]]:
        """Where to look ``reference`` up, best first: as (provider id of the list, model name)."""
        declared = list_provider(provider)
        prefix, rest = split_prefix(reference)
        for name in spellings(reference):
            yield declared, name
        if prefix == declared and prefix:
            yield from ((declared, name) for name in _unwrapped(rest))
        if declared.replace("-", "_") not in CLIENTS:
            return
        yield from ((prefix, name) for name in _unwrapped(rest))
        if declared != "openai":
            yield from ((self._maker(name), name) for name in spellings(reference))

    def _match(self, provider_id: str, name: str) -> tuple[ModelInfo, bool] | None:
        own = self._models.get(provider_id)
        if own is None:
            return None
        if model := own.find(name):
            return model, True
        for other in own.provider.fallback_model_providers or ():
            fallback = self._models.get(list_provider(other))
            if fallback is not None and (model := fallback.find(name)):
                return model, False
        return None

    def _maker(self, name: str) -> str:
        """Who makes ``name``, for calls that name no provider at all; empty if nobody claims it."""
        for maker in self._makers:
            if maker.model_match is not None and maker.model_match.is_match(name):
                return list_provider(maker.id)
        return ""


class _Models:
    """One provider's models, found as ``Provider.find_model`` finds them: the first that matches."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._exact: dict[str, int] = {}
        self._loose: list[int] = []
        for position, model in enumerate(provider.models):
            names = _exact_names(model.match)
            for name in names or ():
                self._exact.setdefault(name, position)
            if names is None:
                self._loose.append(position)

    def find(self, name: str) -> ModelInfo | None:
        models = self.provider.models
        best = self._exact.get(name, len(models))
        for position in self._loose:
            if position > best:
                break
            if models[position].is_match(name):
                return models[position]
        return models[best] if best < len(models) else None


def _exact_names(match: object) -> list[str] | None:
    """The names of a match that is nothing but a list of names; None for any other."""
    if isinstance(match, ClauseEquals):
        return [match.equals.lower()]
    if isinstance(match, ClauseOr):
        parts = [_exact_names(clause) for clause in match.or_]
        loose = any(part is None for part in parts)
        return None if loose else [name for part in parts for name in part or ()]
    return None


def _unwrapped(rest: str) -> Iterator[str]:
    """What follows a provider prefix; LiteLLM may put a mode or a region between (``bedrock/converse/…``)."""
    yield from spellings(rest)
    if "/" in rest:
        yield from spellings(rest.rsplit("/", 1)[-1])


def _active_variants(model: ModelInfo, tier: str, moment: datetime) -> Iterator[PriceVariant]:
    for variant in model.price_variants or ():
        active = variant.constraint is None or variant.constraint.active(moment)
        if active and all(key in _TIER_CONTEXTS and value == tier for key, value in variant.when.items()):
            yield variant


def _quote(model: ModelInfo, prices: ModelPrice, list_version: str) -> Quote | None:
    stated = {name: price for name, price in prices.__dict__.items() if price is not None}
    if not stated:
        return Quote((), (_FREE,), list_version) if model.id.endswith(":free") else None
    tiered = [price for price in stated.values() if isinstance(price, TieredPrices)]
    above = sorted({tier.start for price in tiered for tier in price.tiers})
    brackets = tuple(_unit_prices(stated, start) for start in (0, *(bound + 1 for bound in above)))
    if all(bracket == UnitPrices() for bracket in brackets):
        return None
    return Quote(tuple(above), tuple(bracket.completed() for bracket in brackets), list_version)


def _unit_prices(stated: dict[str, Decimal | TieredPrices], input_tokens: int) -> UnitPrices:
    def pico(*names: str) -> int:
        known = (_price_at(stated[name], input_tokens) for name in names if name in stated)
        price = next(known, None)
        return UNKNOWN if price is None or price > MOST_USD_PER_MILLION else pico_per_token(price)

    fee = _price_at(stated.get("requests_kcount", Decimal(0)), input_tokens)
    return UnitPrices(
        input=pico("input_mtok", "input_text_mtok"),
        cache_read=pico("cache_read_mtok", "cache_text_read_mtok"),
        cache_write=pico("cache_write_mtok", "cache_write_5m_mtok", "cache_write_1h_mtok"),
        output=pico("output_mtok", "output_text_mtok"),
        reasoning=pico("output_reasoning_mtok"),
        request=nano_per_call(fee / 1000),
    )


def _price_at(price: Decimal | TieredPrices, input_tokens: int) -> Decimal:
    if not isinstance(price, TieredPrices):
        return price
    passed = [tier.price for tier in price.tiers if input_tokens > tier.start]
    return passed[-1] if passed else price.base


def _day_cuts(providers: Iterable[Provider]) -> tuple[int, ...]:
    cuts: set[int] = set()
    for provider in providers:
        for model in provider.models:
            conditional = model.prices if isinstance(model.prices, list) else []
            for priced in (*conditional, *(model.price_variants or ())):
                if isinstance(priced.constraint, TimeOfDateConstraint):
                    cuts |= {_seconds(priced.constraint.start_time), _seconds(priced.constraint.end_time)}
    return tuple(sorted(cuts - {0}))


def _seconds(of_day: time) -> int:
    """Seconds after midnight UTC; times without a zone are UTC, as in genai-prices."""
    aware = of_day if of_day.tzinfo is not None else of_day.replace(tzinfo=UTC)
    moment = datetime.combine(date(2000, 1, 2), aware).astimezone(UTC)
    return moment.hour * 3600 + moment.minute * 60 + moment.second
