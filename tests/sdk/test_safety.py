"""Nothing of ours reaches the application: whatever it passes, whatever fails, on whichever thread."""

import asyncio
import collections
import logging
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import watchkeeper_sdk as sdk
from tests.sdk.platform import staged
from tests.sdk.spans import Faulty, record
from watchkeeper_sdk import _safety
from watchkeeper_sdk._safety import Misuse, guarded, is_strict, say
from watchkeeper_sdk.outbox import Outbox
from watchkeeper_sdk.records import CallRecord
from watchkeeper_sdk.testing import Calls


class Trap:
    """Fails at whatever is asked of it."""

    def _fail(self, *_: object, **__: object) -> Any:
        raise RuntimeError("prompt: the secret")

    __getattr__ = __bool__ = __eq__ = __str__ = __repr__ = __format__ = __iter__ = __len__ = __call__ = _fail
    __int__ = __float__ = __index__ = __getitem__ = __contains__ = __enter__ = __exit__ = _fail
    __hash__ = object.__hash__


class Theirs(Exception):
    """An exception of the application."""


ABSURD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters()),
    st.binary(max_size=5),
    st.lists(st.integers() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3) | st.integers(), st.integers() | st.none(), max_size=3),
    st.sampled_from([Trap(), Trap, object(), range(3), {1, 2}, int, ValueError("x"), {"choices": [{"message": 3}]}]),
)
PUBLIC = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    _safety._said_at.clear()
    yield
    _safety._said_at.clear()


def arguments(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, ABSURD))


def unharmed(calls: Calls, use: Callable[[], object]) -> None:
    """``use`` raises nothing, and a sound call made with it still arrives."""
    calls.clear()
    use()
    with sdk.llm_call("openai", "sound"):
        pass
    assert [row["outcome"] for row in staged([call.span for call in calls]).calls.to_pylist()[-1:]] == ["ok"]
    calls.assert_one(model="sound")


@pytest.mark.property
@PUBLIC
@given(
    ABSURD,
    ABSURD,
    arguments("operation", "route", "variant", "attempt", "fallback_from", "output_type", "attributes"),
)
def test_llm_call(lenient: Calls, provider: Any, model: Any, named: dict[str, Any]) -> None:
    def use() -> None:
        with sdk.llm_call(provider, model, **named) as call:
            assert call.span is not None

    unharmed(lenient, use)


@pytest.mark.property
@PUBLIC
@given(ABSURD, arguments("model", "id", "usage", "finish_reason", "ttft_s"), ABSURD)
def test_response_and_stream(lenient: Calls, answer: Any, named: dict[str, Any], chunk: Any) -> None:
    def use() -> None:
        with sdk.llm_call("openai", "gpt-4o") as call:
            call.response(answer, **named)
            assert len(list(call.stream(iter([chunk, chunk])))) == 2
            call.response(chunk)

    unharmed(lenient, use)


@pytest.mark.property
@PUBLIC
@given(
    arguments("route", "variant", "attempt", "prompt_name", "conversation", "user", "tags"),
    ABSURD,
)
def test_blocks(lenient: Calls, named: dict[str, Any], one: Any) -> None:
    def use() -> None:
        with sdk.context(**named), sdk.prompt(one, one), sdk.tenant(one), sdk.tags(a=one):
            sdk.propagated(use)
            with sdk.llm_call("openai", "gpt-4o"):
                pass

    unharmed(lenient, use)


@pytest.mark.property
@PUBLIC
@given(arguments("score", "label", "name", "response_id", "source"))
def test_feedback(lenient: Calls, named: dict[str, Any]) -> None:
    def use() -> None:
        sdk.feedback(**named)
        with sdk.llm_call("openai", "gpt-4o"):
            sdk.feedback(**named)
            sdk.refused()

    unharmed(lenient, use)


@pytest.mark.property
@PUBLIC
@given(ABSURD, ABSURD)
def test_expectations(lenient: Calls, what: Any, answer: Any) -> None:
    def use() -> None:
        for expectation in (sdk.expect_json(what), sdk.expect_regex(what), sdk.expect(what)):
            with expectation, sdk.llm_call("openai", "gpt-4o"):
                expectation.check(answer)
            expectation.check(answer)

    unharmed(lenient, use)


