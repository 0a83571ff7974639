"""Spellings of models."""

import pytest

from watchkeeper.model_names import family, is_exact, parsed, same_model

SAME = [
    ("gpt-x", "gpt-x-2026-05-01"),
    ("gpt-x-latest", "gpt-x-2026-05-01"),
    ("openai/gpt-x", "gpt-x-2026-05-01"),
    ("gpt-4o-20240806", "gpt-4o-2024-08-06"),
    ("gpt-35-turbo-0613", "gpt-3.5-turbo-0613"),
    ("models/gemini-x", "gemini-x"),
    ("gemini-x", "gemini-x-preview-05-20"),
    ("publishers/google/models/gemini-x", "gemini-x-001"),
    ("anthropic/claude-x", "claude-x-20250514"),
    ("us.anthropic.claude-x-v1:0", "claude-x"),
    ("us.anthropic.claude-x-20250514-v1:0", "claude-x-20250514"),
    ("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-x-20250514-v1:0", "claude-x@20250514"),
    ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5-20250929"),
    ("claude-x[1m]", "claude-x-20250514"),
    ("meta-llama/Llama-3.3-70B-Instruct", "together/meta-llama/llama-3.3-70b-instruct:free"),
    ("kimi-k2-preview", "moonshotai/kimi-k2"),
    ("magistral-small-2509", "magistral-small-20250917"),
]
OTHER = [
    ("gpt-x-2026-05-01", "gpt-x-2026-08-01"),
    ("gpt-4o", "gpt-4o-mini"),
    ("gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06"),
    ("gpt-4.1", "gpt-4"),
    ("gemini-1.5-pro-001", "gemini-1.5-pro-002"),
    ("claude-sonnet-4-5-20250929", "claude-sonnet-4-20250514"),
    ("llama3.2:3b", "llama3.2:1b"),
    ("llama-3.1-8b-instant", "llama-3.1-70b-versatile"),
    ("amazon.titan-embed-text-v1:0", "amazon.titan-embed-text-v2:0"),
    ("ft:gpt-4o-mini-2024-07-18:acme::a1", "ft:gpt-4o-mini-2024-07-18:acme::b2"),
    ("ft:gpt-4o-mini-2024-07-18:acme::a1", "gpt-4o-mini-2024-07-18"),
    ("gpt-4-0613", "gpt-4-1106-preview"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_model(one: str, other: str) -> None:
    assert same_model(one, other) and same_model(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_other_models_and_other_versions(one: str, other: str) -> None:
    assert not same_model(one, other) and not same_model(other, one)


def test_the_parts_of_a_name() -> None:
    assert parsed("us.anthropic.claude-x-20250514-v1:0") == ("claude-x", "20250514", "1:0")
    assert family("gpt-4-0125-preview") == "gpt-4" == family("gpt-4-1106-preview")
    assert is_exact("gpt-x-2026-05-01") and not is_exact("gpt-x-latest") and not is_exact("prod-chat")


def test_no_name_is_swallowed_whole() -> None:
    assert family("2024-08-06") == "2024-08-06"
    assert family("") == ""
