"""A reason never holds a piece of the answer, whatever broke and wherever the piece stood."""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError, PydanticKnownError

from tests.sdk.format_validators import JSON_SCHEMA_VALIDATORS, forget, only
from watchkeeper_sdk.format_check import FormatCheck, callable_check, json_check, regex_check

PIECE = 4
"""Characters that count as a piece; words of answers share none so long with any word of ours."""

words = st.text("qzxjvkw0123456789ñ", min_size=PIECE, max_size=14)
DECLARED = ("items", "price", "kind", "cat", "dog", "note", "checked", "custom", "known", "raised", "extra")
names = st.sampled_from(DECLARED)
scalars = words | st.integers(2_000, 10**9) | st.booleans() | st.none() | st.sampled_from(["cat", "dog"])
answers = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | names, inner, max_size=4),
    max_leaves=12,
)
shaped = st.dictionaries(names | words, scalars | st.dictionaries(names | words, answers, max_size=4), max_size=6)


def told(value: Any) -> Any:
    raise ValueError(f"did not like {value}")


def told_by_type(value: Any) -> Any:
    raise PydanticCustomError(f"bad_{value}", "did not like {value}", {"value": value})


def told_as_known(value: Any) -> Any:
    raise PydanticKnownError("json_invalid", {"error": f"{value} at line 987654 column 3"})


def told_by_another(value: Any) -> Any:
    raise LookupError(f"no {value}")


class Cat(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["cat"]
    price: float


class Dog(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["dog"]
    note: Annotated[str, Field(pattern="^a+$")]


def kind_of(pet: Any) -> str:
    return str(pet.get("kind")) if isinstance(pet, dict) else str(pet)


class Everything(BaseModel):
    model_config = ConfigDict(extra="forbid")
    __pydantic_extra__: dict[str, int]
    items: list[Cat | Dog | int] | dict[str, Cat] = []
    kind: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    cat: Annotated[Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")], Discriminator(kind_of)] | None = None
    note: Literal["cat"] | None = None
    checked: Annotated[Any, AfterValidator(told)] = None
    custom: Annotated[Any, BeforeValidator(told_by_type)] = None
    known: Annotated[Any, BeforeValidator(told_as_known)] = None
    raised: Annotated[Any, BeforeValidator(told_by_another)] = None
    extra: dict[int, dict[str, bool]] = {}


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Cat]


class Typed(typing.TypedDict, total=False):
    items: dict[str, Cat]
    note: Annotated[str, Field(max_length=1)]


TYPES: tuple[Any, ...] = (
    Everything,
    Loose,
    Typed,
    dict[str, Everything],
    dict[Annotated[str, Field(max_length=2)], int],
    list[Everything] | dict[str, list[Dog]],
    Literal["cat", "dog"],
    Annotated[Any, AfterValidator(told)],
    Annotated[Any, BeforeValidator(told_by_type)],
    Annotated[Any, BeforeValidator(told_as_known)],
)

SCHEMA: dict[str, Any] = {
    "type": ["object", "array"],
    "properties": {
        "items": {"items": {"enum": ["cat"]}, "minItems": 2, "uniqueItems": True},
        "price": {"type": "number", "maximum": 10},
        "kind": {"const": "cat"},
        "note": {"type": "string", "pattern": "^a+$", "maxLength": 3},
        "checked": {"anyOf": [{"type": "integer"}, {"required": ["price"]}]},
        "custom": {"oneOf": [{"type": "string"}, {"type": ["string", "null"]}]},
        "known": {"not": {}},
        "raised": False,
        "extra": {"propertyNames": {"maxLength": 2}, "additionalProperties": {"type": "array"}},
        "cat": {"properties": {"price": {}}, "unevaluatedProperties": False},
        "dog": {"patternProperties": {"q": {"type": "null"}}, "additionalProperties": False},
    },
    "dependentRequired": {"price": ["kind"]},
    "additionalProperties": {"type": "object", "minProperties": 2, "additionalProperties": {"type": "boolean"}},
    "items": {"$ref": "#"},
}


def pieces(answer: Any) -> Iterator[str]:
    """Every piece of every key and value."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            yield from pieces(key)
            yield from pieces(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from pieces(value)
    elif not isinstance(answer, bool | None) and answer not in DECLARED:
        text = str(answer)
        yield from (text[start : start + PIECE] for start in range(len(text) - PIECE + 1))


def tells_nothing_of(check: FormatCheck, answer: Any) -> None:
    """The parsed answer, its text, and its text cut short."""
    text = json.dumps(answer, ensure_ascii=False)
    for form in (answer, text, text.encode(), text[: len(text) * 2 // 3], f"```json\n{text}\n```"):
        verdict = check.check(form)
        assert len(verdict.reason) <= 200
        assert not [piece for piece in pieces(answer) if piece in verdict.reason]
        assert not verdict.reason or repr(verdict) == f"Verdict(valid={verdict.valid}, reason={verdict.reason!r})"


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(answer=shaped | answers)
@pytest.mark.parametrize("check", [json_check(kind) for kind in TYPES], ids=range(len(TYPES)))
def test_of_types(check: FormatCheck, answer: Any) -> None:
    assert not check.problem
    tells_nothing_of(check, answer)


@pytest.fixture(scope="module", params=JSON_SCHEMA_VALIDATORS)
def schema_check(request: pytest.FixtureRequest) -> Iterator[FormatCheck]:
    with pytest.MonkeyPatch.context() as patch:
        only(patch, request.param)
        yield json_check(SCHEMA)
    forget()


@pytest.mark.property
@settings(max_examples=200, deadline=None)
@given(answer=shaped | answers)
def test_of_json_schemas(schema_check: FormatCheck, answer: Any) -> None:
    assert not schema_check.problem
    tells_nothing_of(schema_check, answer)


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(answer=answers)
def test_of_patterns_and_functions(answer: Any) -> None:
    for check in (regex_check("a+"), regex_check("a+", fullmatch=False), callable_check(told), callable_check(bool)):
        tells_nothing_of(check, answer)
