"""Real instrumentation packages are switched on once a library, each case in a process of its own."""

import json
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tests.sdk.instrumenting import run
from tests.sdk.provider import Provider, serving
from tests.sdk.provider.scenario import ANSWER_MARK

_OPENAI = "opentelemetry-instrumentation-genai-openai"
_CLAUDE = "opentelemetry-instrumentation-genai-anthropic"


_SCOPES = {
    "opentelemetry.instrumentation.genai.openai": "opentelemetry.instrumentation.genai.openai",
    "openinference.instrumentation.openai": "openinference.instrumentation.openai",
    "opentelemetry.instrumentation.openai": "opentelemetry.instrumentation.openai.v1",
}
"""Of the spans, by module."""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serving() as provider:
        yield provider


class TestOpenAI:
    def test_of_three_that_are_installed_exactly_the_official_one_is_on(self, provider: Provider) -> None:
        said = run(
            """
            import openai
            report = switch_on(provider, only=("openai",))
            ask_openai()
            say(report=told(report), spans=spans(), again=told(switch_on(provider, only=("openai",))), all=available())
            """,
            provider.address,
        )
        assert said["report"] == {"on": {"openai": _OPENAI}, "waiting": {}, "skipped": {}}
        assert [scope for scope, _ in said["spans"]] == ["opentelemetry.instrumentation.genai.openai"]
        assert said["again"]["skipped"] == {"openai": f"already instrumented by {_OPENAI}"}
        others = ["openinference-instrumentation-openai", "opentelemetry-instrumentation-openai"]
        assert said["all"]["openai"] == [_OPENAI, *others]

    def test_a_library_that_is_not_imported_yet_is_not_imported_for_it(self, provider: Provider) -> None:
        said = run(
            """
            report = switch_on(provider, only=("openai",))
            imported = "openai" in sys.modules
            again = switch_on(provider, only=("openai",))
            before = len(switched_on())
            ask_openai()
            say(report=told(report), again=told(again), imported=imported, spans=spans(),
                counts=[before, len(switched_on())])
            """,
            provider.address,
        )
        assert said["report"] == said["again"] == {"on": {}, "waiting": {"openai": _OPENAI}, "skipped": {}}
        assert not said["imported"]
        assert [scope for scope, _ in said["spans"]] == ["opentelemetry.instrumentation.genai.openai"]
        assert said["counts"] == [0, 1]

    @pytest.mark.parametrize(
        "module",
        ["openinference.instrumentation.openai", "opentelemetry.instrumentation.openai"],
    )
    def test_what_the_application_has_switched_on_stays_alone(self, provider: Provider, module: str) -> None:
        said = run(
            f"""
            from {module} import OpenAIInstrumentor
            OpenAIInstrumentor().instrument(tracer_provider=provider)
            report = switch_on(provider, only=("openai",))
            ask_openai()
            say(report=told(report), spans=spans())
            """,
            provider.address,
        )
        assert said["report"]["skipped"]["openai"].startswith("already instrumented by open")
        assert [scope for scope, _ in said["spans"]] == [_SCOPES[module]]

    @pytest.mark.parametrize(
        "module", ["opentelemetry.instrumentation.genai.openai", "opentelemetry.instrumentation.openai"]
    )
    def test_what_the_application_switches_on_later_is_left_to_it(self, provider: Provider, module: str) -> None:
        said = run(
            f"""
            switch_on(provider, only=("openai",))
            from {module} import OpenAIInstrumentor  # this imports openai
            OpenAIInstrumentor().instrument(tracer_provider=provider)
            ask_openai()
            say(spans=spans(), on=switched_on())
            """,
            provider.address,
        )
        assert [scope for scope, _ in said["spans"]] == [_SCOPES[module]]
        assert said["on"] == []
        assert "watchkeeper" not in said["logged"]

    def test_after_opentelemetry_instrument_nothing_is_added(self, provider: Provider) -> None:
        others = {one.name for one in entry_points(group="opentelemetry_instrumentor")} - {"openai"}
        said = run(
            "say(report=told(switch_on(provider, only=('openai',))))",
            provider.address,
            command=(str(Path(sys.executable).with_name("opentelemetry-instrument")), sys.executable),
            environment={
                "OTEL_TRACES_EXPORTER": "none",
                "OTEL_METRICS_EXPORTER": "none",
                "OTEL_LOGS_EXPORTER": "none",
                "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": ", ".join(others),  # importing them all takes long
            },
        )
        assert said["report"]["on"] == said["report"]["waiting"] == {}
        assert said["report"]["skipped"]["openai"].startswith("already instrumented by")

    def test_opentelemetrys_own_switch_is_honoured(self) -> None:
        said = run(
            "say(report=told(switch_on(provider)))",
            environment={"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "flask, openai"},
        )
        assert said["report"]["skipped"]["openai"] == "disabled by OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"


class TestContent:
    def test_openinference_hides_texts_and_keeps_the_facts(self, provider: Provider) -> None:
        said = run(
            """
            take("openai", 1)
            import openai
            switch_on(provider)
            ask_openai("scenario: json_ok SECRET", response_format={"type": "json_object"}, temperature=0.5)
            with openai.OpenAI(api_key="k", base_url=sys.argv[1] + "/v1") as client:
                client.embeddings.create(model="text-embedding-3-small", input="SECRET")
            say(spans=spans())
            """,
            provider.address,
        )
        (scope, chat), (_, embedding) = said["spans"]
        assert scope == "openinference.instrumentation.openai"
        assert chat["llm.finish_reason"] == "stop"
        assert chat["llm.model_name"] == "gpt-4o-mini-2024-07-18"
        assert chat["llm.token_count.prompt"] > chat["llm.token_count.completion"] > 20_000
        assert json.loads(chat["llm.invocation_parameters"])["response_format"] == {"type": "json_object"}
        assert embedding["embedding.embeddings.0.embedding.vector"] == "__REDACTED__"
        assert "SECRET" not in json.dumps(said["spans"]) and ANSWER_MARK not in json.dumps(said["spans"])

    @pytest.mark.parametrize(("set_by_the_user", "leaks"), [({}, False), ({"TRACELOOP_TRACE_CONTENT": "true"}, True)])
    def test_openllmetry_is_told_by_its_variable(
        self, provider: Provider, set_by_the_user: Mapping[str, str], leaks: bool
    ) -> None:
        said = run(
            """
            take("openai", 2)
            switch_on(provider)
            ask_openai("scenario: ok SECRET")
            say(spans=spans())
            """,
            provider.address,
            environment=set_by_the_user,
        )
        ((scope, attributes),) = said["spans"]
        assert scope == "opentelemetry.instrumentation.openai.v1"
        assert attributes["gen_ai.usage.output_tokens"] > 20_000
        assert ("SECRET" in json.dumps(attributes)) == leaks

    def test_the_official_one_is_silent_unless_content_is_wanted(self, provider: Provider) -> None:
        script = """
            switch_on(provider, only=("openai",), capture_content=sys.argv[2] == "yes")
            ask_openai("scenario: ok SECRET")
            say(spans=spans())
            """
        assert "SECRET" not in json.dumps(run(script, provider.address, "no")["spans"])
        assert "SECRET" in json.dumps(run(script, provider.address, "yes")["spans"])


class TestAnthropic:
    """Its client makes spans itself; two instrumentations of others are installed."""

    def test_the_clients_own_spans_are_enough(self, provider: Provider) -> None:
        said = run(
            """
            trace.set_tracer_provider(provider)
            report = switch_on(provider, only=("anthropic",))
            imported = "anthropic" in sys.modules
            ask_claude()
            say(report=told(report), spans=spans(), imported=imported)
            """,
            provider.address,
        )
        assert said["report"]["on"] == {"anthropic": "anthropic"}
        assert not said["imported"]
        assert [scope for scope, _ in said["spans"]] == ["com.anthropic.sdk.python"]

    def test_where_they_are_ended_the_official_instrumentation_takes_over(self, provider: Provider) -> None:
        said = run(
            """
            trace.set_tracer_provider(provider)
            report = switch_on(provider, only=("anthropic",))
            ask_claude()
            say(report=told(report), spans=spans())
            """,
            provider.address,
            environment={"ANTHROPIC_OPEN_TELEMETRY": "false"},
        )
        assert said["report"]["waiting"] == {"anthropic": _CLAUDE}
        assert [scope for scope, _ in said["spans"]] == ["opentelemetry.instrumentation.genai.anthropic"]

    def test_a_provider_that_is_not_the_global_one_gets_an_instrumentation(self, provider: Provider) -> None:
        said = run(
            """
            trace.set_tracer_provider(TracerProvider())
            report = switch_on(provider, only=("anthropic",))
            ask_claude()
            say(report=told(report), spans=spans())
            """,
            provider.address,
        )
        assert said["report"]["waiting"] == {"anthropic": _CLAUDE}
        assert [scope for scope, _ in said["spans"]] == ["opentelemetry.instrumentation.genai.anthropic"]

    def test_a_report_tells_of_spans_that_nobody_here_switches_off(self) -> None:
        said = run(
            """
            from openinference.instrumentation.anthropic import AnthropicInstrumentor
            AnthropicInstrumentor().instrument(tracer_provider=provider)
            other, left = switch_on(provider), switch_on(provider, without=("anthropic",))
            say(other=told(other)["skipped"], left=told(left)["skipped"])
            """
        )
        too = "; its own spans are on, ANTHROPIC_OPEN_TELEMETRY=false ends them"
        assert said["other"]["anthropic"] == f"already instrumented by openinference-instrumentation-anthropic{too}"
        assert said["left"]["anthropic"] == f"left out by the caller{too}"
