"""What may leave the process: numbers, flags and identifiers; of content nothing, unless it was asked for."""

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link, Status, StatusCode

from collector.dialects import FLAG_READINGS, NUMBER_READINGS
from watchkeeper_sdk import _safety, semconv
from watchkeeper_sdk.call_context import hashed_user, set_user_salt
from watchkeeper_sdk.failure_words import failure_words
from watchkeeper_sdk.privacy import Privacy
from watchkeeper_sdk.testing import watching

PROSE = "my sister Ann lives in Bern"
KEPT: dict[str, Any] = {
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.response.finish_reasons": ["stop", "length"],
    "gen_ai.usage.input_tokens": 12,
    "gen_ai.request.temperature": 0.5,
    "gen_ai.request.stream": True,
    "server.address": "api.openai.com",
    "gen_ai.agent.name": "Order desk",
    "gen_ai.prompt.name": "greet the customer",
    "gen_ai.evaluation.name": "how useful",
    "gen_ai.evaluation.score.label": "quite good",
    "watchkeeper.tag.team": "blue team",
    "llm.finish_reason": "stop",
    "gen_ai.completion.0.finish_reason": "stop",
    "gen_ai.prompt.0.role": "user",
    "numbers": [1, 2.5, True],
}
LEFT_OUT: dict[str, Any] = {
    "gen_ai.input.messages": "Ann",
    "gen_ai.prompt.0.content": "Ann",
    "input.value": "Ann",
    "llm.input_messages.0.message.content": "Ann",
    "traceloop.entity.output": "Ann",
    "tool.arguments": "Ann",
    "gen_ai.tool.call.result": "Ann",
    "gen_ai.system_instructions": "Ann",
    "http.request.header.authorization": "Bearer-1",
    "api_key": "k-1",
    "db.password": "p",
    "secret.number": 7,
    "custom": PROSE,
    "custom.list": [PROSE],
    "custom.json": '{"note": "Ann"}',
    "custom.nested": [{"note": "Ann"}, ["Ann"]],
    "custom.mapping": {"note": "Ann"},
    "custom.bytes": b"Ann",
    "long": "x" * 300,
    "user.name": "Ann",
    "user.email": "ann@example.org",
    "traceloop.association.properties.user_email": "ann@example.org",
    "langfuse.trace.metadata.userName": "Ann",
    "custom.contact": "ann@example.org",
    "process.owner": "ann",
    "db.user": "ann",
    "db.connection_string": "postgres://ann:pw@db/shop",
    "auth.token": "t-1",
    "langfuse.trace.metadata.token": "t-1",
    "langsmith.metadata.refresh_token": "t-1",
    "url.query": "key=k-1",
    "custom.url": "https://ann:p/w@host/x",
    "custom.note": "\u59b9\u59b9\u5b89\u4f4f\u5728\u4f2f\u5c14\u5c3c",
    "gen_ai.agent.name": f"{PROSE} and likes it",
    "customer.name": "Ann of Bern",
    "customer.key": "Ann of Bern",
    "gen_ai.prompt.1.content": 4711,
    "gen_ai.tool.call.arguments": 4711,
    "db.passwd": 4711,
    "gen_ai.evaluation.score.label": PROSE,
    "gen_ai.evaluation.explanation": "Ann",
    "what Ann said": 1,
    "k\u00e9y": 1,
}
ADDRESSES = {
    "url.full": ("https://ann:pw@api.example.org:8443/v1/chat?key=k-1#x", "https://api.example.org:8443/v1/chat"),
    "http.url": ("http://[::1]:80/v1?q=1", "http://[::1]:80/v1"),
    "openai.api_base": ("https://k-1@example.org/v1/", "https://example.org/v1/"),
    "custom.words": ("jdbc:postgresql://ann:p@w@db/shop", "jdbc:postgresql://db/shop"),
    "http.target": ("/v1/chat?key=k-1", "/v1/chat"),
    "url.path": ("/v1/chat#k-1", "/v1/chat"),
    "server.address": ("ann:pw@db:5432", "db:5432"),
    "gen_ai.agent.name": ("https://ann:pw@example.org/a?b", "https://example.org/a"),
}
SPAN_NAMES = {
    "chat gpt-4o": "chat gpt-4o",
    "Chat Completion with {request_data[model]!r}": "Chat Completion with {request_data[model]!r}",
    f"chat gpt-4o {PROSE} and likes it there": "chat gpt-4o",
    f"{PROSE} and she likes it there": "embeddings",
    '{"q": "Ann"}': "embeddings",
    "mail ann@example.org": "embeddings",
    "x" * 200: "embeddings",
    "GET https://ann:pw@example.org/a?key=k-1": "GET https://example.org/a",
}


