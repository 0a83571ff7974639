"""What applications test with: calls in memory, fixed time, assertions that explain themselves, a pytest plugin."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider

from watchkeeper_sdk import counts, expect_json, feedback, flush, init, initialising, llm_call, shutdown
from watchkeeper_sdk.clock import clock
from watchkeeper_sdk.records import last_record
from watchkeeper_sdk.testing import FACTS, START_NS, Calls, MemoryExporter, watching


def ask(model: str = "gpt-4o", **usage: int) -> None:
    with llm_call("openai", model) as call:
        call.response(finish_reason=["stop"], usage=usage)


def test_facts_by_name(calls: Calls) -> None:
    ask("gpt-4o", input_tokens=3)
    (call,) = calls
    assert (call.model, call.request_model, call.provider, call.input_tokens) == ("gpt-4o", "gpt-4o", "openai", 3)
    assert call.output_tokens is None and call.feedback == [] and call.duration_s == 0.0
    assert call.span.resource.attributes["service.name"] == "shop"
    with pytest.raises(AttributeError, match="no fact 'colour'; there are provider, "):
        _ = call.colour
    assert set(FACTS) >= {"format_valid", "refused", "ttft_s", "route"} and "model='gpt-4o'" in repr(call)


def test_calls_are_listed_counted_found_and_forgotten(calls: Calls) -> None:
    for model in ("a", "b", "b"):
        ask(model)
    assert (len(calls), calls[0].model, [call.model for call in calls]) == (3, "a", ["a", "b", "b"])
    assert len(calls.matching(model="b", finish_reasons=("stop",))) == 2
    assert len(calls.matching(model="b", finish_reasons=["stop"], input_tokens=None)) == 2
    calls.assert_none(model="c")
    calls.clear()
    assert len(calls) == 0


def test_a_failing_assertion_shows_what_there_is(calls: Calls) -> None:
    with pytest.raises(AssertionError, match="0 calls with any, not 1; there are:\n  none"):
        calls.assert_one()
    ask("a")
    ask("b")
    with pytest.raises(AssertionError, match=r"2 calls with provider='openai', not 1; there are:\n  SentCall\(.*'a'"):
        calls.assert_one(provider="openai")
    with pytest.raises(AssertionError, match=r"expected none, found \[SentCall"):
        calls.assert_none(model="b")
    with pytest.raises(AttributeError, match="no fact 'colour'"):
        calls.assert_one(colour="red")


def test_time_passes_only_when_told_and_ids_count_from_one(calls: Calls) -> None:
    with llm_call("openai", "gpt-4o"):
        calls.clock.advance(2.5)
        feedback(1.0)
    sent = calls.assert_one()
    assert (sent.span.start_time, sent.duration_s) == (START_NS, 2.5)
    assert sent.span.context is not None and (sent.span.context.trace_id, sent.span.context.span_id) == (1, 1)
    assert sent.span.events[0].timestamp == START_NS + 2_500_000_000


def test_the_block_takes_the_arguments_of_init_and_tidies_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_STRICT", "0")
    with watching("desk", route="answers", variant="canary") as calls:
        assert os.environ["WATCHKEEPER_STRICT"] == "1"
        ask()
        calls.assert_one(route="answers", variant="canary")
    assert os.environ["WATCHKEEPER_STRICT"] == "0" and clock() is not calls.clock
    ask()
    assert len(calls) == 1
    with pytest.raises(ValueError, match="variant must be one of"), watching(variant="blue"):
        pass
    assert os.environ["WATCHKEEPER_STRICT"] == "0"
    with watching() as again:
        assert len(again) == 0


def test_blocks_do_not_share_their_calls(calls: Calls) -> None:
    ask("outer")
    with watching() as inner:
        ask("inner")
        inner.assert_one(model="inner")
    assert [call.model for call in calls] == ["outer"]


def test_a_test_run_that_switches_telemetry_off_still_sees_its_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    with watching() as calls:
        ask()
        assert len(calls) == 1
    assert os.environ["OTEL_SDK_DISABLED"] == "true"


def test_a_verdict_of_a_test_before_does_not_reach_this_one() -> None:
    with watching():
        ask()
    with watching() as calls:
        expect_json().check("{")
        assert len(calls) == 0


def test_an_init_of_the_application_inside_the_block_changes_nothing(calls: Calls) -> None:
    init("other", kafka="nowhere:1")
    ask()
    calls.assert_one()


def test_the_pytest_plugin(tmp_path: Path) -> None:
    """As installed: found by the name of its entry point, in a project that knows nothing of it."""
    (tmp_path / "test_shop.py").write_text(
        """
import pytest
import watchkeeper_sdk


def test_asks(watchkeeper_calls):
    with watchkeeper_sdk.llm_call("openai", "gpt-4o", route="answers"):
        pass
    watchkeeper_calls.assert_one(model="gpt-4o", route="answers")


def test_starts_afresh(watchkeeper_calls):
    assert len(watchkeeper_calls) == 0


def test_wrong_use_fails(watchkeeper_calls):
    with pytest.raises(ValueError, match="variant"):
        watchkeeper_sdk.context(variant="blue")


def test_without_the_fixture_nothing_is_kept():
    with watchkeeper_sdk.llm_call("openai", "gpt-4o"):
        pass
    assert watchkeeper_sdk.counts().sent == 0
"""
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "watchkeeper", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # the plugins of others cost seconds
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0 and "4 passed" in done.stdout, done.stdout + done.stderr


def test_calls_wait_for_verdicts_as_long_as_nobody_looks(calls: Calls) -> None:
    """In production it is a second, which a slow test, or somebody with a debugger, may well exceed."""
    ask()
    call = last_record.get()
    assert call is not None
    call.ended_at -= 3_600
    assert initialising._active is not None and initialising._active.outbox is not None
    assert initialising._active.outbox._take() == [] and counts().queued == 1
    expect_json().check("{")
    calls.assert_one(format_valid=False)


def test_an_application_that_called_init_pauses_during_the_block_and_goes_on_after_it() -> None:
    shutdown(1)
    theirs = MemoryExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    init("shop", exporter=theirs, tracer_provider=provider, instrument=False)

    def instrumented(model: str) -> None:
        attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": model}
        provider.get_tracer("other").start_span("chat", attributes=attributes).end()

    for _ in range(2):
        with watching() as calls:
            instrumented("in-a-block")
            with llm_call("openai", "by-hand"):
                pass
            assert [call.request_model for call in calls] == ["in-a-block", "by-hand"]
    instrumented("after")
    with llm_call("openai", "after-too"):
        pass
    flush(5)
    assert [(span.attributes or {})["gen_ai.request.model"] for span in theirs.spans] == ["after", "after-too"]
    shutdown(1)
