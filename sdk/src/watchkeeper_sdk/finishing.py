"""From an ended span and what was added to it to the span that is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, Status

from watchkeeper_sdk.encodable import encodable, encodable_text
from watchkeeper_sdk.privacy import Privacy
from watchkeeper_sdk.records import CallRecord, Value

if TYPE_CHECKING:
    from opentelemetry.util.types import AttributeValue


class Finisher:
    """Makes the copy that is sent; the span itself, which other exporters see too, stays as it is.

    ``defaults`` fill attributes that the call lacks; ``resource`` overrides the provider's where it says something.
    """

    def __init__(self, privacy: Privacy, defaults: Mapping[str, Value], resource: Mapping[str, str]) -> None:
        self._privacy = privacy
        self._defaults = defaults
        self._own = Resource(encodable(resource))
        self._merged: tuple[Resource, Resource] | None = None

    def __call__(self, record: CallRecord) -> ReadableSpan:
        span = record.span
        attributes = self._attributes(record)
        name = self._privacy.span_name(encodable_text(span.name), attributes.get("gen_ai.operation.name"))
        return ReadableSpan(
            name=encodable_text(name),
            context=span.context,
            parent=span.parent,
            resource=self._resource(span.resource),
            attributes=encodable(attributes),
            events=[*self._events(span.events), *self._added_events(record)],
            links=[Link(one.context, self._privacy.attributes(one.attributes or {})) for one in span.links],
            kind=span.kind,
            status=self._status(span.status),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    def _attributes(self, record: CallRecord) -> dict[str, AttributeValue]:
        """What was added after the call wins, then the span's own, then the surrounding blocks', then the defaults."""
        attributes: dict[str, AttributeValue] = {**self._defaults, **self._privacy.attributes(record.values)}
        attributes.update(self._privacy.attributes(record.span.attributes or {}))
        # A copy: the application may be adding to it at this moment.
        attributes.update(self._privacy.attributes(dict(record.added)))
        return attributes

    def _status(self, given: Status) -> Status:
        failure = self._privacy.failure(given.description)
        return Status(given.status_code, encodable_text(failure) if failure else None)

    def _events(self, events: Sequence[Event]) -> list[Event]:
        named = [(self._privacy.event_name(encodable_text(one.name)), one) for one in events]
        return [
            _event(name, self._privacy.attributes(one.attributes or {}), one.timestamp) for name, one in named if name
        ]

    def _added_events(self, record: CallRecord) -> list[Event]:
        return [_event(*one) for one in list(record.events)]

    def _resource(self, given: Resource) -> Resource:
        """The same object for the same resource: the encoder groups by it."""
        if self._merged is None or self._merged[0] is not given:
            kept = Resource(encodable(self._privacy.attributes(given.attributes)), given.schema_url)
            self._merged = (given, kept.merge(self._own))
        return self._merged[1]


def _event(name: str, attributes: Mapping[str, AttributeValue], at_ns: int) -> Event:
    return Event(encodable_text(name), encodable(attributes), at_ns)
