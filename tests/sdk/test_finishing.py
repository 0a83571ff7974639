"""The copy that is sent: what it adds, whose word wins, and that one odd span cannot keep the others."""

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.trace import Status, StatusCode

from tests.sdk.platform import staged
from tests.sdk.spans import CHAT, ended
from watchkeeper_sdk.encodable import encodable, encodable_text
from watchkeeper_sdk.finishing import Finisher
from watchkeeper_sdk.privacy import Privacy
from watchkeeper_sdk.records import CallRecord

FINISH = Finisher(Privacy(), {"watchkeeper.route": "default"}, {"service.name": "shop", "service.version": "2"})
_PROVIDER = TracerProvider(shutdown_on_exit=False)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=9,
)


def test_what_was_said_last_wins() -> None:
    one = CallRecord(ended(attributes=CHAT | {"watchkeeper.tenant": "span"}), {"watchkeeper.tenant": "block"})
    assert (FINISH(one).attributes or {})["watchkeeper.tenant"] == "span"
    one.add({"watchkeeper.tenant": "later"})
    one.add_event("gen_ai.evaluation.result", {"gen_ai.evaluation.name": "feedback"})
    sent = FINISH(one)
    assert dict(sent.attributes or {}) == CHAT | {"watchkeeper.tenant": "later", "watchkeeper.route": "default"}
    assert [event.name for event in sent.events] == ["gen_ai.evaluation.result"]
    assert dict(one.span.attributes or {}) == CHAT | {"watchkeeper.tenant": "span"}, "the span itself stays as it is"


def test_the_resource_is_the_applications_with_what_was_said_to_us() -> None:
    provider = TracerProvider(
        resource=Resource({"service.name": "theirs", "host.name": "h1", "note": "in plain words"}),
        shutdown_on_exit=False,
    )
    spans = []
    for _ in range(2):
        span = provider.get_tracer("t").start_span("chat", attributes=CHAT)
        span.end()
        assert isinstance(span, ReadableSpan)
        spans.append(FINISH(CallRecord(span)))
    first, second = spans
    assert dict(first.resource.attributes) == {"service.name": "shop", "service.version": "2", "host.name": "h1"}
    assert first.resource is second.resource, "the encoder groups by it"


def test_prose_leaves_neither_as_a_spans_name_nor_as_an_events() -> None:
    prose = "my sister Ann lives in Bern and she likes it"
    span = _PROVIDER.get_tracer("t").start_span(prose, attributes=CHAT | {prose: 1})
    span.add_event(prose)
    span.add_event("gen_ai.choice", {"gen_ai.evaluation.score.label": prose, "gen_ai.evaluation.explanation": "Ann"})
    span.end()
    assert isinstance(span, ReadableSpan)
    sent = FINISH(CallRecord(span))
    assert sent.name == "chat" and "Ann" not in sent.to_json()
    assert [event.name for event in sent.events] == ["gen_ai.choice"]


def _odd_name() -> Any:
    return ended("chat \ud83d")


def _no_name() -> Any:
    return ended(None)  # type: ignore[arg-type]


def _odd_parts() -> Any:
    span = TracerProvider(shutdown_on_exit=False).get_tracer("t").start_span("chat", attributes=CHAT)
    span.add_event("event \ud83d", {"n\ud83d": 1 << 80, "watchkeeper.x": "\udc00"})
    span.set_status(Status(StatusCode.ERROR, "timed out \ud83d"))
    span.end()
    return span


@pytest.mark.parametrize("make", [_odd_name, _no_name, _odd_parts])
def test_one_odd_span_does_not_keep_the_others_of_its_batch(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "opentelemetry.exporter"):
        read = staged([FINISH(CallRecord(make())), FINISH(CallRecord(ended()))])
    assert read.calls.num_rows == 2 and not read.bad and not caplog.messages


@pytest.mark.property
@given(ANY, st.text(st.characters()))
def test_whatever_an_attribute_holds_can_be_encoded(value: Any, text: str) -> None:
    kept = encodable({text or "k": value})
    span = ReadableSpan(encodable_text(text), ended().context, resource=Resource({}), attributes=kept)
    (encoded,) = encode_spans([span]).resource_spans[0].scope_spans[0].spans
    assert len(encoded.attributes) == len(kept) <= 1


def test_what_can_be_sent_is_left_as_it_is() -> None:
    given = {"text": "née 😀", "n": -(1 << 63), "m": (1 << 63) - 1, "f": 0.5, "b": True, "list": ["a", 1]}
    assert encodable(given) == given
    assert encodable({"n": 1 << 63, "m": -(1 << 63) - 1, "list": ["\ud83d", 1 << 90]}) == {"list": ["?"]}
