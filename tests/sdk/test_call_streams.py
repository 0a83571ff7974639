"""Streams of calls reported by hand: timed, read, and the end of their call however they end."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from openai.types.chat import ChatCompletionChunk

from tests.sdk.openai_answers import CHUNKS
from tests.sdk.platform import rows
from watchkeeper_sdk import llm_call
from watchkeeper_sdk.testing import Calls


class _RateLimited(Exception):
    status_code = 429


def test_a_stream_is_timed_read_and_ends_the_call(calls: Calls) -> None:
    def arriving() -> Iterator[ChatCompletionChunk]:
        for one in CHUNKS:
            calls.clock.advance(0.5)
            yield one

    with llm_call("openai", "gpt-4o") as call:
        stream = call.stream(arriving())
    assert len(calls) == 0, "the call lasts as long as its stream"
    assert [one.choices[0].delta.content for one in stream if one.choices] == ["", "se", "cret", None]
    sent = calls.assert_one(model="gpt-4o-2024-08-06", input_tokens=9, output_tokens=2, ttft_s=1.0)
    assert sent.duration_s == 2.5
    assert sent.attributes["watchkeeper.stream.chunks"] == 2
    assert sent.attributes["watchkeeper.stream.time_per_chunk"] == 0.5
    (row,) = rows(calls)
    assert (row["is_stream"], row["ttft_us"], row["outcome"]) == (True, 1_000_000, "ok")


def test_an_async_stream(calls: Calls) -> None:
    async def arriving() -> AsyncIterator[ChatCompletionChunk]:
        for one in CHUNKS:
            calls.clock.advance(0.5)
            yield one

    async def main() -> int:
        async with llm_call("openai", "gpt-4o") as call:
            return len([one async for one in call.stream(arriving())])

    assert asyncio.run(main()) == len(CHUNKS)
    calls.assert_one(ttft_s=1.0, input_tokens=9)


def test_a_stream_of_texts_needs_no_knowledge_of_its_chunks(calls: Calls) -> None:
    with llm_call("own", "llama", "text_completion") as call:
        assert "".join(call.stream(iter(["the ", "secret"]))) == "the secret"
    sent = calls.assert_one(provider="own", ttft_s=0.0, operation="text_completion")
    assert sent.attributes["watchkeeper.stream.chunks"] == 2 and "secret" not in str(sent.attributes)


def _left_by_break(stream: Iterator[Any]) -> None:
    for _ in stream:
        break
    stream.close()  # type: ignore[attr-defined]


def _left_to_collect(stream: Iterator[Any]) -> None:
    next(stream)
    del stream
    gc.collect()


@pytest.mark.parametrize("leave", [_left_by_break, _left_to_collect])
def test_a_stream_left_early_ends_its_call_without_a_failure(calls: Calls, leave: Any) -> None:
    with llm_call("openai", "gpt-4o") as call:
        leave(call.stream(iter(CHUNKS)))
    sent = calls.assert_one(model="gpt-4o-2024-08-06", error_type=None, finish_reasons=None)
    assert sent.span.status.is_unset


def test_a_stream_that_fails_fails_the_call_once(calls: Calls) -> None:
    def arriving() -> Iterator[ChatCompletionChunk]:
        yield CHUNKS[1]
        raise _RateLimited

    with pytest.raises(_RateLimited), llm_call("openai", "gpt-4o") as call:
        list(call.stream(arriving()))
    assert [row["outcome"] for row in rows(calls)] == ["rate_limited"]


def test_an_exception_beside_the_stream_ends_the_call_at_once(calls: Calls) -> None:
    with pytest.raises(TimeoutError), llm_call("openai", "gpt-4o") as call:
        stream = call.stream(iter(CHUNKS))
        raise TimeoutError
    assert len(list(stream)) == len(CHUNKS), "the application may read on"
    assert [row["outcome"] for row in rows(calls)] == ["timeout"]
