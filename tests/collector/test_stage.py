import json
from decimal import Decimal

import pyarrow.compute as pc
import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collector.stage import StageOptions
from tests.collector.otlp import CHAT, START_NS, SpanSpec, read, request, rows, stage
from watchkeeper.schema import CALLS_SCHEMA
from watchkeeper.streams.source import Batch, Encoding, RawMessage

HOUR_US = 3_600_000_000
START_US = START_NS // 1000


def as_json(body: bytes) -> bytes:
    """OTLP/JSON of a protobuf request: ids in hex, as the specification says."""
    exported = ExportTraceServiceRequest.FromString(body)
    document = MessageToDict(exported)
    for part, parts in zip(exported.resource_spans, document["resourceSpans"], strict=True):
        for scope, scopes in zip(part.scope_spans, parts["scopeSpans"], strict=True):
            for span, written in zip(scope.spans, scopes["spans"], strict=True):
                written["traceId"], written["spanId"] = span.trace_id.hex(), span.span_id.hex()
                if span.parent_span_id:
                    written["parentSpanId"] = span.parent_span_id.hex()
    return json.dumps(document).encode()


def test_a_batch_becomes_rows_of_the_declared_schema_with_price_and_coordinates() -> None:
    staged = read(stage(), request(SpanSpec(1)), request(SpanSpec(2)))
    assert staged.calls.schema == CALLS_SCHEMA
    first, second = staged.calls.to_pylist()
    assert (first["service"], first["model"], first["route"]) == ("checkout", "gpt-4o-mini-2024-07-18", "checkout")
    # gpt-4o-mini: $0.15 and $0.60 a million tokens.
    assert first["cost_usd"] == Decimal("0.000027000")
    assert first["cost_status"] == "priced"
    assert (second["source"], second["source_partition"], second["source_offset"]) == ("otlp_spans", 3, 1)


def test_json_and_protobuf_give_the_same_rows() -> None:
    body = request(SpanSpec(1), SpanSpec(2, parent=7, error="boom"))
    message = RawMessage(as_json(body), 0, encoding=Encoding.JSON)
    from_json = stage().read(Batch("otlp_spans", 3, [message], "t")).calls
    assert from_json.to_pylist() == read(stage(), body).calls.to_pylist()


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'{"resourceSpans": 7}', b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz"}]}]}]}'],
)
def test_bad_json_is_refused_alone(body: bytes) -> None:
    messages = [RawMessage(body, 0, encoding=Encoding.JSON), RawMessage(request(SpanSpec(1)), 1)]
    staged = stage().read(Batch("otlp_spans", 0, messages, "t"))
    assert list(staged.bad) == [0]
    assert staged.bad[0].reason == "malformed_json"
    assert staged.calls["source_offset"].to_pylist() == [1]


def test_times_outside_retention_or_in_the_future_become_the_time_of_receipt() -> None:
    reader = stage(calls_ttl_days=30)
    fine = read(reader, request(SpanSpec(1)), received_at_us=START_US + 10 * HOUR_US)
    assert fine.calls["ts"].cast("int64").to_pylist() == [START_US]
    for received in (START_US - 2 * HOUR_US, START_US + 31 * 24 * HOUR_US):
        staged = read(stage(calls_ttl_days=30), request(SpanSpec(1)), received_at_us=received)
        assert staged.calls["ts"].cast("int64").to_pylist() == [received]


def test_content_is_kept_only_where_asked_for() -> None:
    attributes = {**CHAT, "gen_ai.input.messages": "MARKPROMPT", "gen_ai.output.messages": '[{"content":"MARKTEXT"}]'}
    body = request(SpanSpec(1, attributes=attributes))
    quiet = read(stage(), body)
    assert not quiet.content
    assert "MARK" not in str(quiet.calls.to_pylist())
    captured = read(stage(capture_content=True), body)
    assert sorted(part.kind for part in captured.content) == ["answer", "prompt"]
    assert "MARK" not in str(captured.calls.to_pylist())


def test_extra_attributes_are_bounded_and_free_of_content_and_secrets() -> None:
    odd = {f"custom.flag{i}": f"v{i}" for i in range(50)}
    secret = {
        "http.request.header.authorization": "abc",
        "gen_ai.headers": "{'x-internal-token': 'MARKSECRET'}",
        "my.api_key": "sk-1",
        "session_token": "t",
        "note": "a whole sentence of somebody",
        "gen_ai.prompt.variable.q": "MARKPROMPT",
        "long": "x" * 1000,
    }
    (row,) = rows(SpanSpec(1, attributes={**CHAT, "gen_ai.request.temperature": 0.2, **odd, **secret}))
    kept = dict(row["attributes"])
    assert len(kept) == 32
    assert kept["gen_ai.request.temperature"] == "0.2"
    assert not set(kept) & set(secret)


