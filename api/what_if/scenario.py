"""From a scenario as it was asked to what is computed, and what it takes for granted."""

from collections.abc import Iterator
from decimal import Decimal

from api.what_if.models import CacheAssumption, Scenario, ScenarioAnswer
from api.what_if.prices import Limits, LimitsOf, Target
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.price_names import canonical_tier
from watchkeeper.price_quote import PriceKey
from watchkeeper.storage.what_if import MILLION, NO_CACHE, CacheShare, TokenRule


def target_of(scenario: Scenario, catalog: Catalog) -> Target:
    """Where the calls would go. A model without a provider goes to whoever makes it."""
    tier = None if scenario.tier is None else canonical_tier(scenario.tier)
    if scenario.model is None or scenario.provider is not None:
        return Target(scenario.provider, scenario.model, tier)
    found = catalog.resolve("", scenario.model)
    return Target(found.provider if found else "", scenario.model, tier)


def limits_in(catalog: Catalog, target: Target) -> LimitsOf:
    """Limits of the models that calls would move to; calls that stay where they are have fitted."""

    def limits(key: PriceKey) -> Limits:
        moved = target.provider is not None or target.model is not None
        facts = catalog.resolve(key.provider, key.model or key.request_model) if moved else None
        return Limits(facts.context_tokens, facts.output_tokens) if facts else Limits()

    return limits


def rule_of(scenario: Scenario) -> TokenRule:
    """How the scenario's token counts follow from the stored ones."""
    return TokenRule(
        _millionths(scenario.input_token_factor), _millionths(scenario.output_token_factor), _cache(scenario)
    )


def _cache(scenario: Scenario) -> CacheShare | None:
    if isinstance(scenario.cache, CacheAssumption):
        cache = scenario.cache
        return CacheShare(_millionths(cache.read_share), _millionths(cache.write_share), cache.from_tokens)
    return NO_CACHE if scenario.cache == "none" else None


def _millionths(factor: Decimal) -> int:
    return int(factor * MILLION)


def name_of(scenario: Scenario) -> str:
    """The scenario's own name, or what differs in it."""
    cache = "" if scenario.cache == "as_observed" else "no cache" if scenario.cache == "none" else "more cache"
    model = "/".join(part for part in (scenario.provider, scenario.model) if part)
    differing = [model, scenario.tier or "", cache]
    return scenario.name or ", ".join(part for part in differing if part) or "as it was"


def assumptions(scenario: Scenario, prices: str) -> Iterator[str]:
    """What the numbers take for granted, each in a sentence."""
    yield (
        "Every call is priced at the list of its own day (UTC)."
        if prices == "then"
        else "Every call is priced at today's list, whenever it was made."
    )
    yield _lengths(scenario)
    yield _caching(scenario)
    yield (
        "Each call keeps the service tier it had."
        if scenario.tier is None
        else f"All calls are served at the tier {canonical_tier(scenario.tier) or 'standard'}."
    )
    if scenario.tier is not None and canonical_tier(scenario.tier) == "batch":
        yield "Batch answers take up to a day: only work that can wait may move."
    yield "Failures, retries and refusals are as frequent as they were: a model that fails more often costs more."
    if scenario.model is not None:
        yield "Nothing is said of quality, speed, region or data protection: compare these before moving."


def _lengths(scenario: Scenario) -> str:
    input_factor, output_factor = scenario.input_token_factor, scenario.output_token_factor
    if input_factor == output_factor == 1:
        return (
            "Prompts and answers have as many tokens as they had. Tokenizers and habits differ between models: "
            "set input_token_factor and output_token_factor where you have measured them."
        )
    return f"Prompts have {input_factor:f} times and answers {output_factor:f} times as many tokens as they had."


def _caching(scenario: Scenario) -> str:
    if isinstance(scenario.cache, CacheAssumption):
        cache = scenario.cache
        return (
            f"Of the input of calls with {cache.from_tokens:,} tokens or more, {cache.read_share:.2%} is read from the "
            f"cache and {cache.write_share:.2%} written to it."
        )
    if scenario.cache == "none":
        return "No prompt is cached."
    return "As many tokens are read from and written to the prompt cache as were."


def warnings(answer: ScenarioAnswer, moved: bool) -> Iterator[str]:
    """What keeps the number from being the whole truth."""
    if answer.calls_unpriced:
        yield f"{answer.calls_unpriced:,} calls have no price there: check provider, model and tier, or add a price."
    if answer.calls_too_large:
        yield f"{answer.calls_too_large:,} calls would not fit the model: they must stay, be shortened or be split."
    if answer.calls_without_usage:
        yield f"{answer.calls_without_usage:,} calls told no tokens and are in no sum."
    if moved and answer.too_large and answer.too_large.context_tokens is None:
        yield "The model's context limit is not known here, so it was not checked whether calls fit."
    if answer.compared.calls < answer.calls_priced:
        yield f"Only {answer.compared.calls:,} calls have a known cost on both sides: `compared` is about these."
