"""``init``: from an application without telemetry, or with its own, to calls on their way to Watchkeeper."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter

from watchkeeper_sdk import semconv
from watchkeeper_sdk._safety import Misuse, guarded, is_strict, logger, say, swallowed
from watchkeeper_sdk.call_context import set_user_salt
from watchkeeper_sdk.configuration import Configuration
from watchkeeper_sdk.drops import report_drops
from watchkeeper_sdk.exporting import NoExporter, make_exporter
from watchkeeper_sdk.finishing import Finisher
from watchkeeper_sdk.instrumentations import Report, switch_on
from watchkeeper_sdk.outbox import Counts, Outbox, OutboxLimits
from watchkeeper_sdk.privacy import Privacy
from watchkeeper_sdk.processor import CallProcessor
from watchkeeper_sdk.records import Value
from watchkeeper_sdk.sending import send_with
from watchkeeper_sdk.threads import carry
from watchkeeper_sdk.tracing import provider_in_use, use_provider
from watchkeeper_sdk.watching import watch_answers


@dataclass(frozen=True)
class Watch:
    """What ``init`` set up."""

    sends_to: str
    """Where calls go, without credentials; empty: nowhere."""
    joined: bool
    """Was there a tracer provider already?"""
    instrumentations: Report
    outbox: Outbox | None = None

    @property
    def counts(self) -> Counts:
        """Calls queued, sent and dropped in this process."""
        return self.outbox.counts if self.outbox is not None else Counts(0, 0, 0)

    def flush(self, timeout_s: float | None = None) -> bool:
        """Send what is queued; false when the time was too short."""
        return self.outbox is None or bool(_flush(self.outbox, timeout_s))


_NOTHING = Watch("", False, Report((), ()))
_active: Watch | None = None
_one_at_a_time = threading.RLock()


def _after_fork_in_child() -> None:
    """Another thread of the parent may have been inside ``init``, and does not exist here."""
    global _one_at_a_time
    _one_at_a_time = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def init(
    service: str | None = None,
    *,
    service_version: str | None = None,
    environment: str | None = None,
    route: str | None = None,
    tenant: str | None = None,
    variant: str | None = None,
    region: str | None = None,
    kafka: str | Collection[str] | None = None,
    endpoint: str | None = None,
    exporter: SpanExporter | None = None,
    tracer_provider: TracerProvider | None = None,
    instrument: bool | Collection[str] | None = None,
    check_answers: bool | None = None,
    refusal_phrases: bool | None = None,
    capture_content: bool | None = None,
    redact: Callable[[str, str], str] | None = None,
    user_hash_salt: str | None = None,
    export_all: bool | None = None,
    queue_size: int | None = None,
    flush_s: float | None = None,
    propagate_threads: bool | None = None,
) -> Watch:
    """Watch this application's model calls. Call it once, after a tracer provider of your own is set.

    Joins the application's tracer provider, or sets one up; sends to Kafka where ``kafka`` names bootstrap servers,
    else by OTLP/HTTP; switches the installed instrumentations on. Each argument is also a variable
    ``WATCHKEEPER_<ARGUMENT>``; see :class:`~watchkeeper_sdk.configuration.Configuration` for their meaning.
    ``exporter`` replaces the one that would be made, ``tracer_provider`` the global one. Never raises; a second call
    changes nothing.
    """
    given = {name: value for name, value in locals().items() if name not in ("exporter", "tracer_provider")}
    with _one_at_a_time:
        return _init(given, exporter, tracer_provider) or _NOTHING


@guarded
def _init(given: Mapping[str, Any], exporter: SpanExporter | None, provider: TracerProvider | None) -> Watch:
    global _active
    if _active is not None:
        logger.debug("watchkeeper_sdk: init() was called before; nothing changed")
        return _active
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        logger.info("watchkeeper_sdk: switched off by OTEL_SDK_DISABLED")
        return _NOTHING
    _check("exporter", exporter, "export")
    _check("tracer_provider", provider, "add_span_processor")
    configuration = Configuration.read(**given)
    try:
        made = (exporter, type(exporter).__name__) if exporter is not None else make_exporter(configuration)
    except NoExporter as reason:
        if is_strict():
            raise
        say("no-exporter", "watchkeeper_sdk: calls are not sent: %s", reason)
        return _NOTHING
    _active = _set_up(configuration, provider, *made)
    _tell(_active)
    return _active


def _check(argument: str, given: object, method: str) -> None:
    if given is not None and not callable(getattr(given, method, None)):
        raise Misuse(f"{argument} must have the method {method}, and {type(given).__name__} has none")


def flush(timeout_s: float | None = None) -> bool:
    """Send what is queued now, e.g. at the end of a serverless invocation; false when the time was too short."""
    return _active is None or _active.flush(timeout_s)


def counts() -> Counts:
    """Calls queued, sent and dropped in this process."""
    return _active.counts if _active is not None else Counts(0, 0, 0)


def shutdown(timeout_s: float | None = None) -> None:
    """Flush and stop sending; ``init`` may be called again. Instrumentations stay on."""
    _shutdown(timeout_s)


def set_aside() -> tuple[trace.TracerProvider | None, Callable[[], None]]:
    """For tests: look away, as if ``init`` had not been called; gives the provider in use, and what ends it."""
    global _active
    active, _active = _active, None
    provider = provider_in_use()
    use_provider(None)
    send_with(None)
    outbox = active.outbox if active is not None else None
    if active is None or outbox is None:
        return None, lambda: None
    outbox.paused = True

    def take_back() -> None:
        global _active
        _active = active
        outbox.paused = False
        use_provider(provider)
        send_with(outbox.put)

    return provider, take_back


@guarded
def _flush(outbox: Outbox, timeout_s: float | None) -> bool:
    return outbox.flush(timeout_s)


@guarded
def _shutdown(timeout_s: float | None) -> None:
    global _active
    active, _active = _active, None
    send_with(None)
    use_provider(None)
    if active is not None and active.outbox is not None:
        active.outbox.shutdown(timeout_s)


def _set_up(configuration: Configuration, given: TracerProvider | None, exporter: SpanExporter, sends_to: str) -> Watch:
    set_user_salt(configuration.user_hash_salt)
    privacy = Privacy(configuration.capture_content, configuration.redact)
    finish = Finisher(privacy, _defaults(configuration), _resource(configuration))
    outbox = Outbox(exporter, finish, OutboxLimits(capacity=configuration.queue_size), configuration.flush_s)
    provider, joined = (given, True) if given is not None else _provider(configuration)
    provider.add_span_processor(CallProcessor(outbox, configuration.export_all))
    send_with(outbox.put)
    use_provider(provider)
    report_drops(outbox)
    if configuration.propagate_threads:
        carry()
    if configuration.check_answers:
        watch_answers(configuration.refusal_phrases)
    return Watch(sends_to, joined, _instrument(configuration, provider), outbox)


def _provider(configuration: Configuration) -> tuple[TracerProvider, bool]:
    """The application's provider, or a new one. One that cannot be joined stays, and ours stands beside it."""
    existing = trace.get_tracer_provider()
    if isinstance(existing, TracerProvider) or hasattr(existing, "add_span_processor"):
        return existing, True  # type: ignore[return-value]
    provider = TracerProvider(resource=Resource.create(dict(_resource(configuration))), shutdown_on_exit=False)
    if isinstance(existing, trace.ProxyTracerProvider):
        trace.set_tracer_provider(provider)
    return provider, False


