"""All canonical fields of a batch of spans, before spans of the same call are brought together."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from collector.answers import Answer, canonical_finish, finish_rank, finish_word, read_answer
from collector.any_value import Bools, Floats, Ints
from collector.attributes import AttributeTable, AttributeValues, Rows
from collector.dialects import (
    ANSWER_EVENTS,
    ANSWER_KEY_PATTERN,
    ANSWER_KEYS,
    ANSWER_PROOFS,
    FINISH_EVENTS,
    FINISH_READINGS,
    FIRST_TOKEN_EVENTS,
    FLAG_READINGS,
    FUNCTION_NAME_KEYS,
    JSON_OPERATION_MARKS,
    NUMBER_READINGS,
    SCHEMA_ASKED_KEYS,
    START_TIME_KEYS,
    STREAM_NAME_MARKS,
    TEXT_READINGS,
    UNANSWERED_IS_CANCELLED,
)
from collector.fields import Flags, Scope, TextField, as_word, read_flags, read_numbers, read_texts
from collector.recognise import DIALECTS, Recognised
from collector.spans import Spans, Words
from collector.structured import walk


@dataclass(slots=True)
class Readings:
    """Fields of every span, row by row. Tokens are still counted the emitter's way."""

    texts: dict[str, TextField]
    numbers: dict[str, Floats]
    sources: dict[str, "np.typing.NDArray[np.int16]"]
    flags: dict[str, Flags]
    answers: dict[int, Answer]
    """Facts from captured answers, by row, where an answer was captured."""
    otel: Bools
    """Rows written by an instrumentation that follows OpenTelemetry's GenAI conventions to the letter."""
    unanswered: Bools
    """Rows that lack what their emitter writes on every answered call."""


def read(spans: Spans, recognised: Recognised) -> Readings:
    """Fill every field the tables of :mod:`collector.dialects` name."""
    scope = Scope(recognised.dialect, DIALECTS)
    table, count = spans.attributes, spans.count
    texts = read_texts(table, TEXT_READINGS, scope, count)
    numbers, sources = read_numbers(table, NUMBER_READINGS, scope, count)
    flags = read_flags(table, FLAG_READINGS, scope, count)
    texts["finish"] = _finish(table, scope, count)
    otel = recognised.dialect == DIALECTS.index("otel")
    unanswered = _unanswered(table, recognised.dialect)
    readings = Readings(texts, numbers, sources, flags, _answers(spans), otel, unanswered)
    _read_events(spans, readings)
    _read_first_token_times(spans, readings)
    _read_marks(spans, readings)
    _use_answers(readings)
    _mark_cancelled(spans, recognised, readings)
    return readings


def _unanswered(table: AttributeTable, dialect: Rows) -> Bools:
    unanswered = np.zeros(len(dialect), np.bool_)
    for name, keys in ANSWER_PROOFS:
        rows = dialect == DIALECTS.index(name)
        for key in keys:
            found = table.get(key)
            if found is not None:
                rows[found.rows] = False
        unanswered |= rows
    return unanswered


def _mark_cancelled(spans: Spans, recognised: Recognised, readings: Readings) -> None:
    emitters = [DIALECTS.index(name) for name in UNANSWERED_IS_CANCELLED]
    rows = readings.unanswered & np.isin(recognised.dialect, emitters) & (spans.status_code == 0)
    error_type = readings.texts["error_type"]
    found = np.flatnonzero(rows & (readings.flags["is_stream"] != 1)).astype(np.int32)
    error_type.fill(found, np.full(len(found), error_type.code("cancelled"), np.int32))


def _finish(table: AttributeTable, scope: Scope, count: int) -> TextField:
    field = TextField(count)
    for reading in FINISH_READINGS:
        found = table.get(reading.key)
        if found is None or not scope.selects(reading.only):
            continue
        values = found.structures
        words = [finish_word(walk(v, reading.path) if reading.path else v) for v in values]
        codes = field.codes_of(words)[found.codes]
        mask = scope.limit(found.rows, reading.only)
        field.fill(*(found.rows, codes) if mask is None else (found.rows[mask], codes[mask]))
    return field


def _event_rows(names: Words, name: str) -> Rows:
    if name not in names.values:
        return np.zeros(0, np.int32)
    return np.flatnonzero(names.codes == names.values.index(name)).astype(np.int32)


def _read_events(spans: Spans, readings: Readings) -> None:
    events = spans.events
    if not len(events.span):
        return
    _read_exceptions(spans, readings)
    for name, key in FINISH_EVENTS:
        for row, value in _event_values(spans, name, key):
            word = finish_word(value)
            finish = readings.texts["finish"]
            if word and finish_rank(word) > finish_rank(finish.get(row)):
                finish.set(row, word)
    first = np.full(spans.count, np.iinfo(np.int64).max)
    for name in FIRST_TOKEN_EVENTS:
        rows = _event_rows(events.name, name)
        np.minimum.at(first, events.span[rows], events.time_ns[rows])
    _fill_first_token(readings, first, spans.start_ns)


def _fill_first_token(readings: Readings, first_ns: Ints, start_ns: Ints) -> None:
    ttft = readings.numbers["ttft_us"]
    seen = np.isnan(ttft) & (first_ns < np.iinfo(np.int64).max) & (first_ns >= start_ns)
    ttft[seen] = (first_ns[seen] - start_ns[seen]) / 1e3


