"""A batch of spans to a batch of calls: every step, in order, in columns.

``Normaliser.normalise`` is the whole path from decoded spans to rows without prices.
"""

import hashlib
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from collector.any_value import Bools, Floats
from collector.dialects import OPEN_ENDED_STREAM_SCOPES, SUB_EMITTERS, ZERO_COST_IS_UNKNOWN
from collector.extra import extra_attributes
from collector.fields import TextField
from collector.judge import Judged, judge
from collector.layers import Resolution, resolve
from collector.meaning import complete_models, interpret
from collector.memory import CallMemory, Remembered
from collector.readings import Readings, read, resource_texts
from collector.recognise import DIALECTS, Recognised, recognise
from collector.spans import Spans
from watchkeeper.schema import TOKEN_COLUMNS, Variant

Rows = npt.NDArray[np.intp]

_RESOURCE_FIELDS: dict[str, tuple[str, ...]] = {
    "service": ("service.name",),
    "service_version": ("service.version", "langfuse.release"),
    "environment": ("deployment.environment.name", "deployment.environment", "gen_ai.environment"),
    "region": ("cloud.region",),
    "resource_route": ("watchkeeper.route",),
    "tenant": ("watchkeeper.tenant",),
    "instance": ("service.instance.id", "host.name", "process.pid"),
}
_MAX_UINT32 = 2**32 - 1
_USER_HASH = re.compile(r"[0-9a-f]{32}")
_MAX_REPORTED_USD = 1e6


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of a batch, column by column, before pricing; ``span_row`` points into the spans."""

    columns: dict[str, pa.Array]
    span_row: Rows
    skipped: dict[str, Rows]
    """Reason → rows of spans that became no call."""
    reported_usd: Floats
    """What the emitter said a call cost, NaN where it said nothing."""
    remembered: Remembered
    """What the memory is told once the calls are stored."""
    span_service: TextField
    """Service name of every span, calls or not."""

    def __len__(self) -> int:
        return len(self.span_row)


class Normaliser:
    """Turns spans into calls; asks ``memory`` for other views of them."""

    def __init__(self, memory: CallMemory, user_salt: bytes = b"") -> None:
        self._memory = memory
        self._salt = user_salt

    def normalise(self, spans: Spans) -> Calls:
        """All calls among ``spans``. Content is looked at for facts and never copied."""
        recognised = recognise(spans)
        readings = read(spans, recognised)
        interpret(spans, recognised, readings)
        resources = {name: resource_texts(spans, keys) for name, keys in _RESOURCE_FIELDS.items()}
        emitter = _emitter(spans, resources)
        resolution = resolve(spans, recognised, readings, emitter, self._memory)
        complete_models(readings)
        judged = judge(spans, readings, resolution.kept)
        return self._assemble(spans, recognised, readings, resources, resolution, judged)

    def _assemble(
        self,
        spans: Spans,
        recognised: Recognised,
        readings: Readings,
        resources: dict[str, TextField],
        resolution: Resolution,
        judged: Judged,
    ) -> Calls:
        rows = resolution.kept
        texts = {name: field.take(rows) for name, field in readings.texts.items()}
        numbers = {name: field[rows] for name, field in readings.numbers.items()}
        columns = _identity(spans, rows, resolution)
        columns |= _workload(texts, {name: field.take(rows) for name, field in resources.items()})
        columns |= _call_words(texts, recognised, rows)
        columns |= _judged(judged, texts, numbers)
        columns |= _timing(spans, rows, recognised, readings, numbers)
        columns |= {name: _uint32(numbers[name]) for name in TOKEN_COLUMNS}
        columns["user_hash"] = self._user_hash(texts["user"], texts["user_hashed"])
        columns["gateway_cache_hit"] = pa.array(readings.flags["gateway_cache_hit"][rows] == 1)
        columns["attempt"] = pa.array(np.nan_to_num(np.clip(numbers["attempt"], 1, 255), nan=1).astype(np.uint8))
        columns["attributes"] = extra_attributes(spans.attributes, rows, spans.count)
        reported = numbers["cost_reported"]
        reported[(reported < 0) | (reported > _MAX_REPORTED_USD)] = np.nan
        no_price = np.isin(recognised.dialect[rows], [DIALECTS.index(name) for name in ZERO_COST_IS_UNKNOWN])
        reported[no_price & (reported == 0)] = np.nan
        return Calls(columns, rows, resolution.skipped, reported, resolution.remembered, resources["service"])

    def _user_hash(self, users: TextField, hashed_before: TextField) -> pa.Array:
        """Hashes of user ids; those that the SDK hashed already, with the same salt to the same value, stay."""
        hashed = users.map(self._hash)
        before = hashed_before.map(lambda word: word if _USER_HASH.fullmatch(word) else "")
        codes = np.array([hashed.code(word) for word in before.values], np.int32)[before.codes]
        hashed.codes = np.where(codes != 0, codes, hashed.codes)
        return pa.array(hashed.values, pa.string()).take(pa.array(hashed.codes))

    def _hash(self, user: str) -> str:
        if not user or not self._salt:
            return ""
        return hashlib.blake2b(user.encode(), key=self._salt[:64], digest_size=16).hexdigest()


def _emitter(spans: Spans, resources: dict[str, TextField]) -> TextField:
    """Process and instrumentation of each span: ``service⏎instance`` and the scope's name, newline between."""
    field = TextField(spans.count)
    service, instance = resources["service"], resources["instance"]
    names = [name for name, _ in spans.scope_names]
    stride_scope = max(len(names), 1)
    stride_instance = max(len(instance.values), 1)
    combined = (service.codes.astype(np.int64) * stride_instance + instance.codes) * stride_scope + spans.scope
    distinct, inverse = np.unique(combined, return_inverse=True)
    codes = []
    for value in distinct.tolist():
        rest, scope = divmod(value, stride_scope)
        service_code, instance_code = divmod(rest, stride_instance)
        codes.append(field.code(f"{service.values[service_code]} {instance.values[instance_code]}\n{names[scope]}"))
    field.codes = np.array(codes, np.int32)[inverse] if len(distinct) else field.codes
    _tell_apart(spans, field)
    return field


