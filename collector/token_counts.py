"""Token accounting: what emitters count in or leave out, what they make up, and what nobody measured."""

import numpy as np

from collector.any_value import Bools, Floats
from collector.dialects import (
    ACCOUNTING,
    ESTIMATES,
    NUMBER_READINGS,
    PROVISIONAL_OUTPUT_TOKENS,
    Accounting,
    Estimate,
)
from collector.readings import Readings
from collector.recognise import DIALECTS, Recognised
from collector.spans import Spans
from watchkeeper.schema import TOKEN_COLUMNS

_STATUS_ERROR = 2


def count_our_way(spans: Spans, recognised: Recognised, readings: Readings) -> None:
    """Tokens as we count them, in place: input with cache, output with reasoning, no number that nobody measured."""
    numbers = readings.numbers
    for name in TOKEN_COLUMNS:
        field = numbers[name]
        field[field < 0] = np.nan
    _forget_estimates(spans, readings)
    cache = np.nan_to_num(numbers["cache_read_tokens"]) + np.nan_to_num(numbers["cache_write_tokens"])
    reasoning = np.nan_to_num(numbers["reasoning_tokens"])
    if cache.any() or reasoning.any():
        exclusive_in, exclusive_out = _exclusive(spans, recognised, readings)
        # More cache than input cannot be inclusive, whoever wrote it.
        exclusive_in |= cache > numbers["input_tokens"]
        numbers["input_tokens"] = np.where(exclusive_in, numbers["input_tokens"] + cache, numbers["input_tokens"])
        exclusive_out |= reasoning > numbers["output_tokens"]
        numbers["output_tokens"] = np.where(
            exclusive_out, numbers["output_tokens"] + reasoning, numbers["output_tokens"]
        )
    _complete_from_total(readings, numbers["total_tokens"])
    _forget_placeholders(readings)


def _complete_from_total(readings: Readings, total: Floats) -> None:
    """Gemini counts thoughts in the total but not always in the output: the total knows."""
    rows = readings.texts["provider"].where(lambda word: word.startswith("gcp."))
    if rows.any():
        numbers = readings.numbers
        rest = total - numbers["input_tokens"]
        short = rows & (rest > numbers["output_tokens"])
        thoughts = np.where(
            np.isnan(numbers["reasoning_tokens"]),
            rest - numbers["output_tokens"],
            numbers["reasoning_tokens"],
        )
        numbers["reasoning_tokens"] = np.where(short, thoughts, numbers["reasoning_tokens"])
        numbers["output_tokens"] = np.where(short, rest, numbers["output_tokens"])


def _forget_estimates(spans: Spans, readings: Readings) -> None:
    """Counts that no provider sent. A call has some input: none, not even cached, means that nobody counted."""
    numbers = readings.numbers
    made_up = numbers["input_tokens"] == 0
    made_up &= np.nan_to_num(numbers["cache_read_tokens"]) + np.nan_to_num(numbers["cache_write_tokens"]) == 0
    for name in TOKEN_COLUMNS:
        numbers[name][made_up] = np.nan
    for rule in ESTIMATES:
        made_up = _estimated(rule, spans, readings)
        for name in rule.counts or TOKEN_COLUMNS:
            numbers[name][made_up] = np.nan


def _estimated(rule: Estimate, spans: Spans, readings: Readings) -> Bools:
    hits = [
        i
        for i, (name, version) in enumerate(spans.scope_names)
        if name.startswith(rule.scope) and version.startswith(rule.versions)
    ]
    rows: Bools = np.isin(spans.scope, hits)
    rows &= spans.status_code == _STATUS_ERROR if rule.on_failure else readings.flags["is_stream"] == 1
    proof = spans.attributes.get(rule.proof)
    if proof is not None:
        rows[proof.rows] = False
    return rows


def _forget_placeholders(readings: Readings) -> None:
    """Counts nobody measured: zeros on embeddings, the provisional output of an Anthropic stream that broke off."""
    numbers, texts = readings.numbers, readings.texts
    embeddings = texts["operation"].where(lambda word: word == "embeddings")
    for name in ("output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"):
        numbers[name][embeddings & (numbers[name] == 0)] = np.nan
    broken_off = texts["model"].where(lambda word: "claude" in word) & (texts["finish"].codes == 0)
    broken_off &= numbers["output_tokens"] <= PROVISIONAL_OUTPUT_TOKENS
    numbers["output_tokens"][broken_off] = np.nan


def _exclusive(spans: Spans, recognised: Recognised, readings: Readings) -> tuple[Bools, Bools]:
    exclusive_in = np.zeros(spans.count, np.bool_)
    exclusive_out = np.zeros(spans.count, np.bool_)
    decided = np.zeros(spans.count, np.bool_)
    for rule in ACCOUNTING:
        rows = ~decided & _accounting_rows(rule, spans, recognised, readings)
        exclusive_in[rows] = rule.input_excludes_cache
        exclusive_out[rows] = rule.output_excludes_reasoning
        decided |= rows
    return exclusive_in, exclusive_out


def _accounting_rows(rule: Accounting, spans: Spans, recognised: Recognised, readings: Readings) -> Bools:
    rows = np.ones(spans.count, np.bool_)
    if rule.scope:
        hits = [i for i, (name, _) in enumerate(spans.scope_names) if name.startswith(rule.scope)]
        rows &= np.isin(spans.scope, hits)
    if rule.dialect:
        rows &= recognised.dialect == DIALECTS.index(rule.dialect)
    if rule.provider:
        rows &= readings.texts["provider"].where(lambda word: word == rule.provider)
    if rule.input_key:
        hits = [
            i
            for i, reading in enumerate(NUMBER_READINGS)
            if _reading_name(i) == rule.input_key or reading.key == rule.input_key
        ]
        rows &= np.isin(readings.sources["input_tokens"], hits)
    return rows


def _reading_name(position: int) -> str:
    reading = NUMBER_READINGS[position]
    return ".".join((reading.key, *(str(step) for step in reading.path)))
