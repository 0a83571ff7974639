"""Watched streams behave like the streams they watch, and tell once how they ended."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import logging
import sys
import threading
import traceback
from collections.abc import AsyncIterable, AsyncIterator, Callable, Generator, Iterable, Iterator
from typing import Any

import anthropic
import openai
import pytest
from google import genai

from tests.sdk.answers.clients import MESSAGES, anthropic_answering, google_answering, openai_answering
from tests.sdk.answers.test_anthropic_messages import TEXTS as MESSAGE_EVENTS
from tests.sdk.answers.test_gemini import TEXT, candidate, generated
from tests.sdk.answers.test_openai_chat import TEXTS as CHAT_EVENTS
from tests.sdk.answers.test_openai_responses import CREATED, delta, event, response, said
from tests.sdk.answers.test_openai_responses import TEXT as RESPONSE_TEXT
from tests.sdk.answers.wire import answering, event_stream
from watchkeeper_sdk.answers import AnswerStream
from watchkeeper_sdk.streams import watch_async_stream, watch_stream

CHAT = event_stream(CHAT_EVENTS, done=True)
MESSAGE = event_stream(MESSAGE_EVENTS, named=True)
GEMINI = event_stream([generated(candidate({"text": "Hi"}, finish=None)), generated(candidate(TEXT))])


class Log:
    """What the two callbacks were told."""

    def __init__(self) -> None:
        self.chunks: list[object] = []
        self.ends: list[BaseException | None] = []

    def watch(self, stream: Any) -> Any:
        return watch_stream(stream, self.chunks.append, self.ends.append)

    def watch_async(self, stream: Any) -> Any:
        return watch_async_stream(stream, self.chunks.append, self.ends.append)

    def text(self) -> str | None:
        stream = AnswerStream()
        for chunk in self.chunks:
            stream.add(chunk)
        answer = stream.answer()
        return None if answer is None else answer.text


@pytest.fixture
def log() -> Log:
    return Log()


def counting(end: BaseException | None = None) -> Generator[int, None, None]:
    yield from (1, 2)
    if end is not None:
        raise end


async def counting_slowly(end: BaseException | None = None) -> AsyncIterator[int]:
    for number in (1, 2):
        await asyncio.sleep(0)
        yield number
    if end is not None:
        raise end


# --- plain iterators -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [counting, lambda: [1, 2], lambda: iter((1, 2)), lambda: range(1, 3)])
def test_chunks_pass_and_the_end_is_told_once(log: Log, make: Callable[[], Iterable[int]]) -> None:
    watched = log.watch(make())
    assert list(watched) == log.chunks == [1, 2]
    assert log.ends == [None]
    with contextlib.suppress(StopIteration):
        next(watched)
    del watched
    assert log.ends == [None]


def test_what_can_be_read_again_still_can() -> None:
    log = Log()
    watched = log.watch([1, 2])
    assert [list(watched), list(watched)] == [[1, 2], [1, 2]]
    assert (log.chunks, log.ends) == ([1, 2], [None])


def test_nothing_is_read_before_it_is_asked_for(log: Log) -> None:
    source = counting()
    watched = log.watch(source)
    assert inspect.getgeneratorstate(source) == inspect.GEN_CREATED
    assert (next(watched), log.chunks, log.ends) == (1, [1], [])


def test_an_error_goes_through_as_it_is(log: Log) -> None:
    error = ConnectionError("reset")
    watched = log.watch(counting(error))
    with pytest.raises(ConnectionError) as caught:
        list(watched)
    assert caught.value is error
    assert log.ends == [error]
    assert (error.__cause__, error.__context__) == (None, None)
    assert traceback.extract_tb(error.__traceback__)[-1].name == "counting"
    assert list(watched) == []
    assert log.ends == [error]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_errors_that_are_no_exceptions_go_through_too(log: Log, error: BaseException) -> None:
    with pytest.raises(type(error)):
        list(log.watch(counting(error)))
    assert log.ends == [error]


def test_closing_early_is_no_error(log: Log) -> None:
    source = counting()
    watched = log.watch(source)
    next(watched)
    watched.close()
    assert log.ends == [None]
    assert inspect.getgeneratorstate(source) == inspect.GEN_CLOSED


def test_leaving_the_loop_ends_nothing_until_the_stream_is_dropped(log: Log) -> None:
    watched = log.watch(counting())
    for _ in watched:
        break
    assert log.ends == []
    del watched
    assert log.ends == [None]


def test_a_stream_in_a_cycle_ends_when_it_is_collected(log: Log) -> None:
    cycle: list[object] = [log.watch(counting())]
    cycle.append(cycle)
    del cycle
    gc.collect()
    assert log.ends == [None]


def test_a_stream_nobody_reads_ends_when_it_is_dropped(log: Log) -> None:
    log.watch(counting())
    assert (log.chunks, log.ends) == ([], [None])


def test_the_applications_own_error_is_not_the_streams(log: Log) -> None:
    with pytest.raises(KeyError), contextlib.closing(log.watch(counting())) as watched:
        next(watched)
        raise KeyError
    assert log.ends == [None]


def test_of_two_threads_that_end_a_stream_one_tells(log: Log) -> None:
    for _ in range(50):
        watched = log.watch(counting())
        gate = threading.Barrier(2)

        def end(stream: Any = watched, gate: threading.Barrier = gate) -> None:
            gate.wait()
            with contextlib.suppress(ValueError):  # the generator is being run by the other thread
                stream.close()

        threads = [threading.Thread(target=end) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert log.ends == [None] * 50


# --- callbacks that fail ---------------------------------------------------------------------------------------


def fail(_: object) -> None:
    raise ValueError("secret words")


def test_failing_callbacks_are_not_noticed(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.delenv("WATCHKEEPER_STRICT", raising=False)
    with caplog.at_level(logging.DEBUG):
        assert list(watch_stream(counting(), fail, fail)) == [1, 2]
        with contextlib.suppress(OSError):
            list(watch_stream(counting(OSError()), fail, fail))
        assert asyncio.run(collect(watch_async_stream(counting_slowly(), fail, fail))) == [1, 2]
    assert "secret" not in caplog.text


async def collect(stream: AsyncIterable[Any]) -> list[Any]:
    return [chunk async for chunk in stream]


# --- being taken for the stream --------------------------------------------------------------------------------


def test_it_is_taken_for_what_it_watches(log: Log) -> None:
    source = counting()
    watched = log.watch(source)
    assert isinstance(watched, type(source))
    assert inspect.isgenerator(watched)
    assert repr(watched) == repr(source)
    assert watched.gi_frame is source.gi_frame  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        watched.response  # type: ignore[attr-defined]  # noqa: B018


def test_it_speaks_the_protocols_of_its_stream_and_no_others(log: Log) -> None:
    class Both:
        def __iter__(self) -> Iterator[int]:
            return counting()

        def __aiter__(self) -> AsyncIterator[int]:
            return counting_slowly()

    sync, asynchronous, both = log.watch(counting()), log.watch_async(counting_slowly()), log.watch_async(Both())
    assert [isinstance(each, Iterable) for each in (sync, asynchronous, both)] == [True, False, True]
    assert [isinstance(each, AsyncIterable) for each in (sync, asynchronous, both)] == [False, True, True]
    assert list(both) == [1, 2]
    assert log.chunks == [1, 2]


@pytest.mark.parametrize("thing", [object(), None, "Hi.", b"{}", {"choices": []}])
def test_what_is_no_stream_comes_back_as_it_is(log: Log, thing: object) -> None:
    assert log.watch(thing) is thing
    assert log.ends == [None]


def test_a_manager_of_something_else_lasts_until_it_is_left(log: Log) -> None:
    async def main() -> None:
        async with log.watch(contextlib.nullcontext("raw response")) as entered:
            assert (entered, log.ends) == ("raw response", [None])

    with log.watch(contextlib.nullcontext("raw response")) as entered:
        assert (entered, log.ends) == ("raw response", [])
    asyncio.run(main())
    assert (log.chunks, log.ends) == ([], [None, None])


def test_generators_still_delegate(log: Log) -> None:
    def relay() -> Iterator[int]:
        yield from log.watch(counting())

    assert list(relay()) == [1, 2]
    assert log.ends == [None]


# --- async -----------------------------------------------------------------------------------------------------


def test_async_chunks_pass_and_the_end_is_told_once(log: Log) -> None:
    assert asyncio.run(collect(log.watch_async(counting_slowly()))) == log.chunks == [1, 2]
    gc.collect()
    assert log.ends == [None]


def test_an_async_error_goes_through_as_it_is(log: Log) -> None:
    error = ConnectionError("reset")
    with pytest.raises(ConnectionError) as caught:
        asyncio.run(collect(log.watch_async(counting_slowly(error))))
    assert caught.value is error
    assert log.ends == [error]


def test_a_cancelled_read_ends_with_its_cancellation(log: Log) -> None:
    async def main() -> None:
        waiting = asyncio.Event()

        async def never() -> AsyncIterator[int]:
            yield 1
            waiting.set()
            await asyncio.Event().wait()

        reading = asyncio.ensure_future(collect(log.watch_async(never())))
        await waiting.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    asyncio.run(main())
    assert log.chunks == [1]
    assert [type(end) for end in log.ends] == [asyncio.CancelledError]


def test_closing_an_async_generator_early_is_no_error(log: Log) -> None:
    async def main() -> None:
        source = counting_slowly()
        watched = log.watch_async(source)
        assert await anext_of(watched) == 1
        await watched.aclose()
        assert log.ends == [None]
        assert await collect(source) == []

    asyncio.run(main())
    assert log.ends == [None]


def test_leaving_async_blocks_and_dropping_end_a_stream(log: Log) -> None:
    async def main() -> None:
        async with contextlib.aclosing(log.watch_async(counting_slowly())) as watched:
            async for _ in watched:
                break
        assert log.ends == [None]
        log.watch_async(counting_slowly())
        assert log.ends == [None, None]

    asyncio.run(main())


async def anext_of(stream: Any) -> Any:
    """``anext``, which Python 3.10 has as a builtin and type checkers want an iterator for."""
    return await stream.__anext__()


# --- OpenAI's client -------------------------------------------------------------------------------------------


def test_openais_stream(log: Log) -> None:
    with openai_answering(CHAT) as client:
        stream = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
        watched = log.watch(stream)
        assert isinstance(watched, openai.Stream)
        assert watched.response is stream.response
        assert [each.id for each in watched] == ["chatcmpl-2"] * 4
    assert (log.text(), log.ends) == ("Hi there", [None])


def test_openais_stream_as_a_block_that_is_left_early(log: Log) -> None:
    with openai_answering(CHAT) as client:
        stream = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
        with log.watch(stream) as watched:
            assert next(watched).id == "chatcmpl-2"
        assert stream.response.is_closed
    assert (len(log.chunks), log.ends) == (1, [None])


def test_an_error_in_openais_stream(log: Log) -> None:
    broken = event_stream([*CHAT_EVENTS[:2], {"error": {"message": "overloaded"}}])
    with openai_answering(broken) as client, pytest.raises(openai.APIError) as caught:
        list(log.watch(client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)))
    assert (log.text(), log.ends) == ("Hi", [caught.value])


def test_openais_async_stream(log: Log) -> None:
    async def main(url: str) -> None:
        async with openai.AsyncOpenAI(base_url=url, api_key="test", max_retries=0) as client:
            stream = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
            async with log.watch_async(stream) as watched:
                assert isinstance(watched, openai.AsyncStream)
                assert [each.id async for each in watched] == ["chatcmpl-2"] * 4
            assert log.ends == [None]
            stream = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
            watched = log.watch_async(stream)
            await anext_of(watched)
            await watched.close()
            assert stream.response.is_closed

    with answering(CHAT) as url:
        asyncio.run(main(url))
    assert (log.text(), log.ends) == ("Hi there", [None, None])


@pytest.mark.parametrize(
    "read", [list, lambda stream: stream.until_done(), lambda stream: stream.get_final_completion()]
)
def test_openais_stream_helper_however_it_is_read(log: Log, read: Callable[[Any], object]) -> None:
    with (
        openai_answering(CHAT) as client,
        log.watch(client.chat.completions.stream(model="gpt-4o", messages=MESSAGES)) as stream,
    ):
        read(stream)
        assert log.ends == [None]
        assert stream.get_final_completion().choices[0].message.content == "Hi there"
    assert (len(log.chunks), log.text(), log.ends) == (4, "Hi there", [None])


def test_openais_helper_for_responses_left_early(log: Log) -> None:
    end = event("completed", response=response(said(RESPONSE_TEXT)))
    with (
        openai_answering(event_stream([CREATED, delta("output_text", "Hi."), end], named=True)) as client,
        log.watch(client.responses.stream(model="gpt-4o", input="hello")) as stream,
    ):
        next(stream)
    assert (len(log.chunks), log.ends) == (1, [None])


# --- Anthropic's client ----------------------------------------------------------------------------------------


def test_anthropics_stream(log: Log) -> None:
    with anthropic_answering(MESSAGE) as client:
        stream = client.messages.create(model="claude", messages=MESSAGES, max_tokens=9, stream=True)
        watched = log.watch(stream)
        assert isinstance(watched, anthropic.Stream)
        assert watched.response is stream.response
        assert len(list(watched)) == len(MESSAGE_EVENTS)
    assert (log.text(), log.ends) == ("Hi there", [None])


READS: list[Callable[[Any], object]] = [
    list,
    lambda stream: list(stream.text_stream),
    lambda stream: stream.get_final_message(),
    lambda stream: stream.get_final_text(),
]


@pytest.mark.parametrize("read", READS)
def test_anthropics_stream_helper_however_it_is_read(log: Log, read: Callable[[Any], object]) -> None:
    with (
        anthropic_answering(MESSAGE) as client,
        log.watch(client.messages.stream(model="claude", messages=MESSAGES, max_tokens=9)) as stream,
    ):
        assert isinstance(stream, anthropic.MessageStream)
        read(stream)
        assert log.ends == [None]
        assert stream.get_final_text() == "Hi there"
        assert stream.request_id is None
    assert (len(log.chunks), log.text(), log.ends) == (len(MESSAGE_EVENTS), "Hi there", [None])


def test_anthropics_stream_helper_closed_early(log: Log) -> None:
    with (
        anthropic_answering(MESSAGE) as client,
        log.watch(client.messages.stream(model="claude", messages=MESSAGES, max_tokens=9)) as stream,
    ):
        next(stream.text_stream)
        stream.close()
        assert log.ends == [None]
        assert stream.response.is_closed
    assert (log.text(), log.ends) == ("Hi", [None])


def test_a_stream_outlives_the_manager_it_came_from(log: Log) -> None:
    """As where an application enters by hand, and leaves never."""
    with anthropic_answering(MESSAGE) as client:
        manager = client.messages.stream(model="claude", messages=MESSAGES, max_tokens=9)
        stream = log.watch(manager).__enter__()
        gc.collect()
        assert log.ends == []
        assert stream.get_final_text() == "Hi there"
        stream.close()
    assert (log.text(), log.ends) == ("Hi there", [None])


def test_a_request_that_fails_on_entering_ends_with_its_error(log: Log) -> None:
    body = {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}
    with (
        anthropic_answering(body, status=429) as client,
        pytest.raises(anthropic.RateLimitError) as caught,
        log.watch(client.messages.stream(model="claude", messages=MESSAGES, max_tokens=9)),
    ):
        pass
    assert log.ends == [caught.value]


@pytest.mark.parametrize("by_text", [True, False])
def test_anthropics_async_stream_helper(log: Log, by_text: bool) -> None:
    async def main(url: str) -> None:
        async with anthropic.AsyncAnthropic(base_url=url, api_key="test", max_retries=0) as client:
            manager = client.messages.stream(model="claude", messages=MESSAGES, max_tokens=9)
            # Nothing tells a manager from a stream before it is entered: either function takes it.
            async with (log.watch if by_text else log.watch_async)(manager) as stream:
                await collect(stream.text_stream if by_text else stream)
                assert log.ends == [None]
                assert await stream.get_final_text() == "Hi there"

    with answering(MESSAGE) as url:
        asyncio.run(main(url))
    assert (len(log.chunks), log.text(), log.ends) == (len(MESSAGE_EVENTS), "Hi there", [None])


# --- Google's client and others --------------------------------------------------------------------------------


def test_googles_generator(log: Log) -> None:
    with google_answering(GEMINI) as client:
        stream = client.models.generate_content_stream(model="gemini-flash", contents="hello")
        texts = [chunk.text for chunk in log.watch(stream)]
    assert (texts, log.text(), log.ends) == (["Hi", "Hi."], "HiHi.", [None])


@pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning")  # where aiohttp is installed, it is used
def test_googles_async_generator(log: Log) -> None:
    async def main(url: str) -> list[Any]:
        client = genai.Client(api_key="test", http_options={"base_url": url}).aio
        try:
            stream = await client.models.generate_content_stream(model="gemini-flash", contents="hello")
            return await collect(log.watch_async(stream))
        finally:
            await client.aclose()

    with answering(GEMINI) as url:
        asyncio.run(main(url))
    assert (log.text(), log.ends) == ("HiHi.", [None])


class EventStream:
    """As botocore's: an iterable with ``close()`` whose raw stream is the HTTP response."""

    def __init__(self) -> None:
        self._raw_stream = iter((b"",))
        self.closed = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for text in ("Hi", "."):
            yield {"contentBlockDelta": {"delta": {"text": text}, "contentBlockIndex": 0}}

    def close(self) -> None:
        self.closed = True


def test_an_event_stream_in_botocores_manner(log: Log) -> None:
    stream = EventStream()
    watched = log.watch(stream)
    assert len(list(watched)) == 2
    watched.close()
    assert stream.closed
    assert (log.text(), log.ends) == ("Hi.", [None])


def test_a_helper_that_cannot_be_changed_is_watched_from_outside(log: Log) -> None:
    class Helper:
        @property
        def _raw_stream(self) -> Iterator[int]:
            return counting()

        def until_done(self) -> None:
            """As the helpers of the clients have."""

        def __iter__(self) -> Iterator[int]:
            return counting()

    assert list(log.watch(Helper())) == log.chunks == [1, 2]
    assert log.ends == [None]


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="counts references as CPython does")
def test_the_watch_keeps_nothing_alive(log: Log) -> None:
    source = counting()
    before = sys.getrefcount(source)
    watched = log.watch(source)
    list(watched)
    del watched
    assert sys.getrefcount(source) == before
