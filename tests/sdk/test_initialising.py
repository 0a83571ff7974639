"""``init`` in processes of their own, as in an application's: alone, beside other telemetry, in trouble."""

import pytest

from tests.collector.otlp import read, stage
from tests.demo.otlp_sink import OtlpSink, otlp_sink
from tests.sdk.own_process import CALL, START, run

BLOCK = """
    import sys

    class Blocker:
        def find_spec(self, name, path=None, target=None):
            if name.startswith(BLOCKED):
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    sys.meta_path.insert(0, Blocker())
"""


def calls(sink: OtlpSink) -> list[dict[str, object]]:
    return list(read(stage(), *sink.bodies()).calls.to_pylist())


def test_importing_loads_neither_the_opentelemetry_sdk_nor_any_client() -> None:
    done = run("import sys, watchkeeper_sdk; watchkeeper_sdk.llm_call; print(*sys.modules)")
    heavy = ("opentelemetry.sdk", "opentelemetry.exporter", "openai", "kafka", "pydantic", "httpx", "asyncio")
    assert not [name for name in done.stdout.split() if name.startswith(heavy)]


def test_one_line_and_the_variables_are_all_it_takes() -> None:
    """Nothing flushes: what is queued is sent at the process's end."""
    with otlp_sink() as sink:
        run(
            "    import watchkeeper_sdk\n    watchkeeper_sdk.init()" + CALL + "    call()",
            OTEL_EXPORTER_OTLP_ENDPOINT=sink.url.removesuffix("/v1/traces"),
            OTEL_SERVICE_NAME="shop",
            OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=staging",
            WATCHKEEPER_ROUTE="answers",
            WATCHKEEPER_TENANT="acme",
            WATCHKEEPER_REGION="eu-west-1",
            WATCHKEEPER_SERVICE_VERSION="7",
        )
        (row,) = calls(sink)
    told = ("shop", "7", "staging", "eu-west-1", "answers", "acme", "gpt-4o", 3)
    names = ["service", "service_version", "environment", "region", "route", "tenant", "model", "input_tokens"]
    assert tuple(row[name] for name in names) == told


def test_arguments_win_over_variables() -> None:
    with otlp_sink() as sink:
        done = run(
            START
            + f"    watchkeeper_sdk.init('shop', endpoint='{sink.url}', route='answers', instrument=['openai'])\n"
            + "    call()",
            OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
            OTEL_SERVICE_NAME="other",
            WATCHKEEPER_ROUTE="other",
        )
        (row,) = calls(sink)
    assert (row["service"], row["route"]) == ("shop", "answers")
    assert f"calls go to OTLP at {sink.url}; instrumented: openai (opentelemetry-instrumentation-genai-openai" in (
        done.stderr
    )


def test_it_joins_the_provider_of_the_application_and_leaves_its_copy_alone() -> None:
    run(
        START
        + """
    from opentelemetry import trace
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    theirs = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "theirs", "host.name": "h1"}))
    provider.add_span_processor(SimpleSpanProcessor(theirs))
    trace.set_tracer_provider(provider)
    watch = watchkeeper_sdk.init(route="answers", exporter=sent, instrument=False)
    assert watch.joined and trace.get_tracer_provider() is provider

    given = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": "the secret", "user.id": "jane"}
    with watchkeeper_sdk.tenant("acme"), watchkeeper_sdk.expect_json() as expectation:
        with provider.get_tracer("other").start_as_current_span("chat", attributes=given):
            pass
        provider.get_tracer("web").start_span("GET /").end()
        expectation.check("{")
    watchkeeper_sdk.feedback(1.0)
    assert watch.flush()

    chat, web = theirs.get_finished_spans()
    assert dict(chat.attributes) == given and not chat.events, chat.attributes
    assert not web.attributes
    (ours,) = sent.spans
    assert ours.attributes["watchkeeper.route"] == "answers" and ours.attributes["watchkeeper.tenant"] == "acme"
    assert ours.attributes["watchkeeper.format.valid"] is False and len(ours.events) == 1
    assert "gen_ai.input.messages" not in ours.attributes and "user.id" not in ours.attributes
    assert dict(ours.resource.attributes) == {"service.name": "theirs", "host.name": "h1"}
    assert ours.context == chat.context
"""
    )


def test_a_second_init_changes_nothing_from_however_many_threads() -> None:
    done = run(
        START
        + """
    import threading
    from opentelemetry import trace

    found = []
    together = threading.Barrier(8)

    def first():
        together.wait()
        found.append(watchkeeper_sdk.init("shop", exporter=sent, instrument=False))

    threads = [threading.Thread(target=first) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert watchkeeper_sdk.init("other", kafka="nowhere:1") is found[0]
    assert len(set(map(id, found))) == 1 and not found[0].joined
    assert len(trace.get_tracer_provider()._active_span_processor._span_processors) == 1
    call()
    assert watchkeeper_sdk.flush() and len(sent.spans) == 1 and watchkeeper_sdk.counts().sent == 1
    assert sent.spans[0].resource.attributes["service.name"] == "shop"
"""
    )
    assert done.stderr.count("calls go to") == 1


