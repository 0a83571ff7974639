"""Unit prices from genai-prices, as installed."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices.data import providers
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)

from collector.price_list import LIST_VERSION, PriceList
from watchkeeper.price_quote import UNKNOWN, PriceKey, Quote, UnitPrices

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def listed() -> PriceList:
    return PriceList()


def quoted(listed: PriceList, provider: str, request: str, model: str = "", tier: str = "") -> Quote | None:
    return listed.quote(PriceKey(provider, request, model, tier), NOW)


def input_price(quote: Quote | None) -> float | None:
    return None if quote is None else quote.brackets[0].input / 1_000_000


@pytest.mark.parametrize(
    ("provider", "model", "usd_per_million"),
    [
        ("openai", "gpt-4o-2024-08-06", 2.5),
        ("openai", "GPT-4o", 2.5),
        ("openai", "openai/gpt-4o", 2.5),
        ("openai", "ft:gpt-4o-mini-2024-07-18:acme::abc", 0.3),
        ("azure.ai.openai", "gpt-4o", 2.5),
        ("azure.ai.inference", "gpt-35-turbo", 0.5),
        ("anthropic", "anthropic/claude-sonnet-4-5", 3),
        ("anthropic", "claude-opus-4-1@20250805", 15),
        ("aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", 3.3),
        ("aws.bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", 3),
        ("aws.bedrock", "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-lite-v1:0", 0.06),
        ("gcp.gemini", "models/gemini-2.5-pro", 1.25),
        ("gcp.vertex_ai", "publishers/google/models/gemini-2.5-pro", 1.25),
        ("gcp.vertex_ai", "claude-sonnet-4@20250514", 3),
        ("litellm", "anthropic/claude-sonnet-4-5", 3),
        ("litellm", "bedrock/converse/us.amazon.nova-lite-v1:0", 0.06),
        ("openai", "anthropic/claude-sonnet-4-5", 3),
        ("openrouter", "anthropic/claude-sonnet-4.5", 3),
        ("", "gpt-4o", 2.5),
        ("x_ai", "grok-4-0709", 3),
        ("moonshot_ai", "kimi-k2-0905-preview", 0.6),
    ],
)
def test_names_as_spans_carry_them_are_priced(
    listed: PriceList, provider: str, model: str, usd_per_million: float
) -> None:
    assert input_price(quoted(listed, provider, model)) == usd_per_million


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "my-gpt-4o"),
        ("openai", "gpt-4o-custom"),
        ("azure.ai.openai", "prod-chat"),
        ("aws.bedrock", "arn:aws:bedrock:us-east-1:1:application-inference-profile/abcd"),
        ("ollama", "gpt-4o"),
        ("vllm", "openai/gpt-4o"),
        ("openai-compatible", "gpt-4o"),
        ("openai", ""),
        ("", ""),
        ("", "/"),
    ],
)
def test_unknown_names_are_unpriced_not_guessed(listed: PriceList, provider: str, model: str) -> None:
    assert quoted(listed, provider, model) is None


def test_served_model_is_priced_before_the_requested_one(listed: PriceList) -> None:
    served = quoted(listed, "azure.ai.openai", "prod-chat", "gpt-4o-2024-11-20")
    assert input_price(served) == 2.5
    assert input_price(quoted(listed, "openai", "gpt-4o", "gpt-4o-mini-2024-07-18")) == 0.15
    assert input_price(quoted(listed, "openai", "gpt-4o", "gpt-4o-served-by-nobody")) == 2.5


def test_requested_bedrock_profile_decides_where_the_answer_drops_it(listed: PriceList) -> None:
    served = "anthropic.claude-sonnet-4-5-20250929-v1:0"
    assert input_price(quoted(listed, "aws.bedrock", "global." + served, served)) == 3


def test_free_models_cost_nothing_and_empty_entries_are_unpriced(listed: PriceList) -> None:
    assert input_price(quoted(listed, "openrouter", "deepseek/deepseek-chat:free")) in (None, 0)
    assert input_price(quoted(listed, "mistral_ai", "mistral-nemo:free")) == 0
    assert quoted(listed, "github_copilot", "gpt-4o") is None


def test_known_tiers_are_exact_and_unknown_tiers_are_unpriced(listed: PriceList) -> None:
    batch = quoted(listed, "openai", "gpt-4.1", tier="batch")
    assert batch is not None
    assert (batch.brackets[0].input, batch.brackets[0].output) == (1_000_000, 4_000_000)
    assert input_price(quoted(listed, "openai", "gpt-4.1", tier="priority")) == 3.5
    assert input_price(quoted(listed, "openai", "gpt-4.1", tier="default")) == 2
    assert quoted(listed, "openai", "gpt-4.1", tier="scale") is None


def test_tier_prices_of_a_fallback_provider_are_not_borrowed(listed: PriceList) -> None:
    assert quoted(listed, "azure.ai.openai", "gpt-4.1") is not None
    assert quoted(listed, "azure.ai.openai", "gpt-4.1", tier="batch") is None


def test_a_fee_per_request_and_a_price_for_reasoning_are_read(listed: PriceList) -> None:
    sonar = quoted(listed, "perplexity", "sonar-pro")
    research = quoted(listed, "perplexity", "sonar-deep-research")
    assert sonar is not None and research is not None
    assert sonar.brackets[0].request == 14_000_000
    assert (research.brackets[0].output, research.brackets[0].reasoning) == (8_000_000, 3_000_000)


def test_every_name_of_the_list_is_found_as_genai_prices_finds_it(listed: PriceList) -> None:
    for provider in providers:
        for model in provider.models:
            expected = provider.find_model(model.id, all_providers=providers)
            if expected is not None:
                found = listed._found(provider.id, model.id, "")
                assert found is not None and found[0] is expected, (provider.id, model.id)


def test_list_version_names_the_package(listed: PriceList) -> None:
    quote = quoted(listed, "openai", "gpt-4o")
    assert quote is not None and quote.version == LIST_VERSION
    assert LIST_VERSION.startswith("genai-prices:")


def _list(prices: ModelPrice | list[ConditionalPrice], variants: list[PriceVariant] | None = None) -> PriceList:
    model = ModelInfo(id="m", match=ClauseEquals("m"), prices=prices, price_variants=variants)
    return PriceList([Provider(id="p", name="P", api_pattern="", models=[model])], "test:1")


def _at(prices: PriceList, moment: datetime, tier: str = "") -> Quote | None:
    return prices.quote(PriceKey("p", "m", "", tier), moment)


def test_thresholds_move_all_tokens_into_the_next_bracket() -> None:
    tiered = TieredPrices(Decimal(1), [Tier(200, Decimal(2)), Tier(100, Decimal("1.5"))])
    quote = _at(_list(ModelPrice(input_mtok=tiered, output_mtok=Decimal(4))), NOW)
    assert quote is not None and quote.above == (100, 200)
    assert [quote.at(n).input for n in (0, 100, 101, 200, 201)] == [
        1_000_000,
        1_000_000,
        1_500_000,
        1_500_000,
        2_000_000,
    ]


def test_missing_cache_prices_fall_back_to_input_and_missing_output_stays_unknown() -> None:
    quote = _at(_list(ModelPrice(input_mtok=Decimal(1))), NOW)
    assert quote is not None
    assert quote.brackets == (UnitPrices(1_000_000, 1_000_000, 1_000_000, UNKNOWN, UNKNOWN, 0),)


def test_prices_change_at_midnight_utc_and_at_the_hours_of_the_list() -> None:
    night = TimeOfDateConstraint(
        datetime(2000, 1, 1, 22, tzinfo=UTC).timetz(), datetime(2000, 1, 1, 6, tzinfo=UTC).timetz()
    )
    new_year = StartDateConstraint(datetime(2026, 1, 1, tzinfo=UTC).date())
    prices = _list(
        [
            ConditionalPrice(prices=ModelPrice(input_mtok=Decimal(2))),
            ConditionalPrice(new_year, prices=ModelPrice(input_mtok=Decimal(3))),
            ConditionalPrice(night, prices=ModelPrice(input_mtok=Decimal(1))),
        ]
    )
    assert prices.day_cuts == (6 * 3600, 22 * 3600)
    assert input_price(_at(prices, datetime(2025, 12, 31, 21, 59, 59, tzinfo=UTC))) == 2
    assert input_price(_at(prices, datetime(2025, 12, 31, 22, tzinfo=UTC))) == 1
    assert input_price(_at(prices, datetime(2026, 1, 1, 5, 59, tzinfo=UTC))) == 1
    assert input_price(_at(prices, datetime(2026, 1, 1, 6, tzinfo=UTC))) == 3


def test_a_tier_whose_price_is_not_yet_in_force_is_unpriced() -> None:
    start = StartDateConstraint(datetime(2026, 1, 1, tzinfo=UTC).date())
    half = PriceVariant({"processing": "batch"}, ModelPrice(input_mtok=Decimal("0.5")), start)
    prices = _list(ModelPrice(input_mtok=Decimal(1), output_mtok=Decimal(2)), [half])
    assert _at(prices, datetime(2025, 12, 31, tzinfo=UTC), "batch") is None
    later = _at(prices, NOW, "batch")
    assert later is not None and (later.brackets[0].input, later.brackets[0].output) == (500_000, 2_000_000)


def test_models_without_token_prices_are_unpriced(listed: PriceList) -> None:
    assert quoted(listed, "openai", "whisper-1") is None
