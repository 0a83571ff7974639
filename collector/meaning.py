"""From what an emitter wrote to what it means: provider, models, operation, token accounting."""

import re

import numpy as np

from collector.any_value import Bools, Floats
from collector.dialects import (
    ACCOUNTING,
    BEDROCK_VENDORS,
    CALL_OPERATIONS,
    EMBEDDING_MARKS,
    EMBEDDING_MODEL_MARK,
    ESTIMATES,
    MODEL_PREFIX_DIALECTS,
    NAMED_MODEL_OPERATIONS,
    NUMBER_READINGS,
    OPERATION_BY_SPAN_NAME,
    OPERATIONS,
    PROVIDER_BY_ERROR,
    PROVIDER_BY_HOST,
    PROVIDER_BY_MODEL,
    PROVIDER_BY_SCOPE,
    PROVIDERS,
    PROVISIONAL_OUTPUT_TOKENS,
    VENDOR_CUT_SCOPES,
    Accounting,
    Estimate,
)
from collector.fields import TextField
from collector.readings import Readings
from collector.recognise import DIALECTS, Recognised
from collector.spans import Spans

_KNOWN_PROVIDERS = frozenset(PROVIDERS) | {
    *(provider for _, provider in PROVIDER_BY_MODEL),
    *(provider for _, provider in PROVIDER_BY_HOST),
    "ollama",
    "together_ai",
    "fireworks_ai",
    "openrouter",
    "huggingface",
}
_COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
_STATUS_ERROR = 2
_HOST_CORRECTS = frozenset(("", "openai", "gcp.gen_ai", "azure.ai.openai"))
"""Providers that only name the client library: the host knows better."""


def canonical_provider(word: str) -> str:
    """The ``gen_ai.provider.name`` value of whatever an emitter wrote."""
    folded = word.strip().lower()
    if folded in PROVIDERS:
        return PROVIDERS[folded]
    head = folded.split(".", 1)[0].split("/", 1)[0]
    if head != folded and not folded.startswith(("az.", "azure.", "aws.", "gcp.", "ibm.")):
        return PROVIDERS.get(head, head)
    return folded


def _by_prefix(table: tuple[tuple[str, str], ...], word: str) -> str:
    return next((provider for prefix, provider in table if word.startswith(prefix)), "")


def _by_part(table: tuple[tuple[str, str], ...], word: str) -> str:
    return next((provider for part, provider in table if part in word), "")


def interpret(spans: Spans, recognised: Recognised, readings: Readings) -> None:
    """Bring provider, models, operation and tokens into canonical form, in place."""
    _models(spans, recognised, readings)
    _provider(spans, readings)
    _operation(spans, readings)
    _tokens(spans, recognised, readings)


def complete_models(readings: Readings) -> None:
    """Where no view of a call tells the model asked for, take the one that answered."""
    _fill_from(readings.texts["request_model"], readings.texts["model"])


def _provider(spans: Spans, readings: Readings) -> None:
    texts = readings.texts
    provider = texts["provider"].map(canonical_provider)
    host = texts["server_address"].map(lambda word: _by_part(PROVIDER_BY_HOST, word.lower()))
    corrected = (host.codes != 0) & provider.where(_HOST_CORRECTS.__contains__)
    if corrected.any():
        host_codes = provider.codes_of(host.values)[host.codes]
        provider.codes[corrected] = host_codes[corrected]
    for guess in (
        texts["model"].map(lambda word: _by_prefix(PROVIDER_BY_MODEL, word.lower())),
        texts["request_model"].map(lambda word: _by_prefix(PROVIDER_BY_MODEL, word.lower())),
        _scope_provider(spans),
        *(texts[name].map(_error_provider) for name in ("error_type", "exception_type") if name in texts),
    ):
        _fill_from(provider, guess)
    texts["provider"] = provider


def _error_provider(word: str) -> str:
    return _by_prefix(PROVIDER_BY_ERROR, word)


def _scope_provider(spans: Spans) -> TextField:
    field = TextField(spans.count)
    guesses = [field.code(_by_part(PROVIDER_BY_SCOPE, name.lower())) for name, _ in spans.scope_names]
    field.codes = np.array([*guesses, 0], np.int32)[spans.scope]
    return field


def _fill_from(field: TextField, other: TextField) -> None:
    rows = np.flatnonzero((field.codes == 0) & (other.codes != 0)).astype(np.int32)
    if len(rows):
        field.codes[rows] = field.codes_of(other.values)[other.codes[rows]]


