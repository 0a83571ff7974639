"""Which libraries can be watched, and by which published instrumentations.

The order is the order of preference: OpenTelemetry's own, then OpenInference, then OpenLLMetry, except where one of
them is known to miss calls or to end spans too early.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from importlib.metadata import Distribution, PackageNotFoundError, distribution


class Maker(Enum):
    """Who publishes an instrumentation: it decides how content is kept out of its spans."""

    OPENTELEMETRY = "OpenTelemetry"
    OPENINFERENCE = "OpenInference"
    OPENLLMETRY = "OpenLLMetry"


@dataclass(frozen=True)
class Instrumentation:
    """A published instrumentation."""

    distribution: str
    maker: Maker
    entry_point: str = ""
    """Its name, where the distribution has several; empty: the only one."""
    options: Mapping[str, object] = field(default_factory=dict)
    """Further arguments of ``instrument()``."""


@dataclass(frozen=True)
class OwnSpans:
    """Spans that a library makes without an instrumentation, of the global tracer provider."""

    are_on: Callable[[Distribution], bool]
    """For the installed release, in this environment."""
    end_with: str = ""
    """The setting that ends them; empty: there is none."""
    without_content: Mapping[str, str] = field(default_factory=dict)
    """Environment that keeps content out where it is in by default."""
    with_content: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Library:
    """A library that makes model calls."""

    name: str
    """In arguments and reports, and the extra of this distribution."""
    distributions: tuple[str, ...]
    """Any of them installed: the library is."""
    modules: tuple[str, ...]
    """What an application imports of it; whichever comes first. Instrumenting imports it, too."""
    instrumentations: tuple[Instrumentation, ...] = ()
    own_spans: OwnSpans | None = None
    aliases: tuple[str, ...] = ()

    def is_named(self, names: Collection[str]) -> bool:
        """Is the library among these names?"""
        mine = {normalised(name) for name in (self.name, *self.distributions, *self.aliases)}
        return any(normalised(name) in mine for name in names)

    def installed(self) -> Distribution | None:
        """The installed distribution."""
        for name in self.distributions:
            try:
                return distribution(name)
            except PackageNotFoundError:
                continue
        return None


def normalised(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _official(name: str, entry_point: str = "") -> Instrumentation:
    return Instrumentation(f"opentelemetry-instrumentation-{name}", Maker.OPENTELEMETRY, entry_point)


def _openinference(name: str, **options: object) -> Instrumentation:
    return Instrumentation(f"openinference-instrumentation-{name}", Maker.OPENINFERENCE, options=options)


def _openllmetry(name: str) -> Instrumentation:
    return Instrumentation(f"opentelemetry-instrumentation-{name}", Maker.OPENLLMETRY)


def _needs_opentelemetry(installed: Distribution) -> bool:
    return any(one.startswith("opentelemetry-api") and "extra ==" not in one for one in installed.requires or ())


def _anthropic_spans(installed: Distribution) -> bool:
    return _needs_opentelemetry(installed) and os.environ.get("ANTHROPIC_OPEN_TELEMETRY", "").lower() != "false"


def _mistral_spans(installed: Distribution) -> bool:
    """Release 1 says too little in a stream to be enough; later ones made spans always, then only on request."""
    if not _needs_opentelemetry(installed) or installed.version.startswith("1."):
        return False
    on_request = "telemetry" in (installed.metadata.get_all("Provides-Extra") or ())
    return not on_request or os.environ.get("MISTRAL_SDK_TELEMETRY", "").strip().lower() == "global"


def _always(_installed: Distribution) -> bool:
    return True


LIBRARIES: tuple[Library, ...] = (
    Library(
        "openai",
        ("openai",),
        ("openai",),
        # openai-v2 sees no Responses.
        (_official("genai-openai"), _openinference("openai"), _openllmetry("openai"), _official("openai-v2")),
    ),
    Library(
        "anthropic",
        ("anthropic",),
        ("anthropic",),
        (_official("genai-anthropic"), _openinference("anthropic"), _openllmetry("anthropic")),
        OwnSpans(
            _anthropic_spans,
            end_with="ANTHROPIC_OPEN_TELEMETRY=false",
            with_content={"ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE": "content"},
        ),
    ),
    Library(
        "google-genai",
        ("google-genai",),
        ("google.genai",),
        (_official("google-genai"), _openinference("google-genai"), _openllmetry("google-generativeai")),
        aliases=("gemini",),
    ),
    Library(
        "mistralai",
        ("mistralai",),
        ("mistralai.client", "mistralai"),
        (_openinference("mistralai"), _openllmetry("mistralai")),
        OwnSpans(_mistral_spans),
        aliases=("mistral",),
    ),
    Library("cohere", ("cohere",), ("cohere",), (_openinference("cohere"), _openllmetry("cohere"))),
    Library(
        "bedrock",
        ("boto3",),
        ("boto3",),
        # botocore's makes a span of every AWS request, not of model calls alone.
        (
            _official("genai-bedrock"),
            _openinference("bedrock"),
            _openllmetry("bedrock"),
            _official("botocore", "botocore"),
        ),
        aliases=("botocore",),
    ),
    Library(
        "vertexai", ("google-cloud-aiplatform",), ("vertexai",), (_openinference("vertexai"), _openllmetry("vertexai"))
    ),
    # OpenInference ends a stream's span before the stream, and without its tokens.
    Library("groq", ("groq",), ("groq",), (_openllmetry("groq"), _openinference("groq"))),
    Library("ollama", ("ollama",), ("ollama",), (_openinference("ollama"), _openllmetry("ollama"))),
    Library("together", ("together",), ("together",), (_openinference("together"), _openllmetry("together"))),
    Library("litellm", ("litellm",), ("litellm",), (_openinference("litellm"), _openllmetry("litellm"))),
    Library(
        "langchain",
        ("langchain-core", "langchain"),
        ("langchain_core",),
        (_official("genai-langchain"), _openinference("langchain"), _openllmetry("langchain")),
    ),
    Library(
        "llama-index",
        ("llama-index-core", "llama-index"),
        ("llama_index.core",),
        (_official("genai-llama-index"), _openinference("llama-index"), _openllmetry("llamaindex")),
    ),
    Library(
        "openai-agents",
        ("openai-agents",),
        ("agents",),
        (
            _official("genai-openai-agents"),
            # It would replace the application's own trace processors.
            _openinference("openai-agents", exclusive_processor=False),
            _openllmetry("openai-agents"),
        ),
    ),
    Library(
        "google-adk",
        ("google-adk",),
        ("google.adk",),
        own_spans=OwnSpans(_always, without_content={"ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS": "false"}),
    ),
)
"""Frameworks beside the clients they call: the platform counts a call once however many layers report it."""
