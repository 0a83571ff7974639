"""Verdicts of the application: on which call they land, and what the platform makes of them."""

import asyncio
import contextvars
import gc
import logging
from collections.abc import AsyncIterator
from typing import TypedDict

import pytest
from pydantic import BaseModel

from tests.sdk.own_calls import ask, instrumented
from tests.sdk.platform import rows
from watchkeeper_sdk import expect, expect_json, expect_regex, flush, llm_call, prompt, refused
from watchkeeper_sdk.records import current_hold
from watchkeeper_sdk.testing import Calls, watching


class Offer(BaseModel):
    price: float


class Order(TypedDict):
    price: float


@pytest.mark.parametrize("schema", [None, Offer, Order])
def test_inside_an_open_call(calls: Calls, schema: object) -> None:
    with llm_call("openai", "gpt-4o"):
        assert expect_json(schema).check('{"price": 3}')
    with llm_call("openai", "gpt-4o-mini"):
        verdict = expect_json(schema).check("Sure! The secret")
        assert not verdict and verdict.valid is False
    kept, broken = rows(calls)
    assert (kept["format_valid"], kept["outcome"]) == (True, "ok")
    assert (broken["format_valid"], broken["outcome"]) == (False, "format_invalid")
    assert calls[1].format_reason and "secret" not in str([dict(call.attributes) for call in calls])


def test_after_the_call_of_any_instrumentation(calls: Calls) -> None:
    instrumented()
    assert not expect_json(Offer).check({"name": "secret"})
    instrumented("gpt-4o-mini")
    assert expect_regex(r"\d+").check("42")
    first, second = rows(calls)
    assert (first["outcome"], second["outcome"]) == ("format_invalid", "ok")
    assert "secret" not in str([dict(call.attributes) for call in calls])


def test_as_a_block_the_call_waits_however_long_the_check_takes(calls: Calls) -> None:
    with expect_json() as expectation:
        instrumented()
        assert flush(5) and len(calls) == 0, "a flush sends what is not held"
        expectation.check("{")
    assert calls.assert_one().format_valid is False


def test_after_it_was_sent_it_is_too_late_and_that_is_said(lenient: Calls, caplog: pytest.LogCaptureFixture) -> None:
    ask()
    flush(5)
    with caplog.at_level(logging.WARNING, "watchkeeper_sdk"):
        assert not expect_json().check("{")
        expect_json().check("{")
    lenient.assert_one(format_valid=None)
    assert [line for line in caplog.messages if "came after its call was sent: use it as a block" in line] == (
        caplog.messages
    )
    assert len(caplog.messages) == 1


def test_without_a_call_it_is_said(lenient: Calls, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "watchkeeper_sdk"):
        refused()
    assert "found no model call in this thread or task" in caplog.text


def test_an_inner_block_passes_its_calls_on_to_the_outer_one(calls: Calls) -> None:
    with expect_json() as outer:
        with expect_regex("x") as inner:
            ask("first")
            inner.check("y")
        assert len(calls) == 0
        ask("second")
        outer.check("{}")
    assert {call.request_model: call.format_valid for call in calls} == {"first": False, "second": True}


def test_a_good_verdict_takes_back_the_reason_of_a_bad_one(calls: Calls) -> None:
    with llm_call("openai", "open"):
        expect_json().check("{")
        expect_json().check("{}")
    with llm_call("openai", "bad-when-open"):
        expect_json().check("{")
    expect_json().check("{}")
    ask("ended")
    expect_json().check("{")
    expect_json().check("{}")
    assert [(call.format_valid, call.format_reason or None) for call in calls] == [(True, None)] * 3
    assert {row["outcome"] for row in rows(calls)} == {"ok"}
    ask("never-bad")
    expect_json().check("{}")
    calls.assert_one(request_model="never-bad", format_reason=None)


def test_a_block_holds_a_bounded_number_of_calls(calls: Calls) -> None:
    with expect_json():
        for number in range(100):
            ask(f"m{number}")
        assert [call.request_model for call in calls] == [f"m{number}" for number in range(36)]
    assert len(calls) == 100


def test_tasks_that_share_one_expectation(calls: Calls) -> None:
    shared = expect_json()

    async def work(number: int, together: asyncio.Barrier) -> None:
        async with shared as expectation:
            await together.wait()
            ask(f"m{number}")
            await together.wait()
            expectation.check("{}" if number % 2 else "{")
        await together.wait()
        ask(f"after-{number}")

    async def main() -> None:
        together = asyncio.Barrier(4)
        await asyncio.gather(*(work(number, together) for number in range(4)))

    asyncio.run(main())
    assert {call.request_model: call.format_valid for call in calls if "after" not in call.request_model} == {
        "m0": False,
        "m1": True,
        "m2": False,
        "m3": True,
    }
    assert len(calls) == 8, "nothing is held for ever"


