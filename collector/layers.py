"""One call, one row: spans that several layers, retries of the exporter or two halves of a stream made of one call.

Rules, in order: a span that arrives twice counts once (trace id, span id); a span that repeats another of its
emitter never counts; a call span with a call span below it is the outer view of the same call (framework over SDK);
spans with equal response ids from different emitters whose times overlap are one call (gateway, provider side,
other traces); without ids, two emitters of one process whose spans nest in time and agree in model and tokens are
one call. What the dropped span knows and the kept one does not is kept.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from collector.answers import canonical_finish, finish_rank
from collector.any_value import Ints
from collector.dialects import Role
from collector.fields import TextField
from collector.memory import CallMemory, Remembered, ResponseViews
from collector.readings import Readings
from collector.recognise import Recognised
from collector.spans import Keys, Spans, span_keys, trace_keys

_CLOCK_SKEW_NS = 1_000_000_000
_NESTING_SLACK_NS = 2_000_000
_MAX_DEPTH = 64
_VERSION_TAIL = re.compile(r"[-@]\d")
_TELLING_FINISHES = ("length", "content_filter", "refusal")
"""Finish reasons that one view saw and another may have flattened to ``stop``."""


@dataclass(slots=True)
class Resolution:
    """Which spans become rows, and why the others do not."""

    kept: npt.NDArray[np.intp]
    skipped: dict[str, npt.NDArray[np.intp]]
    completes_earlier: npt.NDArray[np.intp]
    """Kept rows that complete a call stored before: they count zero calls."""
    remembered: Remembered
    """What to tell the memory once the calls are stored, and not before: a batch may come again unstored."""


@dataclass
class _Work:
    spans: Spans
    readings: Readings
    role: npt.NDArray[np.int32]
    keys: Keys
    parent_keys: Keys
    emitter: TextField
    merged_into: dict[int, int] = field(default_factory=dict)
    skipped: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    completes: list[int] = field(default_factory=list)

    @cached_property
    def row_of(self) -> dict[int, int]:
        """The row of each span key; built when a parent is looked for."""
        return {key: row for row, key in enumerate(self.keys.tolist())}

    def is_call(self, row: int) -> bool:
        return self.role[row] in (Role.CALL, Role.WEAK_CALL)

    def final(self, row: int) -> int:
        """The row that stands for ``row`` after merging."""
        while row in self.merged_into:
            row = self.merged_into[row]
        return row

    def drop(self, row: int, reason: str) -> None:
        self.role[row] = Role.REPEAT
        self.skipped[reason].append(row)

    def merge(self, row: int, into: int, reason: str) -> None:
        """``row`` is another view of ``into``."""
        self.merged_into[row] = into
        self.drop(row, reason)


def resolve(
    spans: Spans, recognised: Recognised, readings: Readings, emitter: TextField, memory: CallMemory
) -> Resolution:
    """Decide which spans become rows; merges what dropped views know into ``readings``, in place.

    ``emitter`` names the process and instrumentation of each span. ``memory`` is only asked; it is bounded, so
    views of one call that arrive further apart than it reaches are counted twice.
    """
    traces = trace_keys(spans.trace_id)
    work = _Work(
        spans,
        readings,
        recognised.role.copy(),
        span_keys(traces, spans.span_id),
        span_keys(traces, spans.parent_span_id),
        emitter,
    )
    work.parent_keys[~spans.parent_span_id.any(axis=1)] = 0
    _drop_invalid(work)
    _drop_repeated(work, memory)
    _merge_repeats(work, recognised)
    _join_continuations(work)
    _merge_parents(work)
    _merge_response_ids(work)
    _merge_twins(work)
    _drop_known_views(work, memory)
    _apply_merges(work)
    kept = np.flatnonzero(np.isin(work.role, (Role.CALL, Role.WEAK_CALL)))
    of_call, views = _response_views(work, kept)
    stored = Remembered(work.keys[kept], work.parent_keys[kept], views, of_call)
    skipped = {reason: np.array(rows, np.intp) for reason, rows in work.skipped.items()}
    skipped |= _never_calls(recognised.role)
    return Resolution(kept, skipped, np.array(sorted(work.completes), np.intp), stored)


def _never_calls(role: npt.NDArray[np.int32]) -> dict[str, npt.NDArray[np.intp]]:
    reasons = {Role.NONE: "not_llm", Role.WRAPPER: "wrapper", Role.TOOL: "tool", Role.REPEAT: "repeat"}
    rows = {name: np.flatnonzero(role == code) for code, name in reasons.items()}
    return {name: found for name, found in rows.items() if len(found)}


def _calls(work: _Work) -> npt.NDArray[np.intp]:
    return np.flatnonzero((work.role == Role.CALL) | (work.role == Role.WEAK_CALL))


def _drop_invalid(work: _Work) -> None:
    bad = ~work.spans.span_id.any(axis=1) | ~work.spans.trace_id.any(axis=1)
    for row in np.flatnonzero(bad & (work.role != Role.NONE)).tolist():
        work.drop(row, "invalid_id")


def _drop_repeated(work: _Work, memory: CallMemory) -> None:
    rows = np.flatnonzero(np.isin(work.role, (Role.CALL, Role.WEAK_CALL, Role.CONTINUATION)))
    keys = work.keys[rows]
    _, first = np.unique(keys, return_index=True)
    if len(first) < len(rows):
        again = np.ones(len(rows), np.bool_)
        again[first] = False
        for row in rows[again].tolist():
            work.drop(row, "repeated_span")
    for position in memory.seen_spans(keys).tolist():
        if work.role[rows[position]] != Role.REPEAT:
            work.drop(int(rows[position]), "repeated_span")


def _merge_repeats(work: _Work, recognised: Recognised) -> None:
    """A child that repeats its parent may hold what the parent lacks."""
    rows = np.flatnonzero(recognised.role == Role.REPEAT).tolist()
    if not rows:
        return
    for row in rows:
        above = work.row_of.get(int(work.parent_keys[row]))
        if above is not None and work.is_call(above):
            work.merged_into[row] = above


def _join_continuations(work: _Work) -> None:
    """A stream whose span ended when the stream was handed over, and the span that tells how it went on."""
    rows = np.flatnonzero(work.role == Role.CONTINUATION).tolist()
    for row in rows:
        opening = _opening_of(work, row)
        if opening is None:
            work.role[row] = Role.CALL
            work.completes.append(row)
            continue
        work.readings.numbers["answer_seconds"][opening] = work.readings.numbers["answer_seconds"][row]
        work.readings.flags["is_stream"][opening] = 1
        work.merge(row, opening, "continuation")


def _opening_of(work: _Work, row: int) -> int | None:
    """The open-ended call of the same emitter and model that ended when this stream began."""
    spans, texts = work.spans, work.readings.texts
    seconds = work.readings.numbers["answer_seconds"][row]
    began = spans.start_ns[row] - (0 if np.isnan(seconds) else int(seconds * 1e9))
    open_ended = (
        (work.role == Role.CALL)
        & (work.emitter.codes == work.emitter.codes[row])
        & (texts["request_model"].codes == texts["request_model"].codes[row])
        & np.isnan(work.readings.numbers["output_tokens"])
        & (texts["response_id"].codes == 0)
    )
    joined = set(work.merged_into.values())
    candidates = [r for r in np.flatnonzero(open_ended).tolist() if r not in joined]
    gaps = [abs(int(spans.end_ns[r]) - began) for r in candidates]
    if not gaps or min(gaps) > 250_000_000:
        return None
    return int(candidates[gaps.index(min(gaps))])


def _merge_parents(work: _Work) -> None:
    calls = _calls(work)
    calls = calls[work.parent_keys[calls] != 0]
    if not len(calls) or not np.isin(work.parent_keys[calls], work.keys).any():
        return
    inner: dict[int, list[int]] = defaultdict(list)
    for row in calls.tolist():
        above = _call_above(work, row)
        if above is not None:
            inner[above].append(row)
    for above, below in inner.items():
        _merge_parent(work, above, below)


def _call_above(work: _Work, row: int) -> int | None:
    """The nearest call span above ``row``; wrappers and tools in between make it another call."""
    for _ in range(_MAX_DEPTH):
        above = work.row_of.get(int(work.parent_keys[row]))
        if above is None or above == row:
            return None
        if work.is_call(above):
            return above
        if work.role[above] in (Role.WRAPPER, Role.TOOL):
            return None
        row = above
    return None


def _merge_parent(work: _Work, above: int, below: list[int]) -> None:
    if work.role[above] == Role.CALL and all(work.role[row] == Role.WEAK_CALL for row in below):
        for row in below:
            work.merge(row, above, "duplicate")
    elif len(below) == 1:
        work.merge(above, below[0], "duplicate")
    else:
        work.drop(above, "wrapper")


def _merge_response_ids(work: _Work) -> None:
    calls = _calls(work)
    codes = work.readings.texts["response_id"].codes[calls]
    calls, codes = calls[codes != 0], codes[codes != 0]
    if not len(codes):
        return
    shared = np.flatnonzero(np.bincount(codes) > 1)
    for code in shared.tolist():
        _merge_group(work, [int(row) for row in calls[codes == code]])


def _merge_group(work: _Work, rows: list[int]) -> None:
    """Views of one response id: the shortest sure one is nearest to the provider."""
    rows.sort(key=lambda r: (work.role[r], int(work.spans.end_ns[r] - work.spans.start_ns[r])))
    kept: list[int] = []
    for row in rows:
        same = next((k for k in kept if _other_view(work, k, row)), None)
        if same is None:
            kept.append(row)
        else:
            work.merge(row, same, "duplicate")


def _other_view(work: _Work, one: int, other: int) -> bool:
    """Different emitters and overlapping times."""
    spans = work.spans
    overlap = (
        spans.start_ns[one] <= spans.end_ns[other] + _CLOCK_SKEW_NS
        and spans.start_ns[other] <= spans.end_ns[one] + _CLOCK_SKEW_NS
    )
    return bool(overlap and work.emitter.codes[one] != work.emitter.codes[other])


def _merge_twins(work: _Work) -> None:
    """Views without ids: nested in time, from different instrumentations of one process."""
    calls = _calls(work)
    by_process: dict[str, list[int]] = defaultdict(list)
    for code in np.unique(work.emitter.codes[calls]).tolist():
        by_process[work.emitter.values[code].partition("\n")[0]].append(code)
    for emitters in by_process.values():
        # Nearly always a process has one: then nothing is looped over.
        if len(emitters) > 1:
            _merge_nested(work, calls[np.isin(work.emitter.codes[calls], emitters)].tolist())


def _merge_nested(work: _Work, rows: list[int]) -> None:
    """Sweep in order of start: an outer span takes the first inner one that agrees with it."""
    spans = work.spans
    rows.sort(key=lambda r: (int(spans.start_ns[r]), -int(spans.end_ns[r])))
    open_rows: list[int] = []
    for row in rows:
        open_rows = [r for r in open_rows if spans.end_ns[r] + _NESTING_SLACK_NS >= spans.start_ns[row]]
        outer = next((r for r in open_rows if _is_twin(work, r, row)), None)
        if outer is None:
            open_rows.append(row)
        elif work.role[row] == Role.WEAK_CALL and work.role[outer] == Role.CALL:
            work.merge(row, outer, "duplicate")
        else:
            open_rows.remove(outer)
            work.merge(outer, row, "duplicate")


def _is_twin(work: _Work, outer: int, inner: int) -> bool:
    spans, readings = work.spans, work.readings
    if work.emitter.codes[outer] == work.emitter.codes[inner] or not work.is_call(outer):
        return False
    if spans.end_ns[inner] > spans.end_ns[outer] + _NESTING_SLACK_NS:
        return False
    ids = readings.texts["response_id"].codes
    if ids[outer] and ids[inner]:
        return False
    return _models_agree(work, outer, inner) and _tokens_agree(work, outer, inner)


def _models_agree(work: _Work, outer: int, inner: int) -> bool:
    texts = work.readings.texts
    seen = [{texts["request_model"].get(row), texts["model"].get(row)} - {""} for row in (outer, inner)]
    return not seen[0] or not seen[1] or any(_same_model(one, other) for one in seen[0] for other in seen[1])


def _same_model(one: str, other: str) -> bool:
    """Equal names, or an alias and a dated version of it."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and (long == short or bool(_VERSION_TAIL.match(long[len(short) :])))


