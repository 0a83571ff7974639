"""Switching on the installed instrumentations of model libraries, each library's once.

Instrumenting imports the library, which takes from half a second to several. So it waits until the application imports
the library itself; what is imported already is instrumented at once. Spans come without content at their source.

A library that makes good spans itself is left to them: Anthropic's client (unless ``ANTHROPIC_OPEN_TELEMETRY=false``),
Mistral's from release 2 on (from about 2.10 on only with ``MISTRAL_SDK_TELEMETRY=global``) and Google's ADK. They use
the global tracer provider; where the given one is another, an instrumentation is switched on for it. Azure's inference
client makes spans when the application calls its ``AIInferenceInstrumentor``; that is left to the application.
What is on already, however it was switched on, stays as it is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from opentelemetry import trace

from watchkeeper_sdk._safety import say, swallowed
from watchkeeper_sdk.instrumentation_packages import Package, find_packages, rivals, usable
from watchkeeper_sdk.instrumentation_table import LIBRARIES, Instrumentation, Library, Maker

_CONTENT_OFF: Mapping[Maker, Mapping[str, str]] = {Maker.OPENLLMETRY: {"TRACELOOP_TRACE_CONTENT": "false"}}
_CONTENT_ON: Mapping[Maker, Mapping[str, str]] = {
    Maker.OPENTELEMETRY: {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "span_only"}
}
_HIDDEN = (
    "hide_inputs",
    "hide_outputs",
    "hide_llm_tools",
    "hide_embedding_vectors",
    "hide_embeddings_vectors",
    "hide_embeddings_text",
    "hide_retrieval_documents",
)
"""Of OpenInference's switches; invocation parameters stay, for they say that JSON was asked for."""


@dataclass(frozen=True)
class SwitchedOn:
    """A library whose calls become spans."""

    library: str
    distribution: str
    """What makes the spans: an instrumentation, or the library itself."""
    version: str


@dataclass(frozen=True)
class Skipped:
    """An installed library that is left alone, or a name that was asked for in vain."""

    library: str
    reason: str