def _models(spans: Spans, recognised: Recognised, readings: Readings) -> None:
    texts = readings.texts
    # Where the application named none, some write the operation.
    texts["request_model"].codes[texts["request_model"].where(CALL_OPERATIONS.__contains__)] = 0
    _fill_from(texts["request_model"], _named_models(spans))
    _restore_vendor(spans, texts)
    cut = np.isin(recognised.dialect, [DIALECTS.index(name) for name in MODEL_PREFIX_DIALECTS])
    for name in ("request_model", "model"):
        field = texts[name]
        prefixed = cut & field.where(_has_provider_prefix)
        if prefixed.any():
            _take_prefix_as_provider(texts["provider"], field, prefixed)
            changed = field.map(_without_provider_prefix)
            kept = field.codes.copy()
            texts[name] = _choose(prefixed, changed, field, kept)
    _fill_from(texts["model"], texts["request_model"])


def _named_models(spans: Spans) -> TextField:
    field = TextField(spans.count)
    field.codes = np.array([field.code(_named_model(name)) for name in spans.name.values], np.int32)[spans.name.codes]
    return field


def _named_model(span_name: str) -> str:
    operation, _, model = span_name.partition(" ")
    return model if operation in NAMED_MODEL_OPERATIONS and " " not in model else ""


def _restore_vendor(spans: Spans, texts: dict[str, TextField]) -> None:
    for scope, pattern in VENDOR_CUT_SCOPES:
        hits = [i for i, (name, _) in enumerate(spans.scope_names) if name.startswith(scope)]
        if hits:
            field = texts["request_model"]
            ids = np.array([bool(re.search(pattern, word)) for word in field.values], np.bool_)[field.codes]
            cut = np.isin(spans.scope, hits) & ids
            texts["request_model"] = _choose(cut, field.map(_with_vendor), field, field.codes)


def _with_vendor(word: str) -> str:
    return _by_prefix(BEDROCK_VENDORS, word) + word


def _choose(mask: Bools, changed: TextField, field: TextField, kept: "np.typing.NDArray[np.int32]") -> TextField:
    """``changed`` where ``mask``, else ``field``."""
    back = np.array([changed.code(word) for word in field.values], np.int32)
    changed.codes = np.where(mask, changed.codes, back[kept]).astype(np.int32)
    return changed


def _has_provider_prefix(word: str) -> bool:
    head, slash, rest = word.partition("/")
    return bool(slash and rest) and head.lower() in _KNOWN_PROVIDERS and head.lower() != "openrouter"


def _without_provider_prefix(word: str) -> str:
    return word.partition("/")[2] if _has_provider_prefix(word) else word


def _take_prefix_as_provider(provider: TextField, model: TextField, rows: Bools) -> None:
    for row in np.flatnonzero(rows & (provider.codes == 0)).tolist():
        provider.set(row, model.get(row).partition("/")[0])


def _operation(spans: Spans, readings: Readings) -> None:
    operation = readings.texts["operation"].map(_canonical_operation)
    embeddings = operation.code("embeddings")
    for key, value in EMBEDDING_MARKS:
        found = spans.attributes.get(key)
        if found is not None and value in found.objects:
            operation.codes[found.rows[found.codes == found.objects.index(value)]] = embeddings
    _fill_from(operation, _named_operations(spans))
    embedding_model = readings.texts["request_model"].where(lambda word: EMBEDDING_MODEL_MARK in word)
    operation.codes[(operation.codes == 0) & embedding_model] = embeddings
    operation.codes[operation.codes == 0] = operation.code("chat")
    readings.texts["operation"] = operation


def _named_operations(spans: Spans) -> TextField:
    field = TextField(spans.count)
    words = [_by_prefix(OPERATION_BY_SPAN_NAME, name) for name in spans.name.values]
    field.codes = np.array([field.code(word) for word in words], np.int32)[spans.name.codes]
    return field


def _canonical_operation(word: str) -> str:
    if word.startswith("ai."):
        return "embeddings" if "mbed" in word else "chat"
    return OPERATIONS.get(word, word)


def _tokens(spans: Spans, recognised: Recognised, readings: Readings) -> None:
    numbers = readings.numbers
    for name in _COUNTS:
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
    for name in _COUNTS:
        numbers[name][made_up] = np.nan
    for rule in ESTIMATES:
        made_up = _estimated(rule, spans, readings)
        for name in rule.counts or _COUNTS:
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
