"""Streams of any kind: bounded, and honest where nothing is known."""

from __future__ import annotations

import tracemalloc

import pytest

from tests.sdk.answers.test_openai_chat import TEXTS, chunk
from watchkeeper_sdk.answers import Answer, AnswerStream


def test_nothing_came() -> None:
    assert AnswerStream().answer() is None


def test_a_stream_of_plain_texts() -> None:
    stream = AnswerStream()
    assert [stream.add(piece) for piece in ("", "Hi", ".")] == [False, True, True]
    assert stream.answer() == Answer(text="Hi.")


def test_every_chunk_of_an_unknown_kind_is_taken_for_content() -> None:
    stream = AnswerStream()
    assert [stream.add(chunk) for chunk in (object(), None, 5)] == [True, False, True]
    assert stream.answer() is None


def test_a_known_kind_may_come_a_little_later() -> None:
    stream = AnswerStream()
    for piece in (object(), *TEXTS):
        stream.add(piece)
    answer = stream.answer()
    assert answer is not None
    assert answer.text == "Hi there"


def test_but_is_not_looked_for_for_ever() -> None:
    stream = AnswerStream()
    for piece in (*[object()] * 16, *TEXTS):
        assert stream.add(piece)
    assert stream.answer() is None


def test_a_chunk_out_of_place_does_no_harm() -> None:
    stream = AnswerStream()
    added = [stream.add(piece) for piece in (TEXTS[1], object(), None, "text", {"type": "ping"}, TEXTS[2])]
    assert added == [True, False, False, False, False, True]
    answer = stream.answer()
    assert answer is not None
    assert answer.text == "Hi there"


def test_an_answer_may_be_asked_for_at_any_time() -> None:
    stream = AnswerStream()
    texts = []
    for piece in TEXTS:
        stream.add(piece)
        answer = stream.answer()
        assert answer is not None
        texts.append(answer.text)
    assert texts == [None, "Hi", "Hi there", "Hi there"]


@pytest.mark.parametrize("length", [10, 1_000])
def test_memory_is_bounded(length: int) -> None:
    stream = AnswerStream()
    piece = chunk({"content": "x" * length})
    stream.add(piece)
    tracemalloc.start()
    try:
        for _ in range(1_100_000 // length):
            stream.add(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000
    answer = stream.answer()
    assert answer is not None
    assert (answer.text, answer.model) == (None, "gpt-4o-2024-08-06")
