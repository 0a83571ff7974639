"""Feedback and evaluation scores: ``gen_ai.evaluation.result`` as a span event or as a log record.

OpenTelemetry GenAI semantic conventions, "Event: gen_ai.evaluation.result" (since 1.38). The explanation may quote
the answer, so only its presence is kept.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from collector.any_value import as_number, plain
from collector.fields import TextField
from collector.spans import Spans
from watchkeeper.errors import BadMessage
from watchkeeper_sdk.semconv import (
    EVALUATION_EVENT,
    EVALUATION_LABEL,
    EVALUATION_NAME,
    EVALUATION_RESPONSE_ID,
    EVALUATION_SCORE,
    SCORE_SOURCE,
)

_EXPLANATION = "gen_ai.evaluation.explanation"
_SOURCES = frozenset(("feedback", "evaluation", "judge"))
_MAX_WORD = 200


@dataclass(frozen=True, slots=True)
class Score:
    """One verdict on one answer, joined to its call by response id or span id."""

    ts_us: int
    name: str
    value: float | None
    label: str
    source: str
    response_id: str
    trace_id: bytes
    span_id: bytes
    service: str
    explained: bool
    attributes: dict[str, str] = field(default_factory=dict)


def _score(ts_us: int, attributes: dict[str, Any], trace_id: bytes, span_id: bytes, service: str) -> Score | None:
    name = str(attributes.get(EVALUATION_NAME) or "")[:_MAX_WORD]
    number = as_number(attributes.get(EVALUATION_SCORE))
    label = str(attributes.get(EVALUATION_LABEL) or "")[:_MAX_WORD]
    if not name or (number != number and not label):
        return None
    source = str(attributes.get(SCORE_SOURCE) or "evaluation")
    return Score(
        ts_us=ts_us,
        name=name,
        value=None if number != number else number,
        label=label,
        source=source if source in _SOURCES else "evaluation",
        response_id=str(attributes.get(EVALUATION_RESPONSE_ID) or "")[:_MAX_WORD],
        trace_id=trace_id,
        span_id=span_id,
        service=service,
        explained=bool(attributes.get(_EXPLANATION)),
    )


def scores_of_spans(spans: Spans, services: TextField) -> list[Score]:
    """Scores among the span events; ``services`` holds each span's service name."""
    events = spans.events
    if EVALUATION_EVENT not in events.name.values:
        return []
    code = events.name.values.index(EVALUATION_EVENT)
    found: dict[int, dict[str, Any]] = {int(row): {} for row in np.flatnonzero(events.name.codes == code).tolist()}
    for key in events.attributes:
        values = events.attributes.get(key)
        if values is None or not key.startswith(("gen_ai.", "watchkeeper.")):
            continue
        for row, position in zip(values.rows.tolist(), values.codes.tolist(), strict=True):
            if row in found:
                found[row][key] = values.objects[position]
    scores = []
    for event, attributes in found.items():
        row = int(events.span[event])
        score = _score(
            int(events.time_ns[event]) // 1000,
            attributes,
            spans.trace_id[row].tobytes(),
            spans.span_id[row].tobytes(),
            services.get(row),
        )
        if score is not None:
            scores.append(score)
    return scores


def scores_of_logs(body: bytes) -> list[Score]:
    """Scores among the log records of one OTLP logs export.

    Raises :class:`BadMessage` when the bytes are no ``ExportLogsServiceRequest``.
    """
    try:
        request = ExportLogsServiceRequest.FromString(body)
    except DecodeError:
        raise BadMessage("malformed_protobuf", "no OTLP logs export") from None
    scores = []
    for resource_logs in request.resource_logs:
        service = next(
            (kv.value.string_value for kv in resource_logs.resource.attributes if kv.key == "service.name"), ""
        )
        for scope_logs in resource_logs.scope_logs:
            for record in scope_logs.log_records:
                attributes = {kv.key: plain(kv.value) for kv in record.attributes}
                if EVALUATION_EVENT not in (record.event_name, attributes.get("event.name")):
                    continue
                score = _score(
                    (record.time_unix_nano or record.observed_time_unix_nano) // 1000,
                    attributes,
                    record.trace_id.ljust(16, b"\0")[:16],
                    record.span_id.ljust(8, b"\0")[:8],
                    service,
                )
                if score is not None:
                    scores.append(score)
    return scores
