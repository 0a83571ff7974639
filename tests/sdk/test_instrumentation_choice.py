"""Which instrumentation is taken and why another is not, with distributions made for the purpose."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.instrumentation import instrumentor

from tests.sdk.instrumenting import FINE, GROQ, HALF_WAY, NOT_IMPORTABLE, REFUSING, SECOND_GROQ, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


class TestChoosing:
    """With distributions made for the purpose."""

    _NOW = "import groq; say(report=told(switch_on(provider, only=('groq',))))"

    def test_no_instrumentation_names_the_extra(self, site: Site) -> None:
        reason = "no instrumentation installed: pip install 'watchkeeper-sdk[groq]'"
        assert site.run(self._NOW)["report"]["skipped"] == {"groq": reason}

    def test_the_provider_of_traces_alone_is_passed_on(self, site: Site) -> None:
        site.instrumentation(GROQ, FINE)
        said = site.run(
            f"import groq; switch_on(provider); import {GROQ.replace('-', '_')} as it; say(it=it.Instrumentor.given)"
        )
        assert said["it"] == [["tracer_provider"]]

    @pytest.mark.parametrize("source", [NOT_IMPORTABLE, REFUSING])
    def test_the_next_best_is_taken_where_nothing_was_changed(self, site: Site, source: str) -> None:
        site.instrumentation(GROQ, source)
        site.instrumentation(SECOND_GROQ, FINE)
        assert site.run(self._NOW)["report"]["on"] == {"groq": SECOND_GROQ}

    def test_a_release_out_of_bounds_is_not_even_imported(self, site: Site) -> None:
        site.instrumentation(GROQ, FINE, bound="groq<1,>=0.4")
        reason = f"{GROQ} needs groq<1,>=0.4; installed: 1.2.0"
        assert site.run(self._NOW)["report"]["skipped"] == {"groq": reason}
        site.instrumentation(SECOND_GROQ, FINE, bound="groq>=1")
        assert site.run(self._NOW)["report"]["on"] == {"groq": SECOND_GROQ}

    def test_after_a_failure_half_way_nothing_else_is_tried(self, site: Site) -> None:
        site.instrumentation(GROQ, HALF_WAY)
        site.instrumentation(SECOND_GROQ, FINE)
        said = site.run(
            """
            import groq
            first, second = (told(switch_on(provider, only=("groq",))) for _ in range(2))
            say(first=first, second=second)
            """
        )
        assert (
            said["first"]
            == said["second"]
            == {
                "on": {},
                "waiting": {},
                "skipped": {"groq": f"failed: {GROQ} (RuntimeError)"},
            }
        )
        assert said["logged"].count("groq is not instrumented") == 1
        assert "SECRET" not in said["logged"]

    def test_a_failure_does_not_reach_the_import_it_waited_for(self, site: Site) -> None:
        site.instrumentation(GROQ, HALF_WAY)
        said = site.run(
            "report = switch_on(provider); import groq; say(report=told(report), calls=groq.CALLS, on=switched_on())"
        )
        assert said["report"]["waiting"]["groq"] == GROQ
        assert (said["calls"], said["on"]) == (1, [])

    def test_an_unknown_makers_instrumentation_counts_as_one(self, site: Site) -> None:
        site.instrumentation(GROQ, FINE)
        site.instrumentation("somebodys-tracing", FINE)
        said = site.run(
            """
            import groq, somebodys_tracing
            somebodys_tracing.Instrumentor().instrument()
            say(report=told(switch_on(provider, only=("groq",))))
            """
        )
        assert said["report"]["skipped"] == {"groq": "already instrumented by somebodys-tracing"}

    def test_it_is_looked_for_again_when_the_wait_is_over(self, site: Site) -> None:
        site.instrumentation(GROQ, FINE)
        site.instrumentation("somebodys-tracing", FINE)
        said = site.run(
            """
            report = switch_on(provider)
            import somebodys_tracing
            somebodys_tracing.Instrumentor().instrument()
            import groq
            say(report=told(report), on=switched_on())
            """
        )
        assert (said["report"]["waiting"]["groq"], said["on"]) == (GROQ, [])

    def test_names_are_compared_as_people_write_them(self, site: Site) -> None:
        site.instrumentation(GROQ, FINE)
        said = site.run(
            """
            asked = told(switch_on(provider, only=("Groq", "google_cloud.aiplatform", "chatgpt")))
            left = told(switch_on(provider, without="GROQ"))
            say(asked=asked, left=left)
            """
        )
        assert said["asked"]["waiting"] == {"groq": GROQ}
        assert said["asked"]["skipped"]["vertexai"] == "not installed"
        assert said["asked"]["skipped"]["chatgpt"].startswith("unknown; known are openai, anthropic")
        assert said["left"]["skipped"]["groq"] == "left out by the caller"

    def test_what_the_application_configured_is_not_constructed_again(self, site: Site) -> None:
        configurable = FINE + "    def __init__(self, level=0):\n        self.level = level\n"
        site.instrumentation(GROQ, configurable)
        module = GROQ.replace("-", "_")
        said = site.run(
            f"""
            import groq
            from {module} import Instrumentor
            made = Instrumentor(level=3)
            say(report=told(switch_on(provider, only=("groq",))), level=made.level)
            """
        )
        assert (said["report"]["on"], said["level"]) == ({"groq": GROQ}, 3)

    @pytest.mark.parametrize(
        ("version", "more", "variables", "own"),
        [
            ("1.12.4", (), {}, False),
            ("2.4.0", (), {}, True),
            ("3.7.0", ("Provides-Extra: telemetry",), {}, False),
            ("3.7.0", ("Provides-Extra: telemetry",), {"MISTRAL_SDK_TELEMETRY": "global"}, True),
        ],
    )
    def test_mistrals_own_spans(
        self, site: Site, version: str, more: tuple[str, ...], variables: Mapping[str, str], own: bool
    ) -> None:
        site.distribution("mistralai", version, "Requires-Dist: opentelemetry-api (>=1.33)", *more)
        script = "trace.set_tracer_provider(provider); say(report=told(switch_on(provider, only=('mistral',))))"
        report = site.run(script, variables)["report"]
        assert report["on"] == ({"mistralai": "mistralai"} if own else {})

    def test_googles_adk_keeps_content_out_of_its_own_spans(self, site: Site) -> None:
        site.distribution("google-adk", "2.13.0")
        said = site.run(
            """
            trace.set_tracer_provider(provider)
            report = told(switch_on(provider, only=("google-adk",)))
            say(report=report, content=os.environ["ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS"])
            """
        )
        assert (said["report"]["on"], said["content"]) == ({"google-adk": "google-adk"}, "false")


def test_the_private_names_that_are_relied_on_still_exist() -> None:
    base: Any = vars(instrumentor)["BaseInstrumentor"]
    assert base._instance is None
    assert base._is_instrumented_by_opentelemetry is False
    assert sys.__spec__ is not None and getattr(os.__spec__, "_initializing", None) is False