def _instrument(configuration: Configuration, provider: TracerProvider) -> Report:
    if configuration.instrument is False:
        return Report((), ())
    only = None if configuration.instrument is True else configuration.instrument
    try:
        return switch_on(provider, only=only, capture_content=configuration.capture_content)
    except Exception as error:  # calls made by hand are still watched
        if is_strict():
            raise
        swallowed("switching instrumentations on", error)
        return Report((), ())


def _defaults(configuration: Configuration) -> dict[str, Value]:
    words = {
        semconv.ROUTE: configuration.route,
        semconv.TENANT: configuration.tenant,
        semconv.VARIANT: configuration.variant,
    }
    return {key: word for key, word in words.items() if word}


def _resource(configuration: Configuration) -> dict[str, str]:
    """What was said here. ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES`` are the SDK's to read."""
    words = {
        "service.name": configuration.service,
        "service.version": configuration.service_version,
        "deployment.environment.name": configuration.environment,
        "cloud.region": configuration.region,
    }
    return {key: word for key, word in words.items() if word}


def _tell(watch: Watch) -> None:
    found = (*watch.instrumentations.on, *watch.instrumentations.waiting)
    on = ", ".join(f"{one.library} ({one.distribution} {one.version})" for one in found)
    logger.info("watchkeeper_sdk: calls go to %s; instrumented: %s", watch.sends_to, on or "nothing")
    for one in watch.instrumentations.skipped:
        if one.reason.startswith("unknown"):
            say(f"unknown:{one.library}", "watchkeeper_sdk: instrument=%r: %s", one.library, one.reason)