@pytest.mark.property
@PUBLIC
@given(ABSURD, arguments("provider", "model", "operation", "route", "attributes", "unknown"))
def test_observe(lenient: Calls, result: Any, named: dict[str, Any]) -> None:
    def use() -> None:
        @sdk.observe(**named)
        def ask(model: Any) -> Any:
            return model

        assert ask(result) is result

    unharmed(lenient, use)


@pytest.mark.property
@PUBLIC
@given(ABSURD)
def test_flush(lenient: Calls, timeout_s: Any) -> None:
    # As long as a sound timeout would be, nothing is queued.
    unharmed(lenient, lambda: sdk.flush(timeout_s))


@pytest.mark.parametrize("error", [Theirs("theirs"), asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(3)])
def test_exceptions_of_the_application_pass_unchanged(calls: Calls, error: BaseException) -> None:
    @sdk.observe(provider="openai", model="gpt-4o")
    def fails() -> None:
        raise error

    with pytest.raises(type(error)) as caught, sdk.context(route="r"), sdk.expect_json(), sdk.llm_call("a", "b"):
        fails()
    assert caught.value is error and error.__cause__ is None and error.__context__ is None
    assert len(calls) == 2


def test_a_failure_of_ours_is_one_line_without_its_text(lenient: Calls, caplog: pytest.LogCaptureFixture) -> None:
    @guarded
    def fails(text: str) -> str:
        raise KeyError(text)

    with caplog.at_level(logging.WARNING, "watchkeeper_sdk"):
        assert [fails("the secret") for _ in range(3)] == [None, None, None]
    (line,) = caplog.messages
    assert "fails (KeyError); the application was not disturbed" in line and "secret" not in caplog.text


@pytest.mark.usefixtures("lenient")
def test_misuse_is_told_in_its_own_words_once_a_minute_a_place(caplog: pytest.LogCaptureFixture) -> None:
    @guarded
    def fails(number: int) -> None:
        raise Misuse(f"number {number} is wrong")

    for number in range(100):
        fails(number)
    assert len(caplog.messages) == 1 and "number 0 is wrong; ignored" in caplog.text


def test_under_test_it_passes(calls: Calls) -> None:
    @guarded
    def fails() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        fails()
    assert is_strict() and len(calls) == 0


@pytest.mark.parametrize(
    ("value", "strict"), [("", False), ("0", False), ("False", False), ("off", False), ("1", True)]
)
def test_when_it_is_strict(monkeypatch: pytest.MonkeyPatch, value: str, strict: bool) -> None:
    monkeypatch.setenv("WATCHKEEPER_STRICT", value)
    assert is_strict() is strict


def test_lines_are_limited_and_so_is_the_memory_of_them(caplog: pytest.LogCaptureFixture) -> None:
    assert [say("one", "%s", "line") for _ in range(3)] == [True, False, False]
    for number in range(3_000):
        say(f"key {number}", "x", level=logging.DEBUG)
    assert len(_safety._said_at) <= _safety._MOST_KEYS and caplog.messages.count("line") == 1


def within(seconds: float, work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "stuck"


def test_a_call_that_ends_while_its_own_thread_has_the_queues_lock() -> None:
    """Garbage collection may end a dropped stream at any step, also at one inside the lock."""
    exporter = Faulty()
    sending = Outbox(exporter, lambda one: one.span)

    dropped = [record(3), record(2)]

    class Collected(collections.deque[CallRecord]):
        def append(self, one: CallRecord) -> None:
            if len(dropped) == 2:
                sending.put(dropped.pop())
            super().append(one)

        def popleft(self) -> CallRecord:
            if dropped:
                sending.put(dropped.pop())
            return super().popleft()

    sending._queue = Collected()
    within(20, lambda: sending.put(record(1)))
    within(20, lambda: sending.flush(10))
    within(20, sending.shutdown)
    assert sorted(exporter.names) == ["call 1", "call 2", "call 3"]


def test_a_line_that_is_said_while_its_own_thread_has_the_lock() -> None:
    def say_within() -> None:
        with _safety._lock:
            say("within", "x", level=logging.DEBUG)

    within(20, say_within)


def test_a_fork_while_another_thread_has_the_lock() -> None:
    go_on, held = threading.Event(), threading.Event()

    def hold() -> None:
        with _safety._lock:
            held.set()
            go_on.wait(20)

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    assert held.wait(20)
    child = os.fork()
    if child == 0:
        os._exit(0 if say("in the child", "x", level=logging.DEBUG) else 1)
    go_on.set()
    thread.join(20)
    assert os.waitpid(child, 0)[1] == 0
