"""What a stored batch adds to our own metrics."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from prometheus_client import generate_latest

from collector.report import Report
from collector.stage import Stage
from tests.collector.otlp import CHAT, SpanSpec, request, stage
from watchkeeper.streams.source import Batch, Encoding, RawMessage, Signal
from watchkeeper.telemetry import Metrics

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def reported(*messages: RawMessage, reader: Stage | None = None) -> Callable[..., float | None]:
    """Look up a metric's value after one batch."""
    metrics, reader = Metrics(), reader or stage()
    batch = Batch("otlp_spans", 3, messages, "token")
    Report(metrics).stored(batch, reader.read(batch), NOW)

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"watchkeeper_{name}", labels)

    return value


def message(*specs: SpanSpec, offset: int = 0) -> RawMessage:
    return RawMessage(request(*specs), offset)


def chat(**changed: Any) -> dict[str, Any]:
    return {**CHAT, **{name.replace("__", "."): value for name, value in changed.items()}}


def test_messages_spans_and_calls_are_counted() -> None:
    first, second = message(SpanSpec(1), SpanSpec(2, trace=2)), message(SpanSpec(3, trace=3, error="boom"), offset=1)
    value = reported(first, second)
    assert value("messages_total", source="otlp_spans", signal="traces") == 2
    assert value("message_bytes_total", source="otlp_spans") == len(first.body) + len(second.body)
    assert value("spans_total", source="otlp_spans") == 3
    assert value("calls_total", dialect="otel", outcome="ok") == 2
    assert value("calls_total", dialect="otel", outcome="error") == 1
    assert value("batch_rows_sum") == 3
    assert value("last_insert_timestamp_seconds") == NOW.timestamp()


def test_what_became_no_call_is_counted_by_reason() -> None:
    plain = SpanSpec(1, name="GET /", scope="http", attributes={"http.request.method": "GET"})
    value = reported(message(plain), RawMessage(b"\xff\xff", 1), RawMessage(b"{", 2, encoding=Encoding.JSON))
    assert value("skipped_spans_total", reason="not_llm") == 1
    assert value("dead_letters_total", reason="malformed_protobuf") == 1
    assert value("dead_letters_total", reason="malformed_json") == 1


def test_calls_without_a_price_are_counted_by_model_up_to_a_bound() -> None:
    specs = [
        SpanSpec(
            number,
            trace=number,
            attributes=chat(gen_ai__response__model=f"m-{number}", gen_ai__request__model=f"m-{number}"),
        )
        for number in range(1, 251)
    ]
    value = reported(message(*specs))
    assert value("unpriced_calls_total", provider="openai", model="m-1") == 1
    assert value("unpriced_calls_total", provider="other", model="other") == 50


def test_finish_reasons_that_no_table_knows_are_counted() -> None:
    odd = SpanSpec(1, attributes=chat(gen_ai__response__finish_reasons=["because"]))
    assert reported(message(odd))("unknown_finish_reasons_total", dialect="otel") == 1


def test_scores_are_counted_and_log_messages_apart() -> None:
    event = {"gen_ai.evaluation.name": "helpful", "gen_ai.evaluation.score.value": 1.0}
    scored = message(SpanSpec(1, events=[("gen_ai.evaluation.result", event)]))
    value = reported(scored, RawMessage(b"", 1, Signal.LOGS))
    assert value("scores_total") == 1
    assert value("messages_total", source="otlp_spans", signal="logs") == 1


def test_a_batch_without_calls_is_counted_too() -> None:
    value = reported(RawMessage(b"", 0))
    assert value("messages_total", source="otlp_spans", signal="traces") == 1
    assert value("batch_rows_sum") == 0


def test_no_metric_carries_content() -> None:
    metrics = Metrics()
    spec = SpanSpec(1, attributes=chat(gen_ai__input__messages="MARKPROMPT", gen_ai__headers="MARKSECRET"))
    batch = Batch("otlp_spans", 3, [message(spec)], "token")
    Report(metrics).stored(batch, stage().read(batch), NOW)
    assert b"MARK" not in generate_latest(metrics.registry)