def test_a_task_that_outlives_its_block_loses_no_call(calls: Calls) -> None:
    async def late(left: asyncio.Event) -> None:
        await left.wait()
        ask("late")

    async def main() -> None:
        left = asyncio.Event()
        async with expect_json():
            task = asyncio.create_task(late(left))
        left.set()
        await task

    asyncio.run(main())
    calls.assert_one(request_model="late")


def test_left_in_another_task_nothing_is_held_for_ever(calls: Calls) -> None:
    async def stream() -> AsyncIterator[int]:
        with expect_json():
            ask()
            yield 1

    async def main() -> None:
        numbers = stream()
        await asyncio.create_task(anext(numbers))  # type: ignore[arg-type]
        await asyncio.create_task(numbers.aclose())  # type: ignore[attr-defined]

    asyncio.run(main())
    expectation = expect_json()
    contextvars.copy_context().run(expectation.__enter__)
    expectation.__exit__(None, None, None)
    expectation.__exit__(None, None, None)
    assert len(calls) == 1 and current_hold.get() is None


def test_of_one_shared_expectation_only_the_entry_that_was_left_lets_go(calls: Calls) -> None:
    shared = expect_json()

    async def stream() -> AsyncIterator[int]:
        with shared:
            ask("of-the-stream")
            yield 1

    async def main() -> None:
        numbers = stream()
        await asyncio.create_task(anext(numbers))  # type: ignore[arg-type]
        with shared as mine:
            ask("mine")
            await asyncio.create_task(numbers.aclose(), context=contextvars.Context())  # type: ignore[attr-defined]
            gc.collect()
            assert [call.request_model for call in calls] == ["of-the-stream"]
            mine.check("{")

    asyncio.run(main())
    assert calls.assert_one(request_model="mine").format_valid is False and len(calls) == 2


def test_an_entry_left_elsewhere_while_others_last_lets_go_with_the_last_of_them(calls: Calls) -> None:
    shared, elsewhere = expect_json(), contextvars.copy_context()
    elsewhere.run(shared.__enter__)
    elsewhere.run(ask, "elsewhere")
    with shared:
        ask("here")
        contextvars.Context().run(shared.__exit__, None, None, None)
        assert len(calls) == 0
    assert len(calls) == 2


def test_expect_takes_the_applications_own_check(calls: Calls) -> None:
    def fails(answer: object) -> bool:
        raise RuntimeError(f"the secret {answer!r}")

    for check, answer in ((str.isdigit, "42"), (str.isdigit, "x"), (fails, "x")):
        with llm_call("openai", "gpt-4o"):
            expect(check).check(answer)  # type: ignore[arg-type]
    assert [call.format_valid for call in calls] == [True, False, False]
    assert "secret" not in str([dict(call.attributes) for call in calls])


def test_an_open_verdict_is_not_recorded(calls: Calls) -> None:
    with llm_call("openai", "gpt-4o"):
        assert expect_regex("(").check("x").valid is None
    calls.assert_one(format_valid=None, format_reason=None)


def test_a_check_that_can_tell_nothing_says_so_once(lenient: Calls, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "watchkeeper_sdk"), llm_call("openai", "gpt-4o"):
        for _ in range(3):
            expect_regex("(").check("the secret")
    assert len(lenient) == 1 and len(caplog.messages) == 1
    assert "the pattern cannot be used" in caplog.text and "secret" not in caplog.text


def test_exceptions_of_the_application_pass_through_every_block(calls: Calls) -> None:
    error = KeyError("theirs")
    with pytest.raises(KeyError) as caught, expect_json(), prompt("greet"), llm_call("openai", "gpt-4o"):
        raise error
    assert caught.value is error and current_hold.get() is None
    calls.assert_one(error_type="KeyError", prompt_name="greet")


@pytest.mark.parametrize("inside", [True, False])
def test_a_refusal(calls: Calls, inside: bool) -> None:
    with llm_call("openai", "gpt-4o") as call:
        call.response(finish_reason="stop")
        if inside:
            refused()
    if not inside:
        refused()
    assert calls.assert_one().refused is True
    assert rows(calls)[0]["outcome"] == "refused"


def test_without_init_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with watching():
        pass
    with caplog.at_level(logging.DEBUG, "watchkeeper_sdk"), llm_call("openai", "gpt-4o"), expect_json() as expectation:
        refused()
        assert expectation.check("{}") and not expectation.check("{")
    assert not caplog.messages