USER_KEYS = (
    "ai.telemetry.metadata.userId",
    "ai.telemetry.metadata.user_id",
    "enduser.id",
    "enduser.pseudo.id",
    "gen_ai.request.user",
    "gen_ai.user.id",
    "langfuse.trace.metadata.user_id",
    "langfuse.user.id",
    "langsmith.metadata.user_id",
    "litellm.end_user.id",
    "llm.user",
    "traceloop.association.properties.user_id",
    "user.id",
)


@pytest.fixture(autouse=True)
def salted() -> None:
    set_user_salt("pepper")
    _safety._said_at.clear()


def test_what_looks_like_an_identifier_is_kept() -> None:
    assert Privacy().attributes(KEPT) == KEPT


@pytest.mark.parametrize("key", LEFT_OUT)
def test_content_secrets_and_prose_are_left_out(key: str) -> None:
    assert Privacy().attributes({key: LEFT_OUT[key], "gen_ai.system": "openai"}) == {"gen_ai.system": "openai"}


def test_a_list_keeps_its_identifiers() -> None:
    kept = Privacy().attributes({"stop": ["end", PROSE, 3, ("nested",)]})
    assert kept == {"stop": ["end", 3]}


@pytest.mark.parametrize("key", USER_KEYS)
@pytest.mark.parametrize("user", ["jane", "0" * 32, 4711, 47.5, True, ("jane", "doe"), "ja\ud83dne"])
def test_users_are_hashed_whatever_they_look_like(key: str, user: Any) -> None:
    (kept,) = Privacy().attributes({key: user}).values()
    assert kept == hashed_user(user) != user
    assert Privacy(capture_content=True).attributes({key: user}) == {semconv.USER_HASH: hashed_user(user)}


def test_our_own_hash_is_not_hashed_again_and_without_a_salt_users_are_left_out() -> None:
    own = {semconv.USER_HASH: hashed_user("jane") or ""}
    assert Privacy().attributes(own) == own
    assert Privacy().attributes({semconv.USER_HASH: "jane"}) == {}
    set_user_salt("")
    assert Privacy().attributes({"user.id": "jane", "enduser.id": 4711}) == {}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (f"Error code: 429 - rate_limit_exceeded for '{PROSE}'", "Error code: 429; rate_limit_exceeded"),
        ("503 UNAVAILABLE. Ann is overloaded", "503 UNAVAILABLE; overloaded"),
        ("500 dollars were paid by Ann", "500"),
        ("Connection Ann made", None),
        ("Connection reset by peer", "Connection reset"),
        ("Request timed out after Ann", "timed out"),
        ("1 validation error for Ann: JSONDecodeError", "validation error; JSONDecodeError"),
        ("The response was filtered due to ResponsibleAIPolicyViolation", "ResponsibleAIPolicyViolation"),
        (PROSE, None),
    ],
)
def test_error_texts_keep_only_the_words_that_tell_their_kind(message: str, words: str | None) -> None:
    assert failure_words(message) == words
    assert Privacy().attributes({"exception.message": message}) == ({"exception.message": words} if words else {})


@pytest.mark.property
@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_error_texts_are_bounded_whatever_they_are(message: str) -> None:
    found = failure_words(message * 50)
    assert found is None or len(found) <= 256


def test_captured_content_passes_the_hook() -> None:
    def redact(key: str, text: str) -> str:
        return text.replace("Ann", f"<{key.rpartition('.')[2]}>")

    given: dict[str, Any] = {
        "gen_ai.input.messages": [{"role": "user", "parts": [{"content": "Ann?"}]}, "Ann!"],
        "input.value": PROSE,
        "gen_ai.usage.input_tokens": 12,
        "api_key": "k-1",
        "raw": b"Ann",
    }
    assert Privacy(True).attributes(given) == {key: given[key] for key in given if key != "api_key"}
    assert Privacy(True, redact).attributes(given) == {
        "gen_ai.input.messages": [{"role": "user", "parts": [{"content": "<messages>?"}]}, "<messages>!"],
        "input.value": PROSE.replace("Ann", "<value>"),
        "gen_ai.usage.input_tokens": 12,
    }
    assert Privacy(True, redact).failure("Ann failed") == "<message> failed"
    assert Privacy(True).failure("Ann failed") == "Ann failed"