def test_user_ids_are_hashed_with_a_salt_or_not_kept_at_all() -> None:
    body = request(SpanSpec(1, attributes={**CHAT, "user.id": "anna@example.org"}))
    assert read(stage(), body).calls["user_hash"].to_pylist() == [""]
    (one,) = read(stage(user_salt=b"a"), body).calls["user_hash"].to_pylist()
    (other,) = read(stage(user_salt=b"b"), body).calls["user_hash"].to_pylist()
    assert one
    assert one != other
    assert "anna" not in str(read(stage(user_salt=b"a"), body).calls.to_pylist())


def test_a_user_that_the_sdk_hashed_is_the_same_user_and_is_not_hashed_again() -> None:
    plain = request(SpanSpec(1, attributes={**CHAT, "user.id": "anna@example.org"}))
    (one,) = read(stage(user_salt=b"a"), plain).calls["user_hash"].to_pylist()
    hashed = request(SpanSpec(1, attributes={**CHAT, "watchkeeper.user_hash": one}))
    assert read(stage(user_salt=b"a"), hashed).calls["user_hash"].to_pylist() == [one]
    assert read(stage(), hashed).calls["user_hash"].to_pylist() == [one]
    told = request(SpanSpec(1, attributes={**CHAT, "watchkeeper.user_hash": "anna"}))
    assert read(stage(), told).calls["user_hash"].to_pylist() == [""]


def test_scores_come_from_span_events_and_keep_no_explanation() -> None:
    event = (
        "gen_ai.evaluation.result",
        {
            "gen_ai.evaluation.name": "helpfulness",
            "gen_ai.evaluation.score.value": 0.75,
            "gen_ai.evaluation.explanation": "MARKTEXT",
            "gen_ai.response.id": "r1",
        },
    )
    (score,) = read(stage(), request(SpanSpec(1, events=[event]))).scores
    assert (score.name, score.value, score.response_id, score.service) == ("helpfulness", 0.75, "r1", "checkout")
    assert score.explained
    assert "MARKTEXT" not in str(score)


NUMBERS = st.one_of(st.none(), st.integers(-5, 2**40), st.floats(), st.text(max_size=8), st.booleans())


@pytest.mark.property
@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "gen_ai.usage.input_tokens",
                "gen_ai.usage.output_tokens",
                "gen_ai.usage.cache_read.input_tokens",
                "gen_ai.usage.cache_write.input_tokens",
                "gen_ai.usage.reasoning.output_tokens",
                "gen_ai.response.time_to_first_chunk",
                "gen_ai.usage.cost",
                "http.response.status_code",
                "gen_ai.request.stream",
                "watchkeeper.attempt",
                "gen_ai.response.finish_reasons",
                "gen_ai.output.messages",
                "llm.invocation_parameters",
            ]
        ),
        NUMBERS.filter(lambda value: value is not None),
    )
)
def test_any_attribute_values_give_a_row_whose_parts_fit_together(odd: dict[str, object]) -> None:
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini", **odd}
    (row,) = rows(SpanSpec(1, attributes=attributes))
    total, read_, written = row["input_tokens"], row["cache_read_tokens"], row["cache_write_tokens"]
    if total is not None:
        assert (read_ or 0) + (written or 0) <= total or total == 2**32 - 1
    if row["output_tokens"] is not None and row["reasoning_tokens"] is not None:
        assert row["reasoning_tokens"] <= row["output_tokens"]
    if row["cost_status"] == "priced":
        parts = [row[f"cost_{part}_usd"] for part in ("input", "cache_read", "cache_write", "output")]
        assert sum(parts) == row["cost_usd"] >= 0
    assert row["outcome"]


def test_options_default_to_no_content() -> None:
    assert not StageOptions().capture_content


def test_unpriced_models_are_counted_by_name() -> None:
    attributes = {
        **CHAT,
        "gen_ai.request.model": "our-own-7b",
        "gen_ai.response.model": "our-own-7b",
        "gen_ai.provider.name": "vllm",
    }
    staged = read(stage(), request(SpanSpec(1, attributes=attributes)))
    assert staged.unpriced == {("vllm", "our-own-7b"): 1}
    assert pc.all(pc.is_null(staged.calls["cost_usd"])).as_py()
    assert staged.calls["cost_status"].to_pylist() == ["unpriced"]
