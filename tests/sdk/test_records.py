"""Which call a verdict is on: in nested blocks, tasks, threads and forked children, and beside agents."""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from tests.sdk.own_calls import ask, instrumented, provider_in_use
from tests.sdk.platform import rows
from watchkeeper_sdk import context, expect_json, expect_regex, prompt, refused
from watchkeeper_sdk.testing import Calls


def test_in_a_trace_that_is_not_sampled_the_call_before_is_left_alone(
    lenient: Calls, caplog: pytest.LogCaptureFixture
) -> None:
    ask()
    elsewhere = TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False).get_tracer("web")
    with elsewhere.start_as_current_span("GET /"), caplog.at_level(logging.WARNING, "watchkeeper_sdk"):
        refused()
        expect_json().check("{")
    lenient.assert_one(refused=None, format_valid=None)
    assert not caplog.messages, "nothing is wrong"


def test_of_several_calls_in_a_block_the_last_one_is_meant(calls: Calls) -> None:
    with expect_json() as expectation:
        ask("first")
        ask("second")
        expectation.check("{")
        ask("third")
        expectation.check("{}")
    assert {call.request_model: call.format_valid for call in calls} == {"first": None, "second": False, "third": True}


def test_tasks_that_share_one_block_mark_their_own_calls(calls: Calls) -> None:
    async def main() -> None:
        called, checked = asyncio.Event(), asyncio.Event()

        async def bad() -> None:
            ask("bad")
            await called.wait()
            shared.check("no JSON")
            checked.set()

        async def good() -> None:
            ask("good")
            called.set()
            await checked.wait()
            shared.check("{}")

        with expect_json() as shared:
            await asyncio.gather(bad(), good())

    asyncio.run(main())
    assert {call.request_model: call.format_valid for call in calls} == {"bad": False, "good": True}


def test_an_outer_check_inside_an_inner_block_is_on_the_inner_call(calls: Calls) -> None:
    with expect_json() as outer:
        ask("first")
        with expect_regex("x"):
            outer.check("{}")
            ask("second")
            outer.check("{")
    assert {call.request_model: call.format_valid for call in calls} == {"first": True, "second": False}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_forked_inside_a_block_leaves_the_calls_of_its_parent_alone(calls: Calls) -> None:
    with expect_json() as expectation:
        ask("parent")
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            late = expectation.check("{")
            ask("child")
            expectation.__exit__(None, None, None)
            os.write(writer, repr([(bool(late), call.request_model) for call in calls]).encode())
            os._exit(0)
        os.waitpid(child, 0)
        os.close(writer)
        with os.fdopen(reader) as said:
            assert said.read() == "[(False, 'child')]"
    calls.assert_one(request_model="parent", format_valid=None)


def test_a_verdict_is_never_on_an_agents_span_that_ended_last(calls: Calls) -> None:
    tracer = provider_in_use().get_tracer("agents")
    with expect_json() as expectation:
        with tracer.start_as_current_span("around", attributes={"openinference.span.kind": "CHAIN"}):
            instrumented()
        expectation.check("{")
    with tracer.start_as_current_span("around", attributes={"gen_ai.operation.name": "execute_tool"}):
        instrumented()
    refused()
    assert [(call.request_model, call.format_valid, call.refused) for call in calls] == [
        ("gpt-4o", False, None),
        (None, None, None),
        ("gpt-4o", None, True),
        (None, None, None),
    ]


def test_within_an_agents_span_the_call_is_meant_and_not_the_agent(calls: Calls) -> None:
    tracer = provider_in_use().get_tracer("agents")
    for kind in ({"gen_ai.operation.name": "invoke_agent"}, {"openinference.span.kind": "CHAIN"}):
        with tracer.start_as_current_span("around", attributes=kind):
            instrumented()
            refused()
    assert [call.refused for call in calls] == [True, None, True, None]
    assert [row["outcome"] for row in rows(calls)] == ["refused", "refused"]


async def ask_soon(model: str) -> None:
    ask(model)


def test_inside_a_block_a_call_in_a_task_started_there_is_found(calls: Calls) -> None:
    async def main(first: bool) -> None:
        ask("before")
        with context(route="r"):
            if first:
                ask("first")
            await asyncio.create_task(ask_soon("second"))
            refused()

    for first in (True, False):
        asyncio.run(main(first))
    assert {(call.request_model, call.refused) for call in calls} == {
        ("before", None),
        ("first", None),
        ("second", True),
    }


def test_a_neighbours_call_is_not_ours_however_late_it_ended(calls: Calls) -> None:
    async def mine(asked: asyncio.Event, other: asyncio.Event) -> None:
        await asyncio.create_task(ask_soon("mine"))
        ask("mine-last")
        asked.set()
        await other.wait()
        refused()

    async def neighbour(asked: asyncio.Event, other: asyncio.Event) -> None:
        await asked.wait()
        ask("neighbour")
        other.set()

    async def main() -> None:
        asked, other = asyncio.Event(), asyncio.Event()
        with context(route="r"):
            ask("before")
            await asyncio.gather(mine(asked, other), neighbour(asked, other))

    asyncio.run(main())
    assert [call.request_model for call in calls if call.refused] == ["mine-last"]


@pytest.mark.parametrize("block", [lambda: context(route="r"), lambda: prompt("greet"), expect_json])
def test_a_block_forgets_the_call_before_it(lenient: Calls, block: Callable[[], Any]) -> None:
    ask()
    with block():
        refused()
    lenient.assert_one(refused=None)