@pytest.mark.parametrize("hook", ["no function", lambda: "no arguments", lambda key, text: 1 / 0])
def test_where_the_hook_fails_nothing_of_the_text_is_sent(hook: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "watchkeeper_sdk"):
        kept = Privacy(True, hook).attributes({"input.value": PROSE, "list": [PROSE, 1], "n": 1})
        assert Privacy(True, hook).failure(PROSE) is None
    assert kept == {"list": ["", 1], "n": 1}
    assert len(caplog.messages) == 1 and "the redaction hook" in caplog.text and "Ann" not in caplog.text


def test_a_whole_span_is_reduced_and_the_applications_own_copy_is_not() -> None:
    provider = TracerProvider(resource=Resource({"note": PROSE, "host.name": "h1"}), shutdown_on_exit=False)
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.prompt.0.content": PROSE}
    with watching(tracer_provider=provider) as calls:
        span = provider.get_tracer("other").start_span("chat", attributes=attributes)
        span.add_link(Link(span.get_span_context(), {"note": PROSE}).context, {"note": PROSE, "n": 1})
        span.add_event("gen_ai.content.prompt", {"gen_ai.prompt": PROSE, "n": 1})
        span.record_exception(ValueError(PROSE))
        span.set_status(Status(StatusCode.ERROR, f"ValueError: {PROSE}"))
        span.end()
        sent = calls.assert_one().span
        assert "Ann" not in sent.to_json() and "Ann" in span.to_json()  # type: ignore[attr-defined]
    assert [event.name for event in sent.events] == ["gen_ai.content.prompt", "exception"]
    assert dict(sent.links[0].attributes or {}) == {"n": 1}
    assert dict(sent.resource.attributes) == {"host.name": "h1"}


def test_captured_content_is_sent_when_it_was_asked_for() -> None:
    with watching(capture_content=True, redact=lambda _, text: text.replace("Ann", "*")) as calls:
        with pytest.raises(TimeoutError):
            _failing_call_with_content()
        assert calls[0].attributes["gen_ai.prompt.0.content"] == PROSE.replace("Ann", "*")


def _failing_call_with_content() -> None:
    from watchkeeper_sdk import llm_call  # noqa: PLC0415

    with llm_call("openai", "gpt-4o", attributes={"gen_ai.prompt.0.content": PROSE}):
        raise TimeoutError(PROSE)


@pytest.mark.parametrize("key", ADDRESSES)
def test_addresses_lose_their_credentials_and_queries(key: str) -> None:
    value, sent = ADDRESSES[key]
    assert Privacy().attributes({key: value}) == {key: sent}
    if not key.startswith(("custom", "gen_ai")):
        assert Privacy(capture_content=True).attributes({key: value}) == {key: sent}


def test_the_platforms_numbers_and_flags_stay() -> None:
    keys = [one.key for one in (*NUMBER_READINGS, *FLAG_READINGS) if not one.path]
    assert Privacy().attributes(dict.fromkeys(keys, 7)) == dict.fromkeys(keys, 7)


def test_a_label_of_our_own_may_be_longer_than_an_instrumentations() -> None:
    rating: dict[str, Any] = {"gen_ai.evaluation.score.label": PROSE, semconv.SCORE_SOURCE: "feedback"}
    assert Privacy().attributes(rating) == rating


@pytest.mark.parametrize("name", SPAN_NAMES)
def test_span_names_hold_no_prose(name: str) -> None:
    assert Privacy().span_name(name, "embeddings") == SPAN_NAMES[name]
    assert Privacy(capture_content=True).span_name(name) == name


@pytest.mark.parametrize(("name", "sent"), [("gen_ai.choice", "gen_ai.choice"), (PROSE, None), ("k\u00e9y", None)])
def test_events_are_named_by_identifiers(name: str, sent: str | None) -> None:
    assert Privacy().event_name(name) == sent


def test_error_words_are_ascii_and_bounded() -> None:
    assert failure_words("throttl\u59b9\u59b9 content_filter\u59b9") == "content_filter"
    assert failure_words("guardrail" + "x" * 90) == "guardrail" + "x" * 20
