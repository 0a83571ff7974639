"""What the calls of a block have in common, through tasks, threads, nesting and odd ways of leaving."""

import asyncio
import contextvars
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.sdk.own_calls import ask
from tests.sdk.platform import rows
from watchkeeper_sdk import CallContext, _safety, context, llm_call, prompt, tags, tenant
from watchkeeper_sdk.call_context import MAX_LENGTH, MAX_TAGS, current_values, hashed_user, set_user_salt
from watchkeeper_sdk.testing import Calls, watching


def test_every_value_reaches_the_platform(calls: Calls) -> None:
    with context(
        route="answers",
        tenant="acme",
        variant="shadow",
        attempt=3,
        fallback_from="gpt-4.1",
        prompt_name="greet the customer",
        prompt_version="7",
        conversation="c-1",
        tags={"team": "blue", "size": 3},
    ):
        ask()
    (row,) = rows(calls)
    told = {
        "route": "answers",
        "tenant": "acme",
        "variant": "shadow",
        "attempt": 3,
        "fallback_from": "gpt-4.1",
        "prompt_name": "greet the customer",
        "prompt_version": "7",
        "conversation_id": "c-1",
    }
    assert {name: row[name] for name in told} == told
    assert dict(row["attributes"]) == {"watchkeeper.tag.team": "blue", "watchkeeper.tag.size": "3"}


def test_blocks_nest_and_the_inner_one_wins(calls: Calls) -> None:
    with tenant("outer"), context(route="answers"), tags(a=1):
        with tenant("inner"), prompt("greet"), tags(b=2):
            ask()
        ask()
    ask()
    inner, outer, none = calls.all()
    assert (inner.tenant, inner.route, inner.prompt_name, inner.prompt_version) == ("inner", "answers", "greet", None)
    assert {"watchkeeper.tag.a", "watchkeeper.tag.b"} <= inner.attributes.keys()
    assert (outer.tenant, outer.prompt_name) == ("outer", None) and "watchkeeper.tag.b" not in outer.attributes
    assert (none.tenant, none.route) == (None, None)


def test_what_the_call_says_itself_wins(calls: Calls) -> None:
    with tenant("block"), llm_call("openai", "gpt-4o", tenant="own"):
        pass
    calls.assert_one(tenant="own")


def test_tasks_inherit_and_do_not_disturb_each_other(calls: Calls) -> None:
    async def work(name: str, together: asyncio.Barrier) -> None:
        async with tenant(name):
            await together.wait()
            ask(f"before-{name}")
            await together.wait()
            await asyncio.create_task(asyncio.to_thread(ask, f"thread-{name}"))

    async def main() -> None:
        together = asyncio.Barrier(3)
        with context(route="answers"):
            await asyncio.gather(*(work(name, together) for name in "abc"))
        ask("after")

    asyncio.run(main())
    assert {(call.request_model, call.tenant) for call in calls if call.request_model != "after"} == {
        (f"{place}-{name}", name) for place in ("before", "thread") for name in "abc"
    }
    assert {call.route for call in calls if call.tenant} == {"answers"}
    assert calls.assert_one(request_model="after").route is None


def test_one_block_may_be_shared_by_many_tasks(calls: Calls) -> None:
    canary = context(variant="canary")

    async def work(name: str, together: asyncio.Barrier) -> None:
        with canary:
            await together.wait()
            ask(f"in-{name}")
        await together.wait()
        ask(f"out-{name}")

    async def main() -> None:
        together = asyncio.Barrier(3)
        await asyncio.gather(*(work(name, together) for name in "abc"))

    asyncio.run(main())
    assert {(call.request_model[:2], call.variant) for call in calls} == {("in", "canary"), ("ou", None)}


def test_one_block_may_be_entered_within_itself(calls: Calls) -> None:
    block = tenant("acme")
    with block, block:
        ask("twice")
    ask("out")
    assert calls.assert_one(request_model="twice").tenant == "acme"
    assert calls.assert_one(request_model="out").tenant is None


def test_leaving_in_another_task_disturbs_neither(calls: Calls) -> None:
    async def stream() -> AsyncIterator[int]:
        with tenant("of-the-stream"):
            yield 1
            yield 2

    async def main() -> None:
        numbers = stream()
        await asyncio.create_task(anext(numbers))  # type: ignore[arg-type]
        with tenant("of-the-reader"):
            await asyncio.create_task(numbers.aclose())  # type: ignore[attr-defined]
            await numbers.aclose()  # type: ignore[attr-defined]
            ask()

    asyncio.run(main())
    calls.assert_one(tenant="of-the-reader")


def test_leaving_out_of_order_or_too_often_leaves_nothing_behind(calls: Calls) -> None:
    outer, inner = tenant("outer"), context(route="inner")
    outer.__enter__()
    inner.__enter__()
    outer.__exit__(None, None, None)
    inner.__exit__(None, None, None)
    inner.__exit__(None, None, None)
    assert current_values.get() is None
    tenant("never entered").__exit__(None, None, None)
    contextvars.copy_context().run(outer.__exit__, None, None, None)
    ask()
    calls.assert_one(tenant=None, route=None)


