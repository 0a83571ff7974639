"""Attributes that no field reads, kept in a bounded map so that a new dialect can be read later.

Content and secrets never pass: what is kept are numbers, flags and words that look like identifiers, under keys
that do not look like content, credentials or something already read.
"""

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from collector.attributes import AttributeTable, AttributeValues
from collector.dialects import (
    ANSWER_KEYS,
    FINISH_READINGS,
    FLAG_READINGS,
    NUMBER_READINGS,
    PROMPT_KEYS,
    SCHEMA_ASKED_KEYS,
    START_TIME_KEYS,
    TEXT_READINGS,
)

MAX_ATTRIBUTES = 32
MAX_LENGTH = 128

_READ = frozenset(
    (
        *(r.key for r in (*TEXT_READINGS, *NUMBER_READINGS, *FLAG_READINGS, *FINISH_READINGS)),
        *ANSWER_KEYS,
        *PROMPT_KEYS,
        *SCHEMA_ASKED_KEYS,
        *START_TIME_KEYS,
        "openinference.span.kind",
        "langsmith.span.kind",
        "langfuse.observation.type",
        "llm.request.type",
        "traceloop.span.kind",
        "span.type",
        "input.mime_type",
        "output.mime_type",
    )
)
_ALLOWED = re.compile(r"gen_ai\.prompt\.(name|version)|gen_ai\.request\.|watchkeeper\.")
_DENIED = re.compile(
    r"prompt(?!_tokens)|completion(?!_tokens)|message|content|\binput\b|\boutput\b|\.value$|argument|result|"
    r"request_data|response_data|header|authoriz|cookie|secret|password|passwd|credential|api[_-]?key|"
    r"access[_-]?token|[_.-]token$|stack|exception|logfire\.|hidden_params|^metadata|\btools?\b|functions?\.|schema|"
    r"system_instruction|document|\btext\b|\bquery|description|template|variable|embedding\.|retrieval|code\.|url\.|"
    r"thread\.|process\.|langsmith\.metadata\.LANGSMITH|entity\.|\.object|toolcall|model_request_parameters|events$|"
    r"_details\.|usage\.|token_count|parameters|ip_address|user_agent|user-agent|^http\.url",
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(rf"[\w.:/@+\-]{{1,{MAX_LENGTH}}}")


def is_kept(key: str) -> bool:
    """May this key's values enter the map?"""
    if key in _READ or len(key) > MAX_LENGTH:
        return False
    return bool(_ALLOWED.match(key)) or not _DENIED.search(key)


def extra_attributes(table: AttributeTable, rows: npt.NDArray[np.intp], count: int) -> pa.MapArray:
    """The map column of ``rows`` (positions among ``count`` owners)."""
    position = np.full(count, -1, np.int64)
    position[rows] = np.arange(len(rows))
    keys: list[str] = []
    parts: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], int]] = []
    words: list[str] = []
    for key in table:
        values = table.get(key)
        if values is None or not is_kept(key):
            continue
        owner = position[values.rows]
        codes = _word_codes(values, words)
        use = (owner >= 0) & (codes >= 0)
        if use.any():
            parts.append((owner[use], codes[use], len(keys)))
            keys.append(key)
    return _map(parts, keys, words, len(rows))


def _word_codes(values: AttributeValues, words: list[str]) -> npt.NDArray[np.int32]:
    mapping = []
    for value in values.objects:
        word = _word(value)
        mapping.append(len(words) if word else -1)
        if word:
            words.append(word)
    return np.array(mapping, np.int32)[values.codes]


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else ""


def _map(
    parts: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], int]],
    keys: list[str],
    words: list[str],
    rows: int,
) -> pa.MapArray:
    kind = pa.map_(pa.string(), pa.string())
    if not parts:
        return pa.MapArray.from_arrays(
            pa.array(np.zeros(rows + 1, np.int32)), pa.array([], pa.string()), pa.array([], pa.string()), kind
        )
    owner = np.concatenate([part[0] for part in parts])
    key_codes = np.concatenate([np.full(len(part[0]), part[2], np.int32) for part in parts])
    word_codes = np.concatenate([part[1] for part in parts])
    order = np.argsort(owner, kind="stable")
    owner, key_codes, word_codes = owner[order], key_codes[order], word_codes[order]
    starts = np.searchsorted(owner, np.arange(rows))
    use = np.arange(len(owner)) - starts[owner] < MAX_ATTRIBUTES
    owner, key_codes, word_codes = owner[use], key_codes[use], word_codes[use]
    offsets = np.zeros(rows + 1, np.int32)
    np.cumsum(np.bincount(owner, minlength=rows), out=offsets[1:])
    return pa.MapArray.from_arrays(
        pa.array(offsets),
        pa.array(keys).take(pa.array(key_codes)),
        pa.array(words).take(pa.array(word_codes)),
        kind,
    )
