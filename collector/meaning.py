"""From what an emitter wrote to what it means: provider, models, operation, token accounting."""

import re

import numpy as np

from collector.any_value import Bools
from collector.dialects import (
    BEDROCK_VENDORS,
    CALL_OPERATIONS,
    EMBEDDING_MARKS,
    EMBEDDING_MODEL_MARK,
    MODEL_PREFIX_DIALECTS,
    NAMED_MODEL_OPERATIONS,
    OPERATION_BY_SPAN_NAME,
    OPERATIONS,
    PROVIDER_BY_ERROR,
    PROVIDER_BY_HOST,
    PROVIDER_BY_MODEL,
    PROVIDER_BY_SCOPE,
    PROVIDERS,
    VENDOR_CUT_SCOPES,
)
from collector.fields import TextField
from collector.readings import Readings
from collector.recognise import DIALECTS, Recognised
from collector.spans import Spans
from collector.token_counts import count_our_way

_KNOWN_PROVIDERS = frozenset(PROVIDERS) | {
    *(provider for _, provider in PROVIDER_BY_MODEL),
    *(provider for _, provider in PROVIDER_BY_HOST),
    "ollama",
    "together_ai",
    "fireworks_ai",
    "openrouter",
    "huggingface",
}
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
    count_our_way(spans, recognised, readings)


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
    field.codes = field.codes_of([_named_model(name) for name in spans.name.values])[spans.name.codes]
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
    back = changed.codes_of(field.values)
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
    field.codes = field.codes_of(words)[spans.name.codes]
    return field


def _canonical_operation(word: str) -> str:
    if word.startswith("ai."):
        return "embeddings" if "mbed" in word else "chat"
    return OPERATIONS.get(word, word)
