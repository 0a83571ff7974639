"""Calls reported by hand: what the platform reads of them, and that the application never notices."""

import asyncio
import json
import threading

import pytest
from openai.types.chat import ChatCompletion
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

import watchkeeper_sdk
from tests.sdk.openai_answers import ANSWER
from tests.sdk.platform import rows
from watchkeeper_sdk import context, llm_call, shutdown
from watchkeeper_sdk.records import last_record
from watchkeeper_sdk.testing import Calls
from watchkeeper_sdk.tracing import use_provider

USAGE = {
    "input_tokens": 100,
    "output_tokens": 20,
    "cache_read_tokens": 10,
    "cache_write_tokens": 5,
    "reasoning_tokens": 7,
}


def test_the_platform_reads_every_fact(calls: Calls) -> None:
    with llm_call(
        "openai", "gpt-4o", route="answers", tenant="acme", variant="canary", attempt=2, fallback_from="gpt-4.1"
    ) as call:
        calls.clock.advance(1.5)
        call.response(model="gpt-4o-2024-08-06", id="resp_1", usage=USAGE, finish_reason="stop", ttft_s=0.25)
    (row,) = rows(calls)
    told = {
        "service": "shop",
        "route": "answers",
        "tenant": "acme",
        "variant": "canary",
        "attempt": 2,
        "fallback_from": "gpt-4.1",
        "provider": "openai",
        "request_model": "gpt-4o",
        "model": "gpt-4o-2024-08-06",
        "operation": "chat",
        "response_id": "resp_1",
        "finish_reason": "stop",
        "outcome": "ok",
        "duration_us": 1_500_000,
        "ttft_us": 250_000,
        "cost_status": "priced",
        "calls": 1,
        **USAGE,
    }
    assert {name: row[name] for name in told} == told


def test_the_values_of_blocks_and_of_init_are_read_too(calls: Calls) -> None:
    with watchkeeper_sdk.context(tenant="acme", conversation="c1"), watchkeeper_sdk.prompt("greet", 3):
        with llm_call("anthropic", "claude-haiku-4-5", tenant="own"):
            pass
        with llm_call("anthropic", "claude-haiku-4-5"):
            pass
    own, inherited = rows(calls)
    assert (own["tenant"], inherited["tenant"]) == ("own", "acme")
    assert {row["route"] for row in (own, inherited)} == {"greet"}, "the prompt names the route that nobody named"
    assert {(row["prompt_name"], row["prompt_version"], row["conversation_id"]) for row in (own, inherited)} == {
        ("greet", "3", "c1")
    }


@pytest.mark.parametrize("answer", [ANSWER, ChatCompletion.model_validate(ANSWER)], ids=["dict", "object"])
def test_a_response_object_is_read_as_it_is(calls: Calls, answer: object) -> None:
    with llm_call("", "") as call:
        call.response(answer)
    (row,) = rows(calls)
    assert (row["model"], row["response_id"], row["finish_reason"]) == ("gpt-4o-2024-08-06", "chatcmpl-1", "stop")
    assert (row["input_tokens"], row["output_tokens"], row["cache_read_tokens"]) == (11, 4, None)
    assert row["provider"] == ("openai" if isinstance(answer, ChatCompletion) else row["provider"])
    assert "secret" not in repr(calls.all()) + str([dict(call.attributes) for call in calls])


def test_names_win_over_the_object_and_a_second_response_over_the_first(calls: Calls) -> None:
    with llm_call("azure.ai.openai", "deployment-7") as call:
        call.response(ANSWER, id="mine", usage={"prompt_tokens": 12})
        call.response(finish_reason=["length"])
    sent = calls.assert_one(response_id="mine", input_tokens=12, output_tokens=4, finish_reasons=("length",))
    assert (sent.provider, sent.request_model) == ("azure.ai.openai", "deployment-7")
    assert rows(calls)[0]["outcome"] == "truncated"


def test_a_response_after_the_end_is_ignored(calls: Calls) -> None:
    with llm_call("openai", "gpt-4o") as call:
        pass
    call.response(ANSWER)
    assert list(call.stream(iter("ab"))) == ["a", "b"]
    assert calls.assert_one().response_id is None


def test_the_same_call_entered_twice_is_two_calls(calls: Calls) -> None:
    call = llm_call("openai", "gpt-4o")
    for number in range(2):
        with call:
            call.response(id=f"r{number}")
    assert [one.response_id for one in calls] == ["r0", "r1"]


def test_an_exception_goes_on_unchanged_and_its_text_stays_here(calls: Calls) -> None:
    error = RuntimeError("prompt: the customer's secret")
    with pytest.raises(RuntimeError) as caught, llm_call("openai", "gpt-4o"):
        raise error
    assert caught.value is error
    sent = calls.assert_one(error_type="RuntimeError")
    assert not sent.span.events and not sent.span.status.description
    (row,) = rows(calls)
    assert (row["outcome"], row["error_type"]) == ("error", "RuntimeError")


