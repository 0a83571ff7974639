"""How a call of somebody else's file ended, where the file does not say so in our words.

In a fixed order: cancelled, rate-limited, timed out, filtered, failed (from error class and HTTP status), then the
finish reason, then the verdict on the format, then an answer without tokens. Decided once for each combination.
"""

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.schema import Outcome

Ints = npt.NDArray[np.int64]

_SYNONYMS = {
    "success": Outcome.OK,
    "succeeded": Outcome.OK,
    "completed": Outcome.OK,
    "complete": Outcome.OK,
    "stop": Outcome.OK,
    "failure": Outcome.ERROR,
    "failed": Outcome.ERROR,
    "exception": Outcome.ERROR,
    "timed_out": Outcome.TIMEOUT,
    "rate_limit": Outcome.RATE_LIMITED,
    "ratelimited": Outcome.RATE_LIMITED,
    "throttled": Outcome.RATE_LIMITED,
    "refusal": Outcome.REFUSED,
    "content_filter": Outcome.FILTERED,
    "truncation": Outcome.TRUNCATED,
    "length": Outcome.TRUNCATED,
    "format_failure": Outcome.FORMAT_INVALID,
    "invalid_format": Outcome.FORMAT_INVALID,
    "canceled": Outcome.CANCELLED,
    "aborted": Outcome.CANCELLED,
}
_KNOWN = {outcome.value: outcome for outcome in Outcome} | _SYNONYMS
_FAILURES = tuple(
    (outcome, statuses, re.compile(pattern, re.IGNORECASE))
    for outcome, statuses, pattern in (
        (Outcome.CANCELLED, (499,), r"cancel|abort"),
        (Outcome.RATE_LIMITED, (429,), r"rate.?limit|too.?many|throttl|quota|exhausted|\b429\b"),
        (Outcome.TIMEOUT, (408, 504), r"time.?out|timed.?out|deadline|\b408\b|\b504\b"),
        (Outcome.FILTERED, (), r"filter|content.?polic|guardrail|safety"),
    )
)
_FINISHES = {
    Outcome.REFUSED: ("refusal", "refused"),
    Outcome.FILTERED: ("content_filter", "content_filtered", "safety", "recitation", "blocklist", "prohibited_content"),
    Outcome.TRUNCATED: ("length", "max_tokens", "max_output_tokens", "model_length"),
    Outcome.ERROR: ("error",),
}
_BY_FINISH = {word: outcome for outcome, words in _FINISHES.items() for word in words}
_FACTS = ("outcome", "error_type", "http_status", "finish_reason", "format_valid", "no_output")
SAYS_HOW = ("outcome", "error_type", "http_status", "finish_reason", "format_valid")
"""Columns that say how a call ended; a file with none of them says nothing of errors, refusals and the like."""
UNTOLD = "untold"
"""The outcome of the calls of such a file; empty in what is read, so that they count for no rate."""
_WITHOUT_TEXT = ("tool_call", "tool_calls", "tool_use", "function_call")


def with_outcome(calls: pa.Table) -> tuple[pa.Table, int]:
    """``calls`` (call schema) with each ``outcome`` in our words, and how many had words that nobody knows."""
    facts = [_codes(calls, name) for name in _FACTS]
    combined = np.zeros(calls.num_rows, np.int64)
    for values, codes in facts:
        # Counted anew at each step, so that the product cannot overflow.
        combined = np.unique(combined * max(1, len(values)) + codes, return_inverse=True)[1]
    first, combined = np.unique(combined, return_index=True, return_inverse=True)[1:]
    verdicts, unknown = [], 0
    sizes = np.bincount(combined, minlength=len(first))
    for place, size in zip(first.tolist(), sizes.tolist(), strict=True):
        said, *others = (values[codes[place]] for values, codes in facts)
        if said == UNTOLD:
            verdicts.append("")
            continue
        known = _KNOWN.get(said.lower())
        unknown += size if said and known is None else 0
        verdicts.append((known or outcome_of(*others)).value)
    field = calls.schema.field("outcome")
    found = pa.DictionaryArray.from_arrays(pa.array(combined, pa.int32()), pa.array(verdicts, pa.string()))
    merged = found.cast(pa.string()).dictionary_encode().cast(field.type)
    return calls.set_column(calls.schema.get_field_index("outcome"), field, merged), unknown


def outcome_of(
    error_type: str, http_status: int | None, finish: str, format_valid: bool | None, no_output: bool | None
) -> Outcome:
    """What these facts say; ``ok`` where none speaks against it. ``no_output``: the answer has zero tokens."""
    status = http_status or 0
    if error_type or status >= 400:
        for outcome, statuses, pattern in _FAILURES:
            if status in statuses or pattern.search(error_type):
                return outcome
        return Outcome.ERROR
    word = finish.lower()
    if word in _BY_FINISH:
        return _BY_FINISH[word]
    if format_valid is False:
        return Outcome.FORMAT_INVALID
    return Outcome.EMPTY if no_output and word not in _WITHOUT_TEXT else Outcome.OK


def _no_output(calls: pa.Table) -> pa.ChunkedArray:
    """[n] zero output tokens; nowhere, where the file counts none at all. Embeddings have none to begin with."""
    tokens = calls["output_tokens"]
    counted = (pc.max(tokens).as_py() or 0) > 0
    embedding = pc.equal(calls["operation"].cast(pa.string()), "embeddings").fill_null(False)
    return pc.and_(pc.equal(tokens, 0), pc.and_(pc.invert(embedding), counted))


def _codes(calls: pa.Table, name: str) -> tuple[list[Any], Ints]:
    column = _no_output(calls) if name == "no_output" else calls[name]
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).fill_null("")
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    codes: Ints = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return encoded.dictionary.to_pylist(), codes