def _event_values(spans: Spans, name: str, key: str) -> list[tuple[int, object]]:
    """(span row, value) of attribute ``key`` on every event ``name``."""
    values = spans.events.attributes.get(key)
    if values is None:
        return []
    wanted = set(_event_rows(spans.events.name, name).tolist())
    return [
        (int(spans.events.span[event]), values.objects[code])
        for event, code in zip(values.rows.tolist(), values.codes.tolist(), strict=True)
        if event in wanted
    ]


def _read_exceptions(spans: Spans, readings: Readings) -> None:
    exception = readings.texts["exception_type"] = TextField(spans.count)
    for row, value in _event_values(spans, "exception", "exception.type"):
        exception.set(row, as_word(value))
    message = readings.texts["error_message"]
    for row, value in _event_values(spans, "exception", "exception.message"):
        if not message.codes[row]:
            message.set(row, as_word(value))


def _read_first_token_times(spans: Spans, readings: Readings) -> None:
    for key in START_TIME_KEYS:
        found = spans.attributes.get(key)
        if found is None:
            continue
        times = np.array([_iso_ns(value) for value in found.structures], np.int64)[found.codes]
        first = np.full(spans.count, np.iinfo(np.int64).max)
        first[found.rows] = times
        _fill_first_token(readings, first, spans.start_ns)


def _iso_ns(value: object) -> int:
    try:
        moment = datetime.fromisoformat(str(value).strip('"'))
    except ValueError:
        return np.iinfo(np.int64).max
    return int(moment.timestamp() * 1e6) * 1000


def _read_marks(spans: Spans, readings: Readings) -> None:
    """Facts that a key's presence or a span's name carries."""
    output_type = readings.texts["output_type"]
    json_code = output_type.code("json")
    for key in SCHEMA_ASKED_KEYS:
        found = spans.attributes.get(key)
        if found is not None:
            output_type.fill(found.rows, np.full(len(found.rows), json_code, np.int32))
    readings.texts["output_type"] = output_type.map(_output_type)
    json_code = readings.texts["output_type"].code("json")
    operation = readings.texts["operation"]
    asked = np.flatnonzero(operation.where(lambda word: any(mark in word for mark in JSON_OPERATION_MARKS)))
    readings.texts["output_type"].fill(asked.astype(np.int32), np.full(len(asked), json_code, np.int32))
    stream = readings.flags["is_stream"]
    named = np.array([_names_stream(name) for name in spans.name.values], np.bool_)
    stream[named[spans.name.codes] & (stream < 0)] = 1
    for key in FUNCTION_NAME_KEYS:
        found = spans.attributes.get(key)
        if found is not None:
            named = np.array([_names_stream(str(value)) for value in found.objects], np.bool_)
            rows = found.rows[named[found.codes]]
            stream[rows[stream[rows] < 0]] = 1


def _names_stream(name: str) -> bool:
    return any(mark in name for mark in STREAM_NAME_MARKS)


def _output_type(word: str) -> str:
    folded = word.lower()
    if "json" in folded or folded.startswith("<class"):
        return "json"
    return folded if folded in ("text", "image", "speech") else ""


def _answers(spans: Spans) -> dict[int, Answer]:
    """Read every captured answer once; the first key that holds one wins, later ones add what is missing."""
    answers: dict[int, Answer] = {}
    prefix, endings = ANSWER_KEY_PATTERN
    raw = [key for key in spans.attributes if key.startswith(prefix) and key.endswith(endings) and key.count(".") == 2]
    for key in (*ANSWER_KEYS, *raw):
        found = spans.attributes.get(key)
        if found is not None:
            _add_answers(answers, key, found)
    for name, key in ANSWER_EVENTS:
        if len(spans.events.span):
            for row, value in _event_values(spans, name, key):
                answers.setdefault(row, read_answer(key, value))
    return answers


def _add_answers(answers: dict[int, Answer], key: str, found: AttributeValues) -> None:
    read_objects = [read_answer(key, value) for value in found.objects]
    for row, code in zip(found.rows.tolist(), found.codes.tolist(), strict=True):
        known, new = answers.get(row), read_objects[code]
        answers[row] = new if known is None else known.joined(new)


def _use_answers(readings: Readings) -> None:
    finish, response_id = readings.texts["finish"], readings.texts["response_id"]
    model, request = readings.texts["model"], readings.texts["request_model"]
    for row, answer in readings.answers.items():
        worse = finish_rank(answer.finish) > finish_rank(finish.get(row))
        if worse and (not finish.codes[row] or canonical_finish(answer.finish) not in ("stop", "unknown")):
            finish.set(row, answer.finish)
        if answer.id and not response_id.codes[row]:
            response_id.set(row, answer.id)
        # A model attribute that merely repeats the request is weaker evidence than the answer itself.
        for name, count in answer.usage.items():
            _fill_number(readings.numbers[name], row, count)
        if answer.model and (not model.codes[row] or model.get(row) == request.get(row)):
            model.set(row, answer.model)


def _fill_number(numbers: Floats, row: int, count: float) -> None:
    if np.isnan(numbers[row]):
        numbers[row] = count


def resource_texts(spans: Spans, keys: tuple[str, ...]) -> TextField:
    """The first of ``keys`` on each span's resource, one word a span."""
    field = TextField(max(spans.resource_count, 1))
    for key in keys:
        found = spans.resource_attributes.get(key)
        if found is not None:
            codes = field.codes_of([as_word(value) for value in found.objects])[found.codes]
            field.fill(found.rows, codes)
    return field.take(spans.resource.astype(np.intp)) if spans.count else TextField(0)
