"""Which dialect a span speaks and what role it has: a call, a wrapper, a tool, or none of ours."""

from dataclasses import dataclass

import numpy as np

from collector.any_value import Bools
from collector.attributes import Rows
from collector.dialects import MARKERS, ROLE_RULES, SPAN_NAME, WEAK_KEYS, Marker, Role, RoleRule
from collector.spans import Spans, Words

DIALECTS: tuple[str, ...] = ("", *dict.fromkeys(marker.dialect for marker in MARKERS))
_CODE = {name: code for code, name in enumerate(DIALECTS)}


@dataclass(frozen=True, slots=True)
class Recognised:
    """Dialect (a position in :data:`DIALECTS`) and role of every span."""

    dialect: Rows
    role: Rows


def recognise(spans: Spans) -> Recognised:
    """Read :data:`MARKERS` and :data:`ROLE_RULES` over all spans; the first match wins."""
    dialect = np.zeros(spans.count, np.int32)
    for marker in MARKERS:
        rows = _matches(spans, marker)
        if rows is not None:
            dialect[rows[dialect[rows] == 0]] = _CODE[marker.dialect]
    return Recognised(dialect, _roles(spans, dialect))


def _matches(spans: Spans, marker: Marker) -> Rows | None:
    if marker.scope:
        hits = [i for i, (name, _) in enumerate(spans.scope_names) if _scope_matches(name, marker.scope)]
        return np.flatnonzero(np.isin(spans.scope, hits)).astype(np.int32) if hits else None
    if marker.name:
        return _rows_with_word(spans.name, marker.name)
    if marker.resource:
        owners = _rows_with_value(spans, marker)
        return None if owners is None else np.flatnonzero(np.isin(spans.resource, owners)).astype(np.int32)
    return _rows_with_value(spans, marker)


def _scope_matches(name: str, prefix: str) -> bool:
    """Prefixes end at a word's end: the scope ``ai`` is not the prefix of ``aiohttp``."""
    if not name.startswith(prefix):
        return False
    return prefix.endswith(".") or len(name) == len(prefix) or not name[len(prefix)].isalnum()


def _rows_with_word(words: Words, wanted: str) -> Rows | None:
    if wanted not in words.values:
        return None
    return np.flatnonzero(words.codes == words.values.index(wanted)).astype(np.int32)


def _rows_with_value(spans: Spans, marker: Marker) -> Rows | None:
    table = spans.resource_attributes if marker.resource else spans.attributes
    if marker.key.endswith("*"):
        keys = [key for key in table if key.startswith(marker.key[:-1])]
        found = [values.rows for key in keys if (values := table.get(key)) is not None]
        return np.unique(np.concatenate(found)) if found else None
    values = table.get(marker.key)
    if values is None or not marker.value:
        return None if values is None else values.rows
    hits = [i for i, value in enumerate(values.objects) if value == marker.value]
    return values.rows[np.isin(values.codes, hits)] if hits else None


def _roles(spans: Spans, dialect: Rows) -> Rows:
    role = np.zeros(spans.count, np.int32)
    decided: Bools = np.zeros(spans.count, np.bool_)
    for rule in ROLE_RULES:
        _apply(rule, spans, dialect, role, decided)
    _apply_weak(spans, role, decided)
    return role


def _apply(rule: RoleRule, spans: Spans, dialect: Rows, role: Rows, decided: Bools) -> None:
    if rule.key == SPAN_NAME:
        rows, codes, words = (
            np.arange(spans.count, dtype=np.int32),
            spans.name.codes,
            list[object](spans.name.values),
        )
    else:
        values = spans.attributes.get(rule.key)
        if values is None:
            return
        rows, codes, words = values.rows, values.codes, values.objects
    roles = np.array([_role(rule, word) for word in words], np.int32)[codes]
    use = ~decided[rows] & (roles != Role.NONE)
    if rule.dialect:
        use &= dialect[rows] == _CODE[rule.dialect]
    role[rows[use]] = roles[use]
    decided[rows[use]] = True


def _role(rule: RoleRule, value: object) -> Role:
    word = value if isinstance(value, str) else str(value)
    for patterns, role in (
        (rule.calls, Role.CALL),
        (rule.weak, Role.WEAK_CALL),
        (rule.continuations, Role.CONTINUATION),
        (rule.repeats, Role.REPEAT),
        (rule.tools, Role.TOOL),
    ):
        if any(_fits(word, pattern) for pattern in patterns):
            return role
    return rule.others


def _fits(word: str, pattern: str) -> bool:
    if pattern.startswith("*"):
        return word.endswith(pattern[1:])
    if pattern.endswith("*"):
        return word.startswith(pattern[:-1])
    return word == pattern


def _apply_weak(spans: Spans, role: Rows, decided: Bools) -> None:
    for key in WEAK_KEYS:
        values = spans.attributes.get(key)
        if values is not None:
            rows = values.rows[~decided[values.rows]]
            role[rows] = Role.WEAK_CALL
            decided[rows] = True