class _Told(Exception):
    """An error that tells an HTTP status in one of the libraries' ways."""

    def __init__(self, **facts: object) -> None:
        self.__dict__.update(facts)


class _Response:
    status_code = 429


class _Unreadable(Exception):
    @property
    def status_code(self) -> int:
        raise RuntimeError("not read yet")


@pytest.mark.parametrize(
    ("error", "outcome", "status"),
    [
        (TimeoutError(), "timeout", None),
        (asyncio.CancelledError(), "cancelled", None),
        (KeyboardInterrupt(), "cancelled", None),
        (SystemExit(), "cancelled", None),
        (_Told(status_code=429), "rate_limited", 429),
        (_Told(response=_Response()), "rate_limited", 429),
        (_Told(code=429), "rate_limited", 429),
        (_Told(status=429), "rate_limited", 429),
        (_Told(response={"ResponseMetadata": {"HTTPStatusCode": 429}}), "rate_limited", 429),
        (_Told(status_code=400), "error", 400),
        (_Told(code=504), "timeout", 504),
        (_Told(code="rate_limit_exceeded", status_code=None), "error", None),
        (json.JSONDecodeError("Expecting value", "the secret", 0), "format_invalid", None),
        (_Unreadable(), "error", None),
        (ConnectionResetError(), "error", None),
    ],
    ids=repr,
)
def test_exceptions_become_outcomes(lenient: Calls, error: BaseException, outcome: str, status: int | None) -> None:
    with pytest.raises(type(error)), llm_call("openai", "gpt-4o"):
        raise error
    (row,) = rows(lenient)
    assert (row["outcome"], row["http_status"]) == (outcome, status)


def test_async_blocks_and_cancellation(calls: Calls) -> None:
    async def ask(entered: asyncio.Event) -> None:
        async with llm_call("openai", "gpt-4o", route="slow"):
            entered.set()
            await asyncio.Event().wait()

    async def main() -> None:
        async with llm_call("openai", "gpt-4o", route="quick") as call:
            call.response(ANSWER)
        entered = asyncio.Event()
        task = asyncio.create_task(ask(entered))
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert {row["route"]: row["outcome"] for row in rows(calls)} == {"quick": "ok", "slow": "cancelled"}


def test_the_call_is_the_current_span_inside_and_only_there(calls: Calls) -> None:
    before = trace.get_current_span()
    with llm_call("openai", "gpt-4o") as call:
        assert trace.get_current_span() is call.span
        with llm_call("openai", "gpt-4o-mini") as inner:
            assert trace.get_current_span() is inner.span
        assert trace.get_current_span() is call.span
    assert trace.get_current_span() is before


def test_without_a_provider_nothing_happens() -> None:
    use_provider(None)
    with llm_call("openai", "gpt-4o") as call:
        call.response(ANSWER)
        assert list(call.stream(iter("ab"))) == ["a", "b"]
        watchkeeper_sdk.refused()
    watchkeeper_sdk.feedback(1.0)
    watchkeeper_sdk.feedback(label="good", response_id="r1")
    assert watchkeeper_sdk.expect_json().check("{}")
    assert watchkeeper_sdk.flush() and watchkeeper_sdk.counts().sent == 0
    watchkeeper_sdk.shutdown()


def test_a_call_that_is_not_sampled_is_not_reported_as_the_one_before(calls: Calls) -> None:
    with llm_call("openai", "gpt-4o"):
        pass
    use_provider(TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False))
    with llm_call("openai", "gpt-4o"):
        watchkeeper_sdk.refused()
    watchkeeper_sdk.refused()
    assert last_record.get() is None
    calls.assert_one(refused=None)


def test_many_threads(calls: Calls) -> None:
    def work(number: int) -> None:
        for turn in range(50):
            with llm_call("openai", "gpt-4o", route=f"route-{number}") as call:
                call.response(id=f"{number}-{turn}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {(call.route, call.response_id) for call in calls}
    assert found == {(f"route-{one}", f"{one}-{turn}") for one in range(4) for turn in range(50)}


def test_without_init_a_call_carries_the_values_of_its_block_itself() -> None:
    shutdown(1)
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    use_provider(provider)
    try:
        with context(tenant="acme", route="outer"), llm_call("openai", "gpt-4o", route="inner"):
            pass
    finally:
        use_provider(None)
    (span,) = kept.get_finished_spans()
    told = span.attributes or {}
    assert (told["watchkeeper.tenant"], told["watchkeeper.route"]) == ("acme", "inner")
