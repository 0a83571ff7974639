"""Prompts and answers, where the operator has switched their capture on: a table of their own, short-lived."""

from dataclasses import dataclass

import numpy as np

from collector.dialects import ANSWER_KEYS, HIDDEN_VALUES, PROMPT_KEYS
from collector.normalise import Calls
from collector.spans import Spans

MAX_TEXT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Content:
    """One captured text of one call."""

    ts_us: int
    trace_id: bytes
    span_id: bytes
    kind: str
    """``prompt`` or ``answer``."""
    attribute: str
    text: str


def content_of(spans: Spans, calls: Calls) -> list[Content]:
    """Captured texts of ``calls``, cut to :data:`MAX_TEXT` characters each."""
    kept = set(calls.span_row.tolist())
    found = []
    for kind, keys in (("prompt", PROMPT_KEYS), ("answer", ANSWER_KEYS)):
        for key in keys:
            values = spans.attributes.get(key)
            if values is None:
                continue
            for row, code in zip(values.rows.tolist(), values.codes.tolist(), strict=True):
                text = values.objects[code]
                if row in kept and isinstance(text, str) and text not in HIDDEN_VALUES:
                    found.append(_content(spans, row, kind, key, text))
    return found


def _content(spans: Spans, row: int, kind: str, key: str, text: str) -> Content:
    return Content(
        ts_us=int(np.int64(spans.start_ns[row]) // 1000),
        trace_id=spans.trace_id[row].tobytes(),
        span_id=spans.span_id[row].tobytes(),
        kind=kind,
        attribute=key,
        text=text[:MAX_TEXT],
    )
