"""Verdicts of JSON Schemas and of types: by each validator alone, and without any."""

from __future__ import annotations

import dataclasses
import json
import sys
import typing
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import typing_extensions
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from tests.sdk.format_validators import JSON_SCHEMA_VALIDATORS, forget, only, without
from watchkeeper_sdk import format_json_schema, format_pydantic
from watchkeeper_sdk.format_check import Verdict, json_check

ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"price": {"type": ["number", "null"], "minimum": 0}, "kind": {"enum": ["a", "b"]}},
                "required": ["price"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["items"],
}


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")
    price: float | None = Field(ge=0)
    kind: Literal["a", "b"] = "a"


class Order(BaseModel):
    items: list[Item]


class Line(typing.TypedDict):
    price: float
    note: typing_extensions.NotRequired[str]


class Basket(typing.TypedDict, total=False):
    lines: typing_extensions.Required[list[Line]]
    owner: str | None


class Plain(typing_extensions.TypedDict):
    a: int


class Endless(typing.TypedDict):
    next: list[Endless]


@dataclasses.dataclass
class Point:
    x: int


@pytest.fixture(autouse=True)
def forgotten_caches() -> Iterator[None]:
    yield
    forget()


@pytest.fixture(params=JSON_SCHEMA_VALIDATORS)
def validator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each JSON Schema validator alone, as applications have them."""
    only(monkeypatch, request.param)
    return str(request.param)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ('{"items": [{"price": 1.5, "kind": "b"}, {"price": null}]}', ""),
        ({"items": []}, ""),
        ("{}", "items: missing"),
        ('{"items": [{"price": 1}, {}]}', "items[].price: missing"),
        ('{"items": [{"price": "x"}]}', "items[].price: expected null or number"),
        ('{"items": [{"price": -1}]}', "items[].price: minimum"),
        ('{"items": [{"price": 1, "kind": "zzzz"}]}', "items[].kind: enum"),
        ('{"items": [{"price": 1, "secret": 2}]}', "items[]: additionalProperties"),
        ("[]", "expected object"),
        ("{", "not JSON: line 1"),
    ],
)
def test_a_json_schema(validator: str, answer: object, reason: str) -> None:
    verdict = json_check(ORDER).check(answer)
    assert verdict.reason == reason
    assert verdict.valid is (not reason)


def test_keys_that_the_schema_does_not_name_are_not_shown(validator: str) -> None:
    check = json_check({"additionalProperties": {"properties": {"price": {"type": "string"}}}})
    assert check.check('{"alice@example.org": {"price": 3}}').reason == "*.price: expected string"


def test_formats_are_annotations(validator: str) -> None:
    assert json_check({"$schema": "http://json-schema.org/draft-07/schema#", "format": "date"}).check('"no date"')


def test_objects_of_pydantic_are_checked_as_the_json_they_stand_for(validator: str) -> None:
    answer = Order(items=[Item(price=1)])
    assert json_check(ORDER).check(answer).value is answer
    assert json_check({"required": ["total"]}).check(answer).reason == "total: missing"
    assert json_check().check(answer)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"properties": 3},
        {"pattern": "("},
        {"type": {1, 2}},
        {"default": object()},
    ],
)
def test_a_wrong_json_schema_is_known_from_the_start(validator: str, schema: dict[str, Any]) -> None:
    check = json_check(schema)
    assert check.problem
    assert check.check("{}") == Verdict(None, check.problem)
    assert check.check(None).valid is False


def test_no_document_is_fetched_for_a_schema(validator: str, tmp_path: Any) -> None:
    outside = tmp_path / "schema.json"
    outside.write_text('{"type": "string"}')
    for reference in (outside.as_uri(), "http://127.0.0.1:9/schema.json"):
        assert json_check({"$ref": reference}).check("3").valid is None


def test_without_a_json_schema_validator_parsing_is_still_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "jsonschema_rs", "jsonschema")
    check = json_check(ORDER)
    assert check.problem == "no JSON Schema validator installed: pip install 'watchkeeper-sdk[jsonschema]'"
    assert check.check("{").valid is False
    assert check.check("{}") == check.check({}) == Verdict(None, check.problem)


def test_equal_schemas_are_compiled_once_and_a_changed_one_anew(validator: str) -> None:
    schema = {"type": "string"}
    assert json_check(schema).check('"a"')
    assert json_check(dict(schema)).check('"b"')
    assert format_json_schema._compiled.cache_info().misses == 1
    schema["type"] = "number"
    assert json_check(schema).check("3")


@pytest.mark.parametrize(
    ("schema", "answer", "reason"),
    [
        (Order, '{"items": [{"price": 1.5}]}', ""),
        (Order, {"items": []}, ""),
        (Order, Order(items=[]), ""),
        (Order, '{"items": [{"price": "x"}]}', "items[].price: float_parsing"),
        (Order, '{"items": [{}]}', "items[].price: missing"),
        (Order, '{"items": [{"price": 1, "secret": 2}]}', "items[].*: extra_forbidden"),
        (Order, '{"items": [\n{]}', "not JSON: line 2"),
        (Order, '```json\n{"items": []}\n```', "not JSON: Markdown fence"),
        (Order, "[" * 300, "not JSON: line 1"),
        (list[Order], "[{}]", "[].items: missing"),
        (Literal["yes", "no"], '"yes"', ""),
        (Literal["yes", "no"], '"perhaps"', "literal_error"),
        (dict[str, int], '{"alice": "x"}', "*: int_parsing"),
        (Point, '{"x": 1}', ""),
        (Point, '{"x": "one"}', "x: int_parsing"),
        (TypeAdapter(list[int]), "[1]", ""),
        (Line, '{"price": 1}', ""),
        (Line, '{"price": 1, "note": 2}', "note: string_type"),
        (Basket, '{"lines": [{"price": 1}], "owner": null}', ""),
        (Basket, "{}", "lines: missing"),
        (Basket, '{"lines": [{"note": "x"}]}', "lines[].price: missing"),
        (list[Line] | None, "[{}]", "[].price: missing"),
        (typing.Annotated[list[Line], Field(min_length=1)], "[]", "too_short"),
        (Plain, '{"a": 1}', ""),
    ],
)
def test_types_that_pydantic_validates(schema: object, answer: object, reason: str) -> None:
    check = json_check(schema)
    verdict = check.check(answer)
    assert (check.problem, verdict.reason, verdict.valid) == ("", reason, not reason)


def test_a_model_keeps_its_own_mode() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(strict=True)
        n: int

    assert json_check(Order).check('{"items": [{"price": "1.5"}]}')
    assert json_check(Strict).check('{"n": "1"}').reason == "n: int_type"


def test_names_of_the_application_in_paths() -> None:
    class Cat(BaseModel):
        kind: Literal["cat"]
        lives: int = Field(alias="livesLeft")

    class Dog(BaseModel):
        kind: Literal["dog"]

    class Owner(BaseModel):
        pet: Cat | Dog = Field(discriminator="kind")

    check = json_check(Owner)
    assert check.check('{"pet": {"kind": "cat", "livesLeft": "many"}}').reason == "pet.cat.livesLeft: int_parsing"
    assert check.check('{"pet": {"kind": "fish"}}').reason == "pet: union_tag_invalid"


def test_what_validators_of_the_application_raise() -> None:
    class Checked(BaseModel):
        n: int

        @field_validator("n")
        @classmethod
        def fits(cls, n: int) -> int:
            if n == 1:
                raise ValueError(f"the value was {n}")
            raise LookupError(f"no {n}")

    assert json_check(Checked).check('{"n": 1}') == Verdict(False, "n: value_error")
    assert json_check(Checked).check('{"n": 2}') == Verdict(False, "a validator raised LookupError")


def test_many_failures_are_not_listed() -> None:
    assert json_check(list[int]).check(json.dumps(["x"] * 1_001)).reason == "more than 1000 rules broken"


class Unhashable(type):
    def __hash__(cls) -> int:
        raise RuntimeError("secret")


@pytest.mark.parametrize(
    "schema",
    [
        3,
        "Order",
        b"{}",
        "__import__('os').abort()",
        object(),
        lambda: 1,
        Unhashable("Odd", (), {}),
        Endless if sys.version_info < (3, 12) else object(),
    ],
    ids=lambda schema: type(schema).__name__,
)
def test_what_is_no_type_to_check_is_known_from_the_start(schema: object) -> None:
    check = json_check(schema)
    assert check.problem and "secret" not in check.problem
    assert check.check("{}") == Verdict(None, check.problem)


def test_a_model_that_is_not_complete_yet_cannot_be_checked() -> None:
    class Early(BaseModel):
        later: Later  # type: ignore[name-defined]  # noqa: F821

    for schema in (Early, list["Nowhere"]):  # type: ignore[name-defined]  # noqa: F821
        verdict = json_check(schema).check('{"later": 1}')
        assert verdict == Verdict(None, "the type is not ready to be checked: class-not-fully-defined")


def test_without_pydantic_parsing_is_still_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "pydantic")
    for schema in (Line, Point, Order):
        check = json_check(schema)
        assert check.problem == "pydantic 2 is not installed: pip install 'pydantic>=2'"
        assert check.check("{").valid is False
        assert check.check("{}") == Verdict(None, check.problem)


def test_equal_types_are_built_once_and_unhashable_ones_work() -> None:
    first = json_check(list[Order])
    assert first.check("[]") and json_check(list[Order]).check("[]")
    assert format_pydantic._kept.cache_info().misses == 1
    assert json_check(typing.Annotated[int, {"doc": "unhashable"}]).check("3")
