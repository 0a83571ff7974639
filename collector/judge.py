"""The outcome of every call of a batch: columns for the common answers, a closer look where a span reports failure."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from collector.answers import Answer, canonical_finish, is_json
from collector.any_value import Bools
from collector.fields import TextField
from collector.outcome import OK, Failure, Verdict, http_status_of, judge_failure, judge_finish
from collector.readings import Readings
from collector.spans import Spans
from watchkeeper.schema import Outcome

_STATUS_UNSET, _STATUS_ERROR = 0, 2
_JSON_CHECKED_FINISHES = frozenset(("", "stop", "unknown"))
_FINISH_DECIDES = (Outcome.FORMAT_INVALID, Outcome.ERROR)

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Judged:
    """Outcome columns of the kept rows."""

    outcome: TextField
    reason: TextField
    finish: TextField
    format_valid: npt.NDArray[np.int8]
    error_type: TextField
    http_status: npt.NDArray[np.float64]


def judge(spans: Spans, readings: Readings, rows: Rows) -> Judged:
    """Decide the outcome of ``rows`` (positions in ``spans``)."""
    texts = {name: field.take(rows) for name, field in readings.texts.items()}
    finish = texts["finish"].map(canonical_finish)
    judged = Judged(
        TextField(len(rows)),
        TextField(len(rows)),
        finish,
        readings.flags["format_valid"][rows].copy(),
        texts["error_type"],
        readings.numbers["http_status"][rows].copy(),
    )
    _by_finish(judged, texts["finish"])
    _forgive_placeholders(judged, spans, readings, rows)
    _by_answers(judged, readings.answers, rows, texts)
    _by_marks(judged, readings, rows)
    _by_failures(judged, spans, readings, rows, texts)
    return judged


def _by_finish(judged: Judged, raw: TextField) -> None:
    faults = [judge_finish(canonical_finish(word), word) for word in raw.values]
    for field, words in (
        (judged.outcome, [v.outcome for v in faults]),
        (judged.reason, [v.reason for v in faults]),
    ):
        field.codes = np.array([field.code(word) for word in words], np.int32)[raw.codes]


def _forgive_placeholders(judged: Judged, spans: Spans, readings: Readings, rows: Rows) -> None:
    """OpenTelemetry has emitters write ``error`` where no finish reason arrived: with an answer it is none."""
    doubtful = judged.reason.where(lambda word: word == "finish_error")
    if doubtful.any():
        answered = ~np.isnan(readings.numbers["output_tokens"][rows]) & (spans.status_code[rows] != _STATUS_ERROR)
        from_otel = readings.otel[rows]
        for position in np.flatnonzero(doubtful & answered & from_otel).tolist():
            _set(judged, position, OK)
            judged.finish.set(position, "unknown")


def _set(judged: Judged, position: int, verdict: Verdict) -> None:
    judged.outcome.set(position, verdict.outcome)
    judged.reason.set(position, verdict.reason)


def _by_answers(judged: Judged, answers: dict[int, Answer], rows: Rows, texts: dict[str, TextField]) -> None:
    """Captured content tells of refusals and broken formats that nothing else shows."""
    if not answers:
        return
    for position, row in enumerate(rows.tolist()):
        answer = answers.get(row)
        if answer is None:
            continue
        asked = texts["output_type"].get(position) == "json"
        if asked and judged.format_valid[position] < 0:
            judged.format_valid[position] = _keeps_format(answer, judged.finish.get(position))
        if judged.outcome.get(position) == Outcome.OK:
            verdict = _judge_answer(answer)
            if verdict is not OK:
                _set(judged, position, verdict)


def _judge_answer(answer: Answer) -> Verdict:
    if answer.refused:
        return Verdict(Outcome.REFUSED, "refusal_part")
    if answer.failed:
        return Verdict(Outcome.ERROR, "error_in_answer")
    return OK


def _keeps_format(answer: Answer, finish: str) -> int:
    """1, 0 or -1 (cannot tell): a cut-off or refused answer says nothing of the format."""
    text = answer.text
    if text is None or answer.called_tool or answer.refused or finish not in _JSON_CHECKED_FINISHES:
        return -1
    return int(is_json(text))


def _by_marks(judged: Judged, readings: Readings, rows: Rows) -> None:
    """What the application itself said of the answer."""
    fine = judged.outcome.where(lambda word: word == Outcome.OK)
    for position in np.flatnonzero(fine & (readings.flags["refused"][rows] == 1)).tolist():
        _set(judged, position, Verdict(Outcome.REFUSED, "application_says_refused"))
    fine = judged.outcome.where(lambda word: word == Outcome.OK)
    broken = fine & (judged.format_valid == 0)
    explicit = readings.flags["format_valid"][rows] == 0
    for position in np.flatnonzero(broken).tolist():
        reason = "application_says_invalid" if explicit[position] else "answer_is_no_json"
        _set(judged, position, Verdict(Outcome.FORMAT_INVALID, reason))


def failed_rows(spans: Spans, readings: Readings, rows: Rows, texts: dict[str, TextField]) -> Bools:
    """Rows whose span reports a failure. A bare exception event is one only where no answer came."""
    numbers, flags = readings.numbers, readings.flags
    failed = (spans.status_code[rows] == _STATUS_ERROR) | (texts["error_type"].codes != 0)
    failed |= numbers["http_status"][rows] >= 400
    failed |= flags["success"][rows] == 0
    failed |= texts["level"].where(lambda word: word == "ERROR")
    unmarked = spans.status_code[rows] == _STATUS_UNSET
    failed |= readings.unanswered[rows] & unmarked & (flags["is_stream"][rows] != 1)
    if "exception_type" in texts:
        answered = ~np.isnan(numbers["output_tokens"][rows]) | (texts["finish"].codes != 0)
        failed |= (texts["exception_type"].codes != 0) & ~answered
    result: Bools = failed
    return result


def _by_failures(judged: Judged, spans: Spans, readings: Readings, rows: Rows, texts: dict[str, TextField]) -> None:
    positions = np.flatnonzero(failed_rows(spans, readings, rows, texts)).tolist()
    known: dict[Failure, Verdict] = {}
    for position in positions:
        failure = _failure(spans, judged, texts, int(rows[position]), position)
        verdict = known.get(failure) or known.setdefault(failure, judge_failure(failure))
        by_finish = judged.finish.get(position)
        if verdict.outcome in _FINISH_DECIDES and by_finish in ("length", "refusal", "content_filter"):
            verdict = judge_finish(by_finish)
        _set(judged, position, verdict)
        if verdict.outcome is Outcome.FORMAT_INVALID:
            judged.format_valid[position] = 0
        if failure.http_status is not None and np.isnan(judged.http_status[position]):
            judged.http_status[position] = failure.http_status
        if not judged.error_type.codes[position]:
            judged.error_type.set(position, "_OTHER")


def _failure(spans: Spans, judged: Judged, texts: dict[str, TextField], row: int, position: int) -> Failure:
    exception = texts["exception_type"].get(position) if "exception_type" in texts else ""
    error_type = texts["error_type"].get(position)
    if exception and not error_type:
        judged.error_type.set(position, exception)
    message = texts["error_message"].get(position)
    if not message:
        message = spans.status_message.values[spans.status_message.codes[row]][:600]
    status = judged.http_status[position]
    known = None if np.isnan(status) else int(status)
    return Failure(f"{error_type} {exception}", message, known or http_status_of(error_type) or http_status_of(message))
