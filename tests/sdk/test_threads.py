"""Values of a block in the threads started inside it, and never in those that live longer."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from watchkeeper_sdk import expect_json, llm_call, propagated, refused, tenant
from watchkeeper_sdk.call_context import current_values
from watchkeeper_sdk.records import current_hold
from watchkeeper_sdk.testing import Calls, watching
from watchkeeper_sdk.threads import carry, uncarry


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    uncarry()
    yield
    uncarry()
    assert not hasattr(threading.Thread.start, "_watchkeeper_carries")


def ask(model: str = "gpt-4o") -> str:
    with llm_call("openai", model):
        pass
    return threading.current_thread().name


def seen() -> tuple[object, object]:
    return current_values.get(), current_hold.get()


def run(thread: threading.Thread) -> None:
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_a_thread_started_inside(calls: Calls) -> None:
    with tenant("acme"):
        run(threading.Thread(target=ask, name="named"))
        run(threading.Timer(0.0, ask))
    run(threading.Thread(target=ask))
    assert [call.tenant for call in calls] == ["acme", "acme", None]


def test_daemons_outlive_their_block_and_carry_nothing(calls: Calls) -> None:
    with tenant("acme"):
        run(threading.Thread(target=ask, args=("daemon",), daemon=True))
        run(threading.Thread(target=propagated(ask), args=("by-hand-too",), daemon=True))
    assert {call.request_model: call.tenant for call in calls} == {"daemon": None, "by-hand-too": "acme"}


def test_a_call_in_a_pool_is_the_blocks_last_and_no_stale_one_is_marked(calls: Calls) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(ask, "stale").result(10)
        ask("before")
        with tenant("acme"):
            ask("first")
            pool.submit(ask, "second").result(10)
            refused()
    assert [call.request_model for call in calls if call.refused] == ["second"]


def test_a_thread_made_inside_and_started_outside_belongs_outside(calls: Calls) -> None:
    with tenant("acme"):
        thread = threading.Thread(target=ask)
    run(thread)
    calls.assert_one(tenant=None)


def test_threads_of_a_class_of_its_own_are_workers_and_carry_nothing(calls: Calls) -> None:
    class Worker(threading.Thread):
        def run(self) -> None:
            ask()

    with tenant("acme"):
        run(Worker())
    calls.assert_one(tenant=None)


@pytest.mark.parametrize("hand_over", ["submit", "map", "run_in_executor"])
def test_work_for_a_pool(calls: Calls, hand_over: str) -> None:
    async def in_executor(pool: ThreadPoolExecutor) -> None:
        await asyncio.get_running_loop().run_in_executor(pool, ask)

    ways: dict[str, Callable[[ThreadPoolExecutor], Any]] = {
        "submit": lambda pool: pool.submit(ask).result(10),
        "map": lambda pool: list(pool.map(ask, ["gpt-4o"])),
        "run_in_executor": lambda pool: asyncio.run(in_executor(pool)),
    }
    with ThreadPoolExecutor(1) as pool:
        with tenant("acme"):
            ways[hand_over](pool)
        assert pool.submit(seen).result(10) == (None, None), "stale in the pool's thread"
        ask_outside = pool.submit(ask)
        ask_outside.result(10)
    assert [call.tenant for call in calls] == ["acme", None]


def test_pool_threads_keep_nothing_of_the_block_they_were_started_in(calls: Calls) -> None:
    """The pool's first thread starts within ``submit``, and lives on."""
    go_on = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with tenant("first"), expect_json():
            first = pool.submit(lambda: (go_on.wait(10), seen())[1])
        with tenant("second"):
            second = pool.submit(seen)
        third = pool.submit(seen)
        go_on.set()
        values, hold = first.result(10)
        assert values == {"watchkeeper.tenant": "first"} and hold is not None
        assert second.result(10) == ({"watchkeeper.tenant": "second"}, None)
        assert third.result(10) == (None, None)


def test_results_exceptions_and_arguments_pass(calls: Calls) -> None:
    def fails(*given: int, **named: int) -> None:
        raise KeyError(given, named)

    with tenant("acme"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(max, 1, 2).result(10) == 2
        with pytest.raises(KeyError) as caught:
            pool.submit(fails, 1, b=2).result(10)
        assert caught.value.args == ((1,), {"b": 2})
        with pytest.raises(TypeError):
            pool.submit()  # type: ignore[call-arg]
    with pytest.raises(RuntimeError), tenant("acme"):
        pool.submit(ask)
    assert current_values.get() is None and len(calls) == 0


def test_a_hold_is_carried_too(calls: Calls) -> None:
    with ThreadPoolExecutor(1) as pool, expect_json() as expectation:
        pool.submit(ask).result(10)
        assert len(calls) == 0, "held until the block ends"
        expectation.check("{")
    calls.assert_one(format_valid=False)


def test_a_thread_that_outlives_its_block_loses_no_call(calls: Calls) -> None:
    go_on = threading.Event()
    thread = threading.Thread(target=lambda: (go_on.wait(10), ask("late")))
    with expect_json():
        thread.start()
        ask("early")
    go_on.set()
    thread.join(10)
    assert {call.request_model for call in calls} == {"early", "late"}


def test_by_hand_for_pools_that_nobody_knows(calls: Calls) -> None:
    assert propagated(ask) is ask, "nothing to carry"
    with tenant("acme"):
        carried = propagated(partial(ask, "by-hand"))
    ask("outside")
    carried()
    assert current_values.get() is None
    assert {(call.request_model, call.tenant) for call in calls} == {("by-hand", "acme"), ("outside", None)}


def test_it_is_switched_on_once_and_can_be_left_off() -> None:
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit
    with watching(propagate_threads=False) as calls, tenant("acme"):
        run(threading.Thread(target=ask))
        calls.assert_one(tenant=None)
    assert (threading.Thread.start, ThreadPoolExecutor.submit) == (start, submit)
    carry()
    once = threading.Thread.start
    carry()
    assert threading.Thread.start is once is not start
    uncarry()
    uncarry()
    assert (threading.Thread.start, ThreadPoolExecutor.submit) == (start, submit)