def test_after_shutdown_it_may_be_called_again() -> None:
    run(
        START
        + """
    for turn in range(3):
        fresh = MemoryExporter()
        watchkeeper_sdk.init("shop", exporter=fresh, instrument=False)
        call()
        watchkeeper_sdk.shutdown()
        assert len(fresh.spans) == 1, (turn, fresh.spans)
        call()
        watchkeeper_sdk.shutdown()
        assert watchkeeper_sdk.flush() and watchkeeper_sdk.counts().queued == 0
        assert len(fresh.spans) == 1
"""
    )


def test_a_provider_that_cannot_be_joined_stays_and_ours_stands_beside_it() -> None:
    run(
        START
        + """
    from opentelemetry import trace

    class Theirs(trace.NoOpTracerProvider):
        pass

    theirs = Theirs()
    trace.set_tracer_provider(theirs)
    watch = watchkeeper_sdk.init("shop", exporter=sent, instrument=False)
    assert not watch.joined and trace.get_tracer_provider() is theirs
    call()
    assert watch.flush() and len(sent.spans) == 1
"""
    )


def test_switched_off_by_opentelemetrys_own_variable() -> None:
    done = run(
        START
        + """
    watch = watchkeeper_sdk.init("shop", exporter=sent)
    assert watch.sends_to == "" and watch.flush() and not watch.instrumentations.on
    call()
    watchkeeper_sdk.refused()
    assert watchkeeper_sdk.flush() and not sent.spans
""",
        OTEL_SDK_DISABLED="TRUE",
    )
    assert done.stderr.strip() == "watchkeeper_sdk: switched off by OTEL_SDK_DISABLED"


@pytest.mark.parametrize(
    ("blocked", "argument", "hint"),
    [
        ("opentelemetry.exporter", "", "pip install 'watchkeeper-sdk[otlp]' for OTLP"),
        ("kafka", "kafka='broker:9092'", "pip install 'watchkeeper-sdk[kafka]'"),
        ("opentelemetry.exporter", "kafka='broker:9092'", "pip install 'watchkeeper-sdk[kafka]'"),
    ],
)
def test_without_an_exporter_it_says_what_to_install_and_the_application_runs(
    blocked: str, argument: str, hint: str
) -> None:
    done = run(
        f"    BLOCKED = ({blocked!r},)\n"
        + BLOCK
        + START
        + f"""
    import os
    watch = watchkeeper_sdk.init("shop", {argument})
    assert watch.sends_to == "" and watch.counts.sent == 0
    call()
    os.environ["WATCHKEEPER_STRICT"] = "1"
    try:
        watchkeeper_sdk.init("shop", {argument})
    except ValueError as error:
        assert "pip install" in str(error)
    else:
        raise AssertionError("under test it raises")
"""
    )
    assert "watchkeeper_sdk: calls are not sent: " in done.stderr and hint in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_arguments_never_raise_and_a_right_init_works_afterwards() -> None:
    done = run(
        START
        + """
    from opentelemetry.sdk.trace import TracerProvider

    for wrong in ({"tracer_provider": 5}, {"exporter": "x"}, {"endpoint": "http://[::1"}):
        assert watchkeeper_sdk.init(instrument=False, **wrong).sends_to == ""
    watch = watchkeeper_sdk.init(
        3, route=["x"], variant="blue", queue_size="many", flush_s=-1, exporter=sent, instrument=object(),
        capture_content="perhaps", redact="nothing", user_hash_salt=5, tracer_provider=TracerProvider(),
    )
    assert watch.sends_to == "MemoryExporter", watch
    call()
    assert watch.flush() and len(sent.spans) == 1
    assert watch.flush("soon") is False and watchkeeper_sdk.flush("soon") is False
    assert watch.flush(float("inf")) and watch.flush(1e300) and watch.flush(-1)
    watchkeeper_sdk.shutdown("soon")
"""
    )
    assert "Traceback" not in done.stderr and done.stderr.count("; the default is used") == 8, done.stderr


def test_credentials_are_in_no_line_of_the_log() -> None:
    done = run(
        START + "    watchkeeper_sdk.init(endpoint='http://jane:pw1@127.0.0.1:9/otlp?key=pw2', instrument=False)"
    )
    assert "OTLP at http://127.0.0.1:9/otlp/v1/traces;" in done.stderr
    assert "pw1" not in done.stderr and "pw2" not in done.stderr