def _tell_apart(spans: Spans, emitter: TextField) -> None:
    for key, name in SUB_EMITTERS:
        found = spans.attributes.get(key)
        if found is not None:
            words = [f"{word}\n{name}" for word in emitter.values]
            emitter.codes[found.rows] = emitter.codes_of(words)[emitter.codes[found.rows]]


def _words(field: TextField) -> pa.DictionaryArray:
    """A dictionary array that holds only the words in use."""
    used = np.zeros(len(field.values), np.bool_)
    used[field.codes] = True
    position = np.cumsum(used) - 1
    words = [field.values[i] for i in np.flatnonzero(used).tolist()]
    return pa.DictionaryArray.from_arrays(
        pa.array(position[field.codes].astype(np.int32)), pa.array(words, pa.string())
    )


def _texts(field: TextField) -> pa.Array:
    return pa.array(field.values, pa.string()).take(pa.array(field.codes))


def _fixed(ids: npt.NDArray[np.uint8]) -> pa.Array:
    ids = np.ascontiguousarray(ids)
    return pa.Array.from_buffers(pa.binary(ids.shape[1]), len(ids), [None, pa.py_buffer(ids)])


def _identity(spans: Spans, rows: Rows, resolution: Resolution) -> dict[str, pa.Array]:
    counts = np.ones(len(rows), np.uint8)
    counts[np.isin(rows, resolution.completes_earlier)] = 0
    return {
        "calls": pa.array(counts),
        "ts": pa.array(spans.start_ns[rows] // 1000, pa.timestamp("us", tz="UTC")),
        "trace_id": _fixed(spans.trace_id[rows]),
        "span_id": _fixed(spans.span_id[rows]),
        "parent_span_id": _fixed(spans.parent_span_id[rows]),
    }


def _first_of(*fields: TextField) -> TextField:
    """The first non-empty word of several columns."""
    result = TextField(len(fields[0].codes))
    for field in fields:
        rows = np.flatnonzero((result.codes == 0) & (field.codes != 0)).astype(np.int32)
        codes = result.codes_of(field.values)
        result.codes[rows] = codes[field.codes[rows]]
    return result


def _workload(texts: dict[str, TextField], resources: dict[str, TextField]) -> dict[str, pa.Array]:
    variants = frozenset(Variant)
    variant = texts["variant"].map(lambda word: word if word in variants else Variant.PRIMARY)
    route = _first_of(resources["resource_route"], texts["route"], resources["service"])
    return {
        "service": _words(resources["service"]),
        "service_version": _words(resources["service_version"]),
        "environment": _words(resources["environment"]),
        "route": _words(route),
        "prompt_name": _words(texts["prompt_name"]),
        "prompt_version": _words(texts["prompt_version"]),
        "tenant": _words(_first_of(texts["tenant"], resources["tenant"])),
        "region": _words(_first_of(texts["region"], resources["region"])),
        "variant": _words(variant),
    }


def _call_words(texts: dict[str, TextField], recognised: Recognised, rows: Rows) -> dict[str, pa.Array]:
    dialect = pa.DictionaryArray.from_arrays(pa.array(recognised.dialect[rows].astype(np.int32)), pa.array(DIALECTS))
    plain = (
        "provider",
        "request_model",
        "model",
        "operation",
        "service_tier",
        "output_type",
        "server_address",
    )
    columns = {name: _words(texts[name]) for name in (*plain, "system_fingerprint", "fallback_from")}
    columns["dialect"] = dialect
    columns["response_id"] = _texts(texts["response_id"])
    columns["conversation_id"] = _texts(texts["conversation_id"])
    return columns


def _judged(judged: Judged, texts: dict[str, TextField], numbers: dict[str, Floats]) -> dict[str, pa.Array]:
    status = judged.http_status
    known = (status >= 100) & (status < 600)
    return {
        "outcome": _words(judged.outcome),
        "outcome_reason": _words(judged.reason),
        "error_type": _words(judged.error_type),
        "http_status": pa.array(np.where(known, status, 0).astype(np.uint16), mask=~known),
        "finish_reason": _words(judged.finish),
        "finish_reason_raw": _words(texts["finish"]),
        "format_valid": pa.array(judged.format_valid == 1, mask=judged.format_valid < 0),
    }


def _timing(
    spans: Spans, rows: Rows, recognised: Recognised, readings: Readings, numbers: dict[str, Floats]
) -> dict[str, pa.Array]:
    duration = np.maximum(spans.end_ns[rows] - spans.start_ns[rows], 0) / 1e3
    answer = numbers["answer_seconds"]
    logfire = recognised.dialect[rows] == DIALECTS.index("logfire")
    duration = np.where(np.isnan(answer), duration, duration + np.nan_to_num(answer) * 1e6)
    ttft = numbers["ttft_us"]
    stream = (readings.flags["is_stream"][rows] == 1) | (
        (readings.flags["is_stream"][rows] < 0)
        & ~np.isnan(ttft)
        & (recognised.dialect[rows] != DIALECTS.index("openlit"))
    )
    ttft = _trusted_ttft(ttft, stream, recognised.dialect[rows] == DIALECTS.index("openlit"))
    no_answer = np.isnan(numbers["output_tokens"]) & (readings.texts["response_id"].codes[rows] == 0)
    no_answer &= np.isnan(numbers["input_tokens"])
    failed = (spans.status_code[rows] == 2) | (readings.texts["error_type"].codes[rows] != 0)
    failed |= readings.texts["exception_type"].codes[rows] != 0 if "exception_type" in readings.texts else False
    open_ended = logfire & np.isnan(answer) & no_answer & ~failed
    open_ended |= stream & ~failed & np.isin(spans.scope[rows], _open_ended_scopes(spans))
    open_ended |= no_answer & (numbers["total_tokens"] == 0) & ~failed
    open_ended |= ttft > duration + 1e3
    return {
        "is_stream": pa.array(stream),
        "duration_us": pa.array(duration.astype(np.uint64)),
        "duration_complete": pa.array(~open_ended),
        "ttft_us": pa.array(np.nan_to_num(ttft).astype(np.uint64), mask=np.isnan(ttft)),
    }


def _open_ended_scopes(spans: Spans) -> list[int]:
    return [i for i, (name, _) in enumerate(spans.scope_names) if name.startswith(OPEN_ENDED_STREAM_SCOPES)]


def _trusted_ttft(ttft: Floats, stream: Bools, openlit: Bools) -> Floats:
    """OpenLIT writes a time to first token on calls that were not streamed, and zero for *not measured*."""
    return np.where((ttft <= 0) | (ttft > 1e12) | (openlit & ~stream), np.nan, ttft)


def _uint32(values: Floats) -> pa.Array:
    absent = np.isnan(values)
    return pa.array(np.clip(np.nan_to_num(values), 0, _MAX_UINT32).astype(np.uint32), mask=absent)
