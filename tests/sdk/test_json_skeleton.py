"""JSON in attributes: how the call ended and what it counted stays, all else is content."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.openai_answers import ANSWER
from watchkeeper_sdk.json_skeleton import _VOCABULARY, counts, parameters, reduced, skeleton

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=30,
)
STRUCTURED = st.recursive(
    st.sampled_from(["the secret", "stop", 7]),
    lambda inner: (
        st.dictionaries(
            st.sampled_from(["choices", "message", "content", "finish_reason", "role", "usage", "secret", "type"]),
            inner,
        )
        | st.lists(inner, max_size=3)
    ),
    max_leaves=20,
)


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) else []


def test_an_answer_keeps_its_end_and_its_counts() -> None:
    left = reduced("output.value", json.dumps(ANSWER), skeleton)
    assert left is not None and json.loads(left) == {
        "choices": [{"finish_reason": "stop", "message": {"role": "assistant"}}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 4, "total_tokens": 15},
    }


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ({"promptFeedback": {"blockReason": "SAFETY"}}, {"promptFeedback": {"blockReason": "SAFETY"}}),
        (
            {"incomplete_details": {"reason": "max_output_tokens"}},
            {"incomplete_details": {"reason": "max_output_tokens"}},
        ),
        ([{"role": "user", "content": "stop"}], [{"role": "user"}]),
        ({"content": [{"type": "refusal", "refusal": "I can't tell Ann"}]}, {"content": [{"type": "refusal"}]}),
        ({"stream": True, "user": "Ann"}, {"stream": True}),
        ({"usage": {"input_tokens": 1.5, "cache_read_input_tokens": 3}}, {"usage": {"cache_read_input_tokens": 3}}),
        ({"finish_reason": "because Ann said so", "status": "Ann"}, None),
        ({"price": 12, "age": 47}, None),
        ("stop", None),
        (3, None),
    ],
)
def test_only_known_words_and_counts_under_known_keys(value: Any, left: Any) -> None:
    found = reduced("output.value", json.dumps(value), skeleton)
    assert (json.loads(found) if found else None) == left


def test_request_parameters_keep_the_model_numbers_and_the_format_asked_for() -> None:
    given = {
        "model": "gpt-4o",
        "temperature": 0.2,
        "stream": True,
        "response_format": {"type": "json_schema", "json_schema": {"name": "Ann", "schema": {"title": "Ann"}}},
        "user": "Ann",
        "stop": ["Ann"],
        "messages": [{"role": "user", "content": "Ann"}],
        "what Ann said": 3,
        "age": 47,
        "metadata": {"user_id": "Ann", "n": 4711},
        "reasoning": {"effort": "low"},
        "service_tier": "flex",
    }
    left = reduced("llm.invocation_parameters", json.dumps(given), parameters)
    assert left is not None and json.loads(left) == {
        "model": "gpt-4o",
        "temperature": 0.2,
        "stream": True,
        "response_format": {"type": "json_schema"},
        "reasoning": {"effort": "low"},
        "service_tier": "flex",
    }


def test_usage_details_keep_their_counts() -> None:
    given = {"input": 3, "output_reasoning": 1, "input_tokens_details": {"cached_tokens": 2}, "Ann": 47, "note": "Ann"}
    left = reduced("langfuse.observation.usage_details", json.dumps(given), counts)
    assert left is not None and json.loads(left) == {key: given[key] for key in list(given)[:3]}


@pytest.mark.property
@given(
    JSON, st.sampled_from([skeleton, parameters, counts]), st.sampled_from(["output.value", "usage", "a.reason", ""])
)
def test_any_json_leaves_only_known_words(value: Any, reduce: Any, key: str) -> None:
    left = reduced(key, json.dumps(value), reduce)
    if left is not None and reduce is skeleton:
        assert {text.lower() for text in texts(json.loads(left))} <= _VOCABULARY


@pytest.mark.property
@given(STRUCTURED)
def test_no_content_under_keys_that_are_kept(value: Any) -> None:
    assert "secret" not in (reduced("output.value", json.dumps(value), skeleton) or "")


@pytest.mark.property
@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    for reduce in (skeleton, parameters, counts):
        reduced("output.value", text, reduce)


def test_deep_and_large_json_is_left_out() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    wide = json.dumps({"usage": {"input_tokens": 1}, "text": "x" * 300_000})
    nested = json.dumps({"choices": 0}).replace("0", '{"choices":' * 50 + '{"finish_reason":"stop"}' + "}" * 50)
    for text in (deep, wide, nested):
        assert reduced("output.value", text, skeleton) is None