def test_other_spans_are_left_alone_and_other_exporters_see_nothing_of_it() -> None:
    theirs = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(theirs))
    with watching(tracer_provider=provider, user_hash_salt="pepper") as calls:
        with context(tenant="acme", user="jane", prompt_name="greet", conversation="c1"):
            provider.get_tracer("http").start_span("GET /orders").end()
            provider.get_tracer("other").start_span("chat", attributes={"gen_ai.operation.name": "chat"}).end()
        assert [call.span.name for call in calls] == ["chat"]
        assert calls[0].tenant == "acme" and calls[0].attributes["watchkeeper.user_hash"] == hashed_user("jane")
    assert [dict(span.attributes or {}) for span in theirs.get_finished_spans()] == [
        {},
        {"gen_ai.operation.name": "chat"},
    ]


def test_a_span_that_outlives_its_block_keeps_the_values_of_its_start(calls: Calls) -> None:
    with tenant("acme"), llm_call("openai", "gpt-4o") as call:
        stream = call.stream(iter("ab"))
    with tenant("other"):
        list(stream)
    calls.assert_one(tenant="acme")


def test_users_are_sent_as_keyed_hashes_only(calls: Calls) -> None:
    md5 = "0123456789abcdef0123456789abcdef"
    with context(user="jane@example.org"):
        ask()
    for user in ("jane@example.org", md5, 4711):
        with llm_call("openai", "gpt-4o", attributes={"user.id": user}):
            pass
    named, same, hexadecimal, number = (call.attributes["watchkeeper.user_hash"] for call in calls)
    assert named == same == hashed_user("jane@example.org") and len(named) == 32
    assert hexadecimal == hashed_user(md5) != md5
    assert number == hashed_user("4711")


def test_another_salt_is_another_hash_and_no_salt_is_none(caplog: pytest.LogCaptureFixture) -> None:
    _safety._said_at.clear()
    set_user_salt("one")
    one = hashed_user("jane")
    set_user_salt("two")
    assert one != hashed_user("jane")
    set_user_salt("")
    with watching() as calls:
        with context(user="jane", tenant="acme"), llm_call("openai", "gpt-4o", attributes={"user.id": 4711}):
            pass
        assert "watchkeeper.user_hash" not in calls.assert_one(tenant="acme").attributes
    assert "WATCHKEEPER_USER_HASH_SALT" in caplog.text and "jane" not in caplog.text


def test_values_are_bounded(calls: Calls) -> None:
    with context(route="r" * 1_000, tags={f"tag-{number}": "t" * 1_000 for number in range(100)}):
        ask()
    sent = calls.assert_one()
    found = [value for key, value in sent.attributes.items() if key.startswith("watchkeeper.tag.")]
    assert len(found) == MAX_TAGS and {len(value) for value in (*found, sent.route)} == {MAX_LENGTH}


def test_half_a_character_and_huge_numbers_are_sent_as_far_as_they_can_be(calls: Calls) -> None:
    with (
        context(tenant="ac\ud83dme", user="j\ud83d", tags={"t\ud83d": "\ud83d"}, attempt=10**30),
        llm_call("openai", "gpt\ud83d", attributes={"big": 1 << 70}),
    ):
        pass
    ask("gpt-4o")
    strange, normal = rows(calls)
    assert (strange["request_model"], strange["tenant"], strange["attempt"]) == ("gpt?", "ac?me", 1)
    assert normal["request_model"] == "gpt-4o"


def test_a_wrong_variant_is_left_out_said_and_nothing_else_is_lost(
    lenient: Calls, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "watchkeeper_sdk"):
        for number in range(3):
            with context(tenant="acme", variant=f"blue-{number}"), llm_call("openai", "gpt-4o", variant="green"):
                pass
    assert {(call.tenant, call.variant) for call in lenient} == {("acme", None)}
    assert len(caplog.messages) == 1 and "variant must be one of primary, shadow" in caplog.text


def test_under_test_a_wrong_variant_raises(calls: Calls) -> None:
    for wrong in (lambda: context(variant="blue"), lambda: llm_call("openai", "gpt-4o", variant="blue")):
        with pytest.raises(ValueError, match="variant must be one of"):
            wrong()
    assert len(calls) == 0


@pytest.mark.parametrize("given", [{"attempt": "many"}, {"tags": 3}, {"tags": [1]}, {"attempt": float("nan")}])
def test_other_wrong_values_disturb_nothing(lenient: Calls, given: dict[str, Any]) -> None:
    block = context(**given)
    assert isinstance(block, CallContext)
    with block:
        ask()
    lenient.assert_one()


def test_a_wrong_attempt_costs_nothing_but_itself(lenient: Calls, caplog: pytest.LogCaptureFixture) -> None:
    _safety._said_at.clear()
    with context(attempt="two", route="kept"), llm_call("openai", "gpt-4o"):  # type: ignore[arg-type]
        pass
    assert lenient.assert_one(route="kept").attempt is None
    assert "attempt must be a number" in caplog.text