@dataclass(frozen=True)
class Report:
    """What became of every installed library."""

    on: tuple[SwitchedOn, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    waiting: tuple[SwitchedOn, ...] = ()
    """Switched on as soon as the application imports the library."""


_on: dict[str, SwitchedOn] = {}
_waiting: dict[str, SwitchedOn] = {}
_half_done: dict[str, Skipped] = {}
"""Left as they are: a second try might put a second wrapper around what the first has wrapped."""


def switch_on(
    tracer_provider: trace.TracerProvider,
    *,
    only: Collection[str] | None = None,
    without: Collection[str] = (),
    capture_content: bool = False,
) -> Report:
    """Instrument the installed libraries, all or those named ``only``, but none named in ``without``.

    Honours ``OTEL_PYTHON_DISABLED_INSTRUMENTATIONS``. A second call switches nothing on twice. Never raises: a package
    that fails is skipped with its reason, and the next best is tried where nothing was changed yet.
    ``capture_content`` leaves content to each instrumentation's own settings, and switches it on in OpenTelemetry's.
    """
    only, without = (only,) if isinstance(only, str) else only, (without,) if isinstance(without, str) else without
    switch = _Switch(tracer_provider, capture_content)
    for name in only or ():
        if not any(library.is_named((name,)) for library in LIBRARIES):
            switch.skip(name, f"unknown; known are {', '.join(library.name for library in LIBRARIES)}")
    for library in LIBRARIES:
        asked = only is not None and library.is_named(only)
        if only is None or asked:
            switch.library(library, asked=asked, left_out=library.is_named(without))
    return Report(tuple(switch.on), tuple(switch.skipped), tuple(switch.waiting))


def switched_on() -> tuple[SwitchedOn, ...]:
    """What :func:`switch_on` has switched on so far, with what had to wait."""
    return tuple(_on.values())


def available() -> dict[str, tuple[str, ...]]:
    """Installed libraries, each with the installed distributions that can make its spans, best first."""
    packages = find_packages()
    found: dict[str, tuple[str, ...]] = {}
    for library in LIBRARIES:
        installed = library.installed()
        if installed is not None:
            own = library.own_spans is not None and library.own_spans.are_on(installed)
            makers = [package.distribution for package, _ in usable(library, packages) if not package.conflict(library)]
            found[library.name] = (*((installed.name,) if own else ()), *makers)
    return found


class _Switch:
    """One call of :func:`switch_on`."""

    def __init__(self, provider: trace.TracerProvider, capture_content: bool) -> None:
        self.on: list[SwitchedOn] = []
        self.skipped: list[Skipped] = []
        self.waiting: list[SwitchedOn] = []
        self._provider = provider
        self._capture_content = capture_content
        self._packages = _found()

    def skip(self, library: str, reason: str) -> None:
        self.skipped.append(Skipped(library, reason))

    def library(self, library: Library, asked: bool, left_out: bool) -> None:
        """Decide what becomes of one library, and do it."""
        try:
            self._library(library, asked, left_out)
        except Exception as error:  # noqa: BLE001  one library must not stop the others, nor the application
            swallowed(f"instrumenting {library.name}", error)
            self.skip(library.name, f"failed: {type(error).__name__}")

    def _library(self, library: Library, asked: bool, left_out: bool) -> None:
        installed = library.installed()
        if installed is None:
            if asked:
                self.skip(library.name, "not installed")
            return
        own = library.own_spans if library.own_spans is not None and library.own_spans.are_on(installed) else None
        too = f"; its own spans are on, {own.end_with} ends them" if own is not None and own.end_with else ""
        other = next((package for package in rivals(library, self._packages) if package.is_on), None)
        if left_out:
            self.skip(library.name, f"left out by the caller{too}")
        elif other is not None:
            self.skip(library.name, f"already instrumented by {other.distribution}{too}")
        elif own is not None and trace.get_tracer_provider() is self._provider:
            _set_environment(own.with_content if self._capture_content else own.without_content)
            self._take(SwitchedOn(library.name, installed.name, installed.version))
        elif library.name in _half_done:
            self._take(_half_done[library.name])
        elif library.name in _waiting:
            self.waiting.append(_waiting[library.name])
        else:
            self._choose(library)

    def _choose(self, library: Library) -> None:
        installed = usable(library, self._packages)
        enabled = [choice for choice in installed if not choice[0].is_disabled]
        conflicts = {package: package.conflict(library) for package, _ in enabled}
        choices = tuple(choice for choice in enabled if not conflicts[choice[0]])
        if not installed:
            self.skip(library.name, f"no instrumentation installed: pip install 'watchkeeper-sdk[{library.name}]'")
        elif not enabled:
            self.skip(library.name, "disabled by OTEL_PYTHON_DISABLED_INSTRUMENTATIONS")
        elif not choices:
            self.skip(library.name, "; ".join(conflicts.values()))
        else:
            rivalling = tuple(rivals(library, self._packages))
            self._do(_Task(library, choices, rivalling, self._provider, self._capture_content))

    def _do(self, task: _Task) -> None:
        imported = any(module in sys.modules for module in task.library.modules)
        if imported or not task.wait():
            self._take(task.instrument())
        else:
            self.waiting.append(task.intended)

    def _take(self, outcome: SwitchedOn | Skipped) -> None:
        if isinstance(outcome, SwitchedOn):
            _on[outcome.library] = outcome
            self.on.append(outcome)
        else:
            self.skipped.append(outcome)


@dataclass(frozen=True)
class _Task:
    """Instrumenting one library."""

    library: Library
    choices: tuple[tuple[Package, Instrumentation], ...]
    """Best first; at least one."""
    rivals: tuple[Package, ...]
    provider: trace.TracerProvider
    capture_content: bool

    @property
    def intended(self) -> SwitchedOn:
        package = self.choices[0][0]
        return SwitchedOn(self.library.name, package.distribution, package.version)

    def wait(self) -> bool:
        """Instrument when the application imports the library; false where that cannot be noticed."""
        try:
            from wrapt import register_post_import_hook  # noqa: PLC0415  every instrumentation depends on it
        except ImportError:
            return False
        _waiting[self.library.name] = self.intended
        for module in self.library.modules:
            register_post_import_hook(self._imported, module)
        return True

    def _imported(self, _module: object) -> None:
        """Inside the application's ``import``: an exception would make that fail."""
        if _waiting.pop(self.library.name, None) is None:
            return
        try:
            if any(package.is_on or package.is_being_imported for package in self.rivals):
                return
            outcome = self.instrument()
            if isinstance(outcome, SwitchedOn):
                _on[self.library.name] = outcome
        except Exception as error:  # noqa: BLE001
            swallowed(f"instrumenting {self.library.name}", error)

    def instrument(self) -> SwitchedOn | Skipped:
        """Switch the best on that works. After one has failed half-way no other is tried: both might be in effect."""
        failures = []
        half_done = False
        for package, instrumentation in self.choices:
            try:
                instrumentor = package.instrumentor()
                options = _options(instrumentation, self.capture_content)
                half_done = True
                instrumentor.instrument(tracer_provider=self.provider, raise_exception_on_conflict=True, **options)
                if instrumentor.is_instrumented_by_opentelemetry:
                    return SwitchedOn(self.library.name, package.distribution, package.version)
                kind = "refused"
            except Exception as error:  # noqa: BLE001  a package of others
                kind = type(error).__name__
            half_done = half_done and kind not in ("refused", "DependencyConflictError")
            failures.append(f"{package.distribution} ({kind})")
            if half_done:
                break
        return _failed(self.library, failures, half_done)


def _found() -> tuple[Package, ...]:
    try:
        return find_packages()
    except Exception as error:  # noqa: BLE001  metadata of others
        swallowed("looking for instrumentations", error)
        return ()


def _failed(library: Library, failures: Sequence[str], half_done: bool) -> Skipped:
    skipped = Skipped(library.name, f"failed: {', '.join(failures)}")
    if half_done:
        _half_done[library.name] = skipped
    say(f"instrumenting:{library.name}", "watchkeeper_sdk: %s is not instrumented; %s", library.name, skipped.reason)
    return skipped


def _options(instrumentation: Instrumentation, capture_content: bool) -> dict[str, Any]:
    """Arguments that keep content out; where it is the environment that decides, that is set."""
    _set_environment((_CONTENT_ON if capture_content else _CONTENT_OFF).get(instrumentation.maker, {}))
    options = dict(instrumentation.options)
    if instrumentation.maker is Maker.OPENINFERENCE and not capture_content:
        from openinference.instrumentation import TraceConfig  # noqa: PLC0415  comes with the instrumentation

        known = {one.name for one in fields(TraceConfig)}
        hidden: dict[str, Any] = dict.fromkeys(known.intersection(_HIDDEN), True)
        options["config"] = TraceConfig(**hidden)
    return options


def _set_environment(defaults: Mapping[str, str]) -> None:
    """What the user has set stays."""
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
