"""From the names on spans to the names in price lists."""

import pytest

from watchkeeper.price_names import canonical_tier, list_provider, references, spellings, split_prefix


@pytest.mark.parametrize(
    ("provider", "listed"),
    [
        ("openai", "openai"),
        ("azure.ai.openai", "azure"),
        ("az.ai.inference", "azure"),
        ("azure.ai.inference", "azure"),
        ("anthropic", "anthropic"),
        ("aws.bedrock", "aws"),
        ("gcp.gemini", "google"),
        ("gcp.vertex_ai", "google"),
        ("gcp.gen_ai", "google"),
        ("mistral_ai", "mistral"),
        ("x_ai", "x-ai"),
        ("xai", "x-ai"),
        ("moonshot_ai", "moonshotai"),
        ("bedrock_converse", "aws"),
        ("together_ai", "together"),
        ("huggingface_together", "huggingface-together"),
        ("my-openai", "my-openai"),
    ],
)
def test_provider_names_map_to_the_list(provider: str, listed: str) -> None:
    assert list_provider(provider) == listed


def test_served_model_comes_before_the_requested_one() -> None:
    assert references("gpt-4o", "gpt-4o-2024-08-06") == ("gpt-4o-2024-08-06", "gpt-4o")


@pytest.mark.parametrize(
    ("asked", "served"),
    [("global.anthropic.claude-x-v1:0", "anthropic.claude-x-v1:0"), ("deepseek/r1:free", "deepseek/r1")],
)
def test_a_request_that_names_the_served_model_more_exactly_comes_first(asked: str, served: str) -> None:
    assert references(asked, served) == (asked, served)


def test_missing_names_are_left_out() -> None:
    assert references("", "") == ()
    assert references("Gpt-4o", "") == ("gpt-4o",)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("projects/p/locations/l/publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-x", "us.anthropic.claude-x"),
        ("gpt-5.2-20251211", "gpt-5.2-2025-12-11"),
        ("claude-x@20250514", "claude-x-20250514"),
    ],
)
def test_paths_and_dates_are_unwrapped_after_the_name_as_written(name: str, plain: str) -> None:
    assert spellings(name)[0] == name
    assert plain in spellings(name)


def test_prefixes_name_providers_but_arns_do_not() -> None:
    assert split_prefix("vertex_ai/gemini-2.5-pro") == ("google", "gemini-2.5-pro")
    assert split_prefix("gpt-4o") == ("", "gpt-4o")
    assert split_prefix("arn:aws:bedrock:x/y") == ("", "arn:aws:bedrock:x/y")


@pytest.mark.parametrize("tier", ["", "default", "Standard", "auto", "ON_DEMAND", "on-demand"])
def test_every_word_for_the_standard_tier_is_the_standard_tier(tier: str) -> None:
    assert canonical_tier(tier) == ""


def test_other_tiers_keep_their_names() -> None:
    assert canonical_tier("Batch") == "batch"
    assert canonical_tier("scale") == "scale"
