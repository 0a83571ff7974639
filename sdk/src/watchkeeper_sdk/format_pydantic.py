"""Answers against a pydantic model, or any other type that pydantic can validate."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, get_args

from watchkeeper_sdk.format_path import broken_rule
from watchkeeper_sdk.format_text import read_json
from watchkeeper_sdk.format_typed_dict import readable_for_pydantic
from watchkeeper_sdk.format_validators import installed
from watchkeeper_sdk.format_verdict import Unusable, ValidatorMissing, Verdict

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

_KEPT_TYPES: Final = 128
_MOST_FAILURES: Final = 1_000
"""Pydantic makes a record of each failure; beyond this many, telling the first would cost more than the check."""

_NOT_NAMES: Final = frozenset({"metadata", "default", "serialization", "config", "cls"})
"""Parts of pydantic's schema that hold no names of keys, but values and classes of the application."""


class PydanticRules:
    """One type; many threads may use it."""

    def __init__(self, adapter: TypeAdapter[Any], known_rules: frozenset[str]) -> None:
        from pydantic import PydanticUserError, ValidationError  # noqa: PLC0415

        self._adapter = adapter
        self._known_rules = known_rules
        self._invalid = ValidationError
        self._misused = PydanticUserError
        self._declared: frozenset[str] | None = None

    def judge_text(self, text: str) -> Verdict:
        """Verdict on an answer's text, in the type's own mode (lax or strict)."""
        return self._judge(self._adapter.validate_json, text)

    def judge_parsed(self, answer: object) -> Verdict:
        """Verdict on an answer that its caller has parsed: what validating that object would say."""
        return self._judge(self._adapter.validate_python, answer)

    def _judge(self, validate: Callable[[Any], Any], answer: object) -> Verdict:
        try:
            return Verdict(True, value=validate(answer))
        except self._invalid as error:
            return self._verdict(error, answer)
        except self._misused as error:
            return Verdict(None, f"the type is not ready to be checked: {error.code}")
        except (RecursionError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001  # a validator of the application: its own parsing would fail as well
            return Verdict(False, f"a validator raised {type(error).__name__}")

    def _verdict(self, error: ValidationError, answer: object) -> Verdict:
        if error.error_count() > _MOST_FAILURES:
            return Verdict(False, f"more than {_MOST_FAILURES} rules broken")
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "json_invalid" and not first["loc"] and isinstance(answer, str):
            return _not_json(answer)
        return Verdict(False, broken_rule(self._rule(first["type"]), first["loc"], self._names()))

    def _rule(self, kind: str) -> str:
        """Pydantic's own name of the rule; a validator of the application may have put anything into its own."""
        return kind if kind in self._known_rules else "a rule of the application"

    def _names(self) -> frozenset[str]:
        if self._declared is None:
            self._declared = frozenset(_declared_names(self._adapter.core_schema))
        return self._declared


def _not_json(text: str) -> Verdict:
    """Where reading had to end by our own reader: pydantic's message could be one of the application's."""
    own = read_json(text)
    return own if own.valid is False else Verdict(False, "not JSON")


def pydantic_rules(schema: Any) -> PydanticRules:
    """The rules of a type, built once for equal types. Raises Unusable and ValidatorMissing."""
    if isinstance(schema, str | bytes):
        raise Unusable("a schema is a dict or a type, not a text")  # pydantic would evaluate it as an annotation
    if inspect.isroutine(schema):
        raise Unusable("a schema is a dict or a type, not a function")  # pydantic would call it
    return _kept(schema) if isinstance(schema, Hashable) and _hashes(schema) else _built(schema)


def _hashes(schema: Hashable) -> bool:
    """Whether a hash can be had: an annotation that holds a dict is hashable by its class only."""
    try:
        hash(schema)
    except TypeError:
        return False
    return True


def _built(schema: Any) -> PydanticRules:
    if not hasattr(installed("pydantic"), "TypeAdapter"):
        raise ValidatorMissing("pydantic 2 is not installed: pip install 'pydantic>=2'")
    from pydantic import PydanticUserError, TypeAdapter  # noqa: PLC0415
    from pydantic_core import core_schema  # noqa: PLC0415

    try:
        adapter = schema if isinstance(schema, TypeAdapter) else TypeAdapter(readable_for_pydantic(schema))
    except PydanticUserError as error:
        raise Unusable(f"not a type that pydantic can check: {error.code}") from error
    return PydanticRules(adapter, frozenset(get_args(core_schema.ErrorType)))


_kept = lru_cache(maxsize=_KEPT_TYPES)(_built)


def _declared_names(schema: Any) -> Iterator[str]:
    """Every name of a key, alias, model or tag that pydantic's schema of the type mentions."""
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield from _names_of(node)
            waiting.extend(value for key, value in node.items() if key not in _NOT_NAMES)
        elif isinstance(node, list | tuple):
            waiting.extend(node)


def _names_of(node: dict[Any, Any]) -> Iterator[str]:
    for part in ("fields", "choices"):
        if isinstance(node.get(part), dict):
            yield from (name for name in node[part] if isinstance(name, str))
    for part in ("name", "model_name", "dataclass_name"):
        if isinstance(node.get(part), str):
            yield node[part]
    if node.get("type") == "typed-dict" and "cls" in node:
        yield node["cls"].__name__
    yield from _texts(node.get("validation_alias"))


def _texts(aliases: Any) -> Iterator[str]:
    """The names in an alias, a path of them, or a choice of paths."""
    if isinstance(aliases, str):
        yield aliases
    elif isinstance(aliases, list):
        for alias in aliases:
            yield from _texts(alias)
