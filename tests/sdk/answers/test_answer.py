"""What of an answer leaves the process."""

from __future__ import annotations

import dataclasses

import pytest

from watchkeeper_sdk.answers import Answer

FULL = Answer(
    provider="openai",
    model="m",
    response_id="r",
    finish_reasons=("stop", "length"),
    input_tokens=5,
    output_tokens=4,
    cache_read_tokens=0,
    cache_write_tokens=2,
    reasoning_tokens=1,
    service_tier="flex",
    system_fingerprint="fp",
    refused=True,
    text="secret words",
    called_tool=True,
)


def test_attributes_have_the_newest_names() -> None:
    assert FULL.attributes() == {
        "gen_ai.response.model": "m",
        "gen_ai.response.id": "r",
        "gen_ai.response.finish_reasons": ("stop", "length"),
        "gen_ai.usage.input_tokens": 5,
        "gen_ai.usage.output_tokens": 4,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.usage.cache_write.input_tokens": 2,
        "gen_ai.usage.reasoning.output_tokens": 1,
        "openai.response.service_tier": "flex",
        "openai.response.system_fingerprint": "fp",
        "watchkeeper.refused": True,
    }


def test_an_empty_answer_has_none() -> None:
    assert Answer().attributes() == {}


@pytest.mark.parametrize(
    ("provider", "key"),
    [
        ("openai", "openai.response.service_tier"),
        ("", "openai.response.service_tier"),
        ("anthropic", "anthropic.response.service_tier"),
        ("aws.bedrock", "gen_ai.response.service_tier"),
        ("gcp.vertex_ai", "gen_ai.response.service_tier"),
    ],
)
def test_the_tier_is_written_where_the_platform_reads_it(provider: str, key: str) -> None:
    assert Answer(provider=provider, service_tier="flex").attributes() == {key: "flex"}


def test_the_text_stays_inside() -> None:
    assert "secret" not in repr(FULL) + str(FULL.attributes())


def test_it_has_no_room_for_more() -> None:
    assert not hasattr(FULL, "__dict__")
    assert dataclasses.is_dataclass(Answer)
