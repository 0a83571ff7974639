"""Answers against a JSON Schema, by whichever validator is installed.

``format`` is an annotation, as the current drafts have it, so that both validators agree. Nothing is ever fetched:
a ``$ref`` to a document outside makes the schema unusable.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NoReturn

from watchkeeper_sdk.format_path import broken_rule
from watchkeeper_sdk.format_text import plain, read_json
from watchkeeper_sdk.format_validators import installed
from watchkeeper_sdk.format_verdict import Unusable, ValidatorMissing, Verdict

_KEPT_SCHEMAS: Final = 128
_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


@dataclass(frozen=True, slots=True)
class Failure:
    """The first broken rule that a validator reports, and where."""

    rule: str
    segments: Iterable[object]


FirstFailure = Callable[[object], Failure | None]


class JsonSchemaRules:
    """One compiled schema; many threads may use it."""

    def __init__(self, first_failure: FirstFailure, declared: frozenset[str]) -> None:
        self._first_failure = first_failure
        self._declared = declared

    def judge_text(self, text: str) -> Verdict:
        """Verdict on an answer's text."""
        parsed = read_json(text)
        return self.judge_parsed(parsed.value) if parsed else parsed

    def judge_parsed(self, answer: object) -> Verdict:
        """Verdict on an answer that its caller has parsed."""
        failure = self._first_failure(plain(answer))
        if failure is None:
            return Verdict(True, value=answer)
        return Verdict(False, broken_rule(failure.rule, failure.segments, self._declared))


def json_schema_rules(schema: Mapping[str, Any] | bool) -> JsonSchemaRules:
    """The rules of ``schema``, compiled once for equal schemas. Raises Unusable and ValidatorMissing."""
    try:
        text = json.dumps(schema)
    except (TypeError, ValueError) as error:
        raise Unusable("the JSON Schema is not JSON") from error
    return _compiled(text)


@lru_cache(maxsize=_KEPT_SCHEMAS)
def _compiled(schema_text: str) -> JsonSchemaRules:
    schema = json.loads(schema_text)
    rust, python = installed("jsonschema_rs"), installed("jsonschema")
    registries = installed("referencing")  # comes with every jsonschema that can be kept from fetching
    if rust is not None:
        first_failure = _with_jsonschema_rs(rust, schema)
    elif python is not None and registries is not None:
        first_failure = _with_jsonschema(python, registries, schema)
    else:
        raise ValidatorMissing("no JSON Schema validator installed: pip install 'watchkeeper-sdk[jsonschema]'")
    return JsonSchemaRules(first_failure, frozenset(_declared_names(schema)))


def _with_jsonschema_rs(library: Any, schema: Any) -> FirstFailure:
    try:
        validator = library.validator_for(schema, validate_formats=False, retriever=_fetch_nothing)
    except ValueError as error:
        raise _not_a_schema(getattr(error, "instance_path", ())) from error

    def first_failure(value: object) -> Failure | None:
        try:
            validator.validate(value)
        except library.ValidationError as error:
            kind, path = error.kind, error.instance_path
            keyword = getattr(kind, "name", None) or error.schema_path[-1]  # no name before 0.42
            return _failure(keyword, path, getattr(kind, "property", None), getattr(kind, "types", ()))
        return None

    return first_failure


def _fetch_nothing(uri: str) -> NoReturn:
    raise LookupError("documents outside the schema are not fetched")


def _with_jsonschema(library: Any, registries: Any, schema: Any) -> FirstFailure:
    kind = library.validators.validator_for(schema, default=library.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except library.SchemaError as error:
        raise _not_a_schema(error.absolute_path) from error
    # An explicit registry keeps the library from its old habit of fetching unknown documents.
    validator = kind(schema, registry=registries.Registry())

    def first_failure(value: object) -> Failure | None:
        error = next(validator.iter_errors(value), None)
        if error is None:
            return None
        wanted = error.validator_value
        missing = None
        if error.validator == "required":
            missing = next((name for name in wanted if name not in error.instance), None)
        return _failure(error.validator, error.absolute_path, missing, [wanted] if isinstance(wanted, str) else wanted)

    return first_failure


def _failure(keyword: object, path: Iterable[object], missing: object, types: Any) -> Failure:
    """The rule in words: what is missing, which type was expected, else the schema's keyword."""
    if keyword == "required" and missing is not None:
        return Failure("missing", [*path, missing])
    if keyword == "type" and types and _TYPES.issuperset(types):
        return Failure(f"expected {' or '.join(sorted(types))}", path)
    return Failure(str(keyword), path)


def _not_a_schema(path: Iterable[object]) -> Unusable:
    """Where the schema itself is wrong may be said in full: it is the application's, not the answer's."""
    place = ".".join(str(segment) for segment in path)
    return Unusable(f"not a usable JSON Schema: see {place}" if place else "not a usable JSON Schema")


def _declared_names(schema: Any) -> Iterator[str]:
    """Every property name that the schema mentions anywhere."""
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            for keyword, value in node.items():
                waiting.append(value)
                if keyword in ("properties", "dependentSchemas", "dependentRequired") and isinstance(value, dict):
                    yield from value
                elif keyword == "required" and isinstance(value, list):
                    yield from (name for name in value if isinstance(name, str))
        elif isinstance(node, list):
            waiting.extend(node)