def _tokens_agree(work: _Work, outer: int, inner: int) -> bool:
    """Equal counts, or none on one side."""
    for name in ("input_tokens", "output_tokens"):
        one, other = work.readings.numbers[name][outer], work.readings.numbers[name][inner]
        if one != other and not (np.isnan(one) or np.isnan(other)):
            return False
    return True


def _drop_known_views(work: _Work, memory: CallMemory) -> None:
    """Another view of the call was stored in an earlier batch."""
    calls = _calls(work)
    for position in memory.known_views(work.keys[calls], work.parent_keys[calls]).tolist():
        work.drop(int(calls[position]), "duplicate")
    calls = _calls(work)
    rows, views = _response_views(work, calls)
    for position in memory.known_responses(views):
        work.drop(int(calls[rows[position]]), "duplicate")


def _response_views(work: _Work, calls: npt.NDArray[np.intp]) -> tuple[Ints, ResponseViews]:
    """Positions in ``calls`` that carry a response id, and their view of it."""
    response, emitter, spans = work.readings.texts["response_id"], work.emitter, work.spans
    positions = np.flatnonzero(response.codes[calls])
    rows = calls[positions]
    emitters = np.array([hash(word) for word in emitter.values], np.int64)
    views = ResponseViews(
        np.array([hash(response.values[code]) for code in response.codes[rows].tolist()], np.int64),
        emitters[emitter.codes[rows]],
        spans.start_ns[rows],
        spans.end_ns[rows],
    )
    return positions.astype(np.int64), views


def _apply_merges(work: _Work) -> None:
    """Fill what a kept row lacks from its dropped views, deepest first."""
    for row in work.merged_into:
        into = work.final(row)
        if work.role[into] == Role.REPEAT:
            continue
        _fill_row(work, row, into)


def _fill_row(work: _Work, row: int, into: int) -> None:
    readings = work.readings
    for name, text in readings.texts.items():
        # A served model that only repeats the request knows less than another view's.
        echo = name == "model" and text.get(into) == readings.texts["request_model"].get(into)
        told = name == "finish" and canonical_finish(text.get(row)) in _TELLING_FINISHES
        worse = told and finish_rank(text.get(row)) > finish_rank(text.get(into))
        if ((echo or worse) and text.codes[row]) or not text.codes[into]:
            text.codes[into] = text.codes[row]
    for numbers in readings.numbers.values():
        if np.isnan(numbers[into]):
            numbers[into] = numbers[row]
    for flags in readings.flags.values():
        if flags[into] < 0:
            flags[into] = flags[row]
    if row in readings.answers:
        known, other = readings.answers.get(into), readings.answers[row]
        readings.answers[into] = other if known is None else known.joined(other)
