"""Whatever is handed over, reading it is safe."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.answers.test_anthropic_messages import message
from tests.sdk.answers.test_bedrock import LLAMA, NOVA, TITAN, converse
from tests.sdk.answers.test_gemini import TEXT, candidate, generated
from tests.sdk.answers.test_openai_chat import completion
from tests.sdk.answers.test_openai_responses import response, said
from watchkeeper_sdk.answers import Answer, AnswerStream, read_answer

COUNTS = [field.name for field in dataclasses.fields(Answer) if field.name.endswith("_tokens")]
SHAPES = [
    completion({"message": {"content": "x", "refusal": None}}, usage={"prompt_tokens": 1, "prompt_tokens_details": {}}),
    message({"type": "text", "text": "x"}),
    response(said({"type": "output_text", "text": "x"})),
    generated(candidate(TEXT), promptFeedback={"blockReason": "SAFETY"}),
    converse({"text": "x"}),
    {"ResponseMetadata": {"HTTPHeaders": {}}, "body": NOVA},
    TITAN,
    LLAMA,
    {"id": "c", "finish_reason": "COMPLETE", "message": {"content": []}, "usage": {"billed_units": {}, "tokens": {}}},
    {"response_metadata": {"token_usage": {}}, "type": "ai", "content": [], "usage_metadata": {"input_tokens": 1}},
    {"data": [], "usage": {"prompt_tokens": 1}},
    {"data": {"choices": []}},
    {"contentBlockDelta": {"delta": {"text": "x"}}},
    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x"}},
    {"type": "response.output_text.delta", "delta": "x"},
    {"type": "content-delta", "delta": {"message": {"content": {"text": "x"}}}},
    {"chunk": {"bytes": b'{"generation": "x"}'}},
]


def names(value: object) -> set[str]:
    if isinstance(value, dict):
        return {*value, *(name for item in value.values() for name in names(item))}
    return {name for item in value for name in names(item)} if isinstance(value, list) else set()


class Hostile:
    """An object that objects to being looked at."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name) if name.startswith("__") else RuntimeError(name)


WORDS = st.sampled_from(["stop", "message", "ai", "text", "refusal", "response.completed", "\ud800", "x" * 999])
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=9),
    st.binary(max_size=9),
    WORDS,
    st.builds(Hostile),
)
NAMES = st.sampled_from(sorted({name for shape in SHAPES for name in names(shape)}))


def as_objects(value: dict[str, Any]) -> SimpleNamespace:
    made = SimpleNamespace()
    made.__dict__.update(value)
    return made


def branches(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.dictionaries(NAMES, children, max_size=6)
    return st.one_of(st.lists(children, max_size=4), fields, fields.map(as_objects), st.tuples(children))


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """An answer as providers send it, with something else somewhere in it."""
    return _spoil(draw, draw(st.sampled_from(SHAPES)))


def _spoil(draw: st.DrawFn, value: Any) -> Any:
    if draw(st.integers(0, 9)) == 0:
        return draw(ANYTHING)
    if isinstance(value, dict):
        made = {key: _spoil(draw, item) for key, item in value.items()}
        return as_objects(made) if draw(st.booleans()) else made
    return [_spoil(draw, item) for item in value] if isinstance(value, list) else value


ANYTHING = st.recursive(LEAVES, branches, max_leaves=12)


def check(answer: Answer | None) -> None:
    if answer is None:
        return
    counts = [getattr(answer, name) for name in COUNTS]
    assert all(count is None or (type(count) is int and count >= 0) for count in counts)
    assert all(
        type(text) is str for text in (answer.provider, answer.model, answer.response_id, *answer.finish_reasons)
    )
    assert (type(answer.refused), type(answer.called_tool)) == (bool, bool)
    assert answer.text is None or isinstance(answer.text, str)
    for value in answer.attributes().values():
        for word in value if isinstance(value, tuple) else (value,):
            assert len(str(word).encode()) <= 1024


@pytest.mark.property
@given(st.one_of(ANYTHING, spoilt()))
def test_reading_never_raises_and_gives_sound_answers(source: object) -> None:
    check(read_answer(source))


@pytest.mark.property
@given(st.lists(st.one_of(ANYTHING, spoilt()), max_size=5))
def test_streams_never_raise_either(chunks: list[object]) -> None:
    stream = AnswerStream()
    for chunk in chunks:
        assert stream.add(chunk) in (True, False)
    check(stream.answer())


@pytest.mark.parametrize(
    "source", [None, "Hi.", b"{}", 5, [], {}, object(), MagicMock(), Hostile(), int, {"model": "m"}]
)
def test_what_is_no_answer_is_none(source: object) -> None:
    assert read_answer(source) is None


@pytest.mark.parametrize("shape", SHAPES)
def test_the_shapes_above_are_really_read(shape: dict[str, Any]) -> None:
    stream = AnswerStream()
    stream.add(shape)
    assert read_answer(shape) is not None or stream.answer() is not None


def test_no_client_library_is_imported() -> None:
    code = "import sys, watchkeeper_sdk.answers; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {name.partition(".")[0] for name in loaded} & {"openai", "anthropic", "google", "pydantic", "httpx"}
