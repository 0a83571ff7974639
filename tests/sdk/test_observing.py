"""The decorator: one run is one call, and the function stays what it was."""

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import pytest

from tests.sdk.openai_answers import ANSWER, CHUNKS
from tests.sdk.platform import rows
from watchkeeper_sdk import observe
from watchkeeper_sdk.testing import Calls


def test_a_function(calls: Calls) -> None:
    @observe(provider="openai", model="gpt-4o", route="answers")
    def ask(question: str, *, loud: bool = False) -> dict[str, Any]:
        """Asks."""
        return ANSWER | {"asked": question, "loud": loud}

    assert ask("why?", loud=True) == ANSWER | {"asked": "why?", "loud": True}
    assert (ask.__name__, ask.__doc__) == ("ask", "Asks.")
    assert list(inspect.signature(ask).parameters) == ["question", "loud"]
    (row,) = rows(calls)
    assert (row["route"], row["request_model"], row["model"]) == ("answers", "gpt-4o", "gpt-4o-2024-08-06")
    assert (row["input_tokens"], row["outcome"]) == (11, "ok")


def test_without_arguments_the_answer_tells_who_it_was(calls: Calls) -> None:
    @observe
    def ask() -> dict[str, Any]:
        return ANSWER

    ask()
    calls.assert_one(request_model="gpt-4o-2024-08-06", operation="chat", input_tokens=11)


def test_the_model_is_taken_from_the_argument_of_that_name(calls: Calls) -> None:
    @observe(provider="openai")
    def ask(question: str, model: str = "by-default") -> None: ...

    @observe(provider="openai")
    def named(*, model: str) -> None: ...

    class Client:
        @observe(provider="openai")
        def ask(self, model: object) -> None: ...

    ask("?")
    ask("?", "by-position")
    ask("?", model="by-name")
    named(model="only-by-name")
    Client().ask("of-a-method")
    Client().ask(object())
    assert [call.request_model for call in calls] == [
        "by-default",
        "by-position",
        "by-name",
        "only-by-name",
        "of-a-method",
        None,
    ]


def test_a_coroutine(calls: Calls) -> None:
    @observe(provider="openai", model="gpt-4o")
    async def ask(fails: bool) -> dict[str, Any]:
        await asyncio.sleep(0)
        if fails:
            raise TimeoutError
        return ANSWER

    assert inspect.iscoroutinefunction(ask)
    assert asyncio.run(ask(False)) == ANSWER
    with pytest.raises(TimeoutError):
        asyncio.run(ask(True))
    assert [row["outcome"] for row in rows(calls)] == ["ok", "timeout"]


def test_a_generator_keeps_its_value_and_what_is_sent_to_it(calls: Calls) -> None:
    @observe(provider="openai", model="gpt-4o")
    def ask() -> Generator[str, str, str]:
        heard = yield "what?"
        return heard

    def outer() -> Generator[str, str, str]:
        return (yield from ask())

    assert inspect.isgeneratorfunction(ask)
    talk = outer()
    assert next(talk) == "what?"
    with pytest.raises(StopIteration) as end:
        talk.send("that")
    assert end.value.value == "that"
    calls.assert_one(request_model="gpt-4o")


def test_a_generator_is_timed_from_its_first_step(calls: Calls) -> None:
    @observe(provider="openai", model="gpt-4o")
    def ask() -> Iterator[Any]:
        for one in CHUNKS:
            calls.clock.advance(0.5)
            yield one

    waiting = ask()
    calls.clock.advance(60)
    assert len(list(waiting)) == len(CHUNKS)
    assert calls.assert_one(input_tokens=9, ttft_s=1.0).duration_s == 2.5


def test_a_generator_left_early_or_failing(calls: Calls) -> None:
    @observe(provider="openai", model="gpt-4o")
    def ask(fails: bool) -> Iterator[Any]:
        yield CHUNKS[1]
        if fails:
            raise TimeoutError
        yield CHUNKS[2]

    left = ask(False)
    next(left)
    left.close()  # type: ignore[attr-defined]
    with pytest.raises(TimeoutError):
        list(ask(True))
    assert [call.error_type for call in calls] == [None, "TimeoutError"]


def test_an_async_generator(calls: Calls) -> None:
    closed = []

    @observe(provider="openai", model="gpt-4o")
    async def ask() -> AsyncIterator[Any]:
        try:
            for one in CHUNKS:
                yield one
        finally:
            closed.append(True)

    async def main() -> None:
        assert len([one async for one in ask()]) == len(CHUNKS)
        left = ask()
        await anext(left)
        await left.aclose()  # type: ignore[attr-defined]

    assert inspect.isasyncgenfunction(ask)
    asyncio.run(main())
    assert closed == [True, True]
    assert [call.input_tokens for call in calls] == [9, None]


def test_a_function_that_gives_a_stream(calls: Calls) -> None:
    @observe(provider="openai", model="gpt-4o")
    def ask() -> Iterator[Any]:
        return iter(CHUNKS)

    stream = ask()
    assert len(calls) == 0
    assert len(list(stream)) == len(CHUNKS)
    calls.assert_one(input_tokens=9)


def test_partial_functions_and_builtins(calls: Calls) -> None:
    def ask(model: str, question: str) -> dict[str, Any]:
        return ANSWER | {"asked": question}

    assert observe(functools.partial(ask, "gpt-4o"))("?")["asked"] == "?"
    assert observe(max)(1, 2) == 2
    assert len(calls) == 2


def test_exceptions_of_the_function_pass_and_arguments_are_its_own_matter(calls: Calls) -> None:
    @observe(provider="openai", model="gpt-4o")
    def ask(question: str) -> None:
        raise KeyError(question)

    with pytest.raises(KeyError, match="why"):
        ask("why")
    with pytest.raises(TypeError, match="question"):
        ask()  # type: ignore[call-arg]
    assert [call.error_type for call in calls] == ["KeyError", "TypeError"]


class _Trap:
    """Fails at whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __bool__(self) -> bool:
        raise RuntimeError("bool")


def test_odd_results_and_wrong_arguments_of_the_decorator_disturb_nothing(
    lenient: Calls,
) -> None:
    trap = _Trap()

    @observe(provider="openai", model="gpt-4o", no_such_argument=1)
    def ask(given: Any) -> Any:
        return given

    assert ask(trap) is trap and ask(None) is None and ask(3) == 3
    assert len(lenient.matching(request_model="gpt-4o")) == 3
