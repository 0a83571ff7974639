"""Verdicts on format: what is valid, what is not, what cannot be told, and that nothing ever raises."""

from __future__ import annotations

import dataclasses
import re
import warnings
from typing import Any, Literal

import pytest

from watchkeeper_sdk.format_check import FormatCheck, Verdict, callable_check, json_check, regex_check


@dataclasses.dataclass
class Point:
    x: int


def test_a_verdict_is_true_only_when_valid_and_shows_no_value() -> None:
    good, bad, open_ = Verdict(True, value={"secret": 1}), Verdict(False, "missing"), Verdict(None, "too large")
    assert (bool(good), bool(bad), bool(open_)) == (True, False, False)
    assert "secret" not in repr(good)
    assert good != Verdict(True) and hash(good) == hash(Verdict(True))
    assert len(Verdict(False, "x" * 500).reason) == 200
    with pytest.raises(dataclasses.FrozenInstanceError):
        good.valid = False  # type: ignore[misc]


@pytest.mark.parametrize(
    ("answer", "valid", "reason"),
    [
        ('{"a": [1, 2]}', True, ""),
        (b'{"a": "\xc3\xa9"}', True, ""),
        (bytearray(b"3"), True, ""),
        ('  "text"\n', True, ""),
        ({"a": 1}, True, ""),
        ([], True, ""),
        (False, True, ""),
        (Point(1), None, "neither text nor parsed JSON"),
        ("", False, "not JSON: line 1"),
        ('{"a": 1,\n\n "b": oops}', False, "not JSON: line 3"),
        ("Sure! Here it is: {}", False, "not JSON: line 1"),
        ('```json\n{"a": 1}\n```', False, "not JSON: Markdown fence"),
        ("[NaN]", False, "not JSON: NaN or Infinity"),
        (b"\xff\xfe", False, "not UTF-8"),
        (None, False, "no answer"),
        ("[" * 100_000, None, "nested too deeply to check"),
        ("1" * 5_000, None, "holds a number too long to check"),
        ('"' + "x" * 1_000_000 + '"', None, "too large to check"),
    ],
)
def test_any_json(answer: object, valid: bool | None, reason: str) -> None:
    verdict = json_check().check(answer)
    assert (verdict.valid, verdict.reason) == (valid, reason)
    assert verdict.value is None or valid


def test_the_value_of_a_valid_answer_is_what_it_was_parsed_into() -> None:
    assert json_check().check('{"a": [1]}').value == {"a": [1]}
    assert json_check(Point).check('{"x": 1}').value == Point(1)
    assert json_check(list[Literal["a"]]).check(["a"]).value == ["a"]


@pytest.mark.parametrize(
    ("answer", "valid"),
    [
        ('```json\n{"a": 1}\n```', True),
        ("\n```\n[1]```  ", True),
        ("[1]", True),
        ("```json\n[1]", False),
        ("Here:\n```json\n[1]\n```", False),
        ("```json [1]```", False),
        ("```", False),
        ("``````", False),
        ("```\n```", False),
    ],
)
def test_fences_are_taken_off_when_allowed(answer: str, valid: bool) -> None:
    assert json_check(fenced=True).check(answer).valid is valid
    assert json_check(list[int] | dict[str, int], fenced=True).check(answer).valid is valid


@pytest.mark.parametrize(
    ("pattern", "fullmatch", "answer", "valid"),
    [
        (r"[A-Z]{3}-\d+", True, "ABC-17", True),
        (r"[A-Z]{3}-\d+", True, "It is ABC-17.", False),
        (r"[A-Z]{3}-\d+", False, "It is ABC-17.", True),
        (re.compile("yes|no", re.I), True, b"YES", True),
        (rb"\w+", True, "yes", True),
        (r"é", True, b"\xff", False),
        (r".*", True, {"a": 1}, None),
        (r".*", True, None, False),
        (r".*", True, "x" * 1_000_001, None),
    ],
)
def test_a_pattern(pattern: Any, fullmatch: bool, answer: object, valid: bool | None) -> None:
    verdict = regex_check(pattern, fullmatch=fullmatch).check(answer)
    assert verdict.valid is valid
    assert valid is not True or verdict.value.group()


@pytest.mark.parametrize("pattern", ["(", "[[a]", 3, None, "a{1,99999999999}"])
def test_a_wrong_pattern_is_known_from_the_start(pattern: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check = regex_check(pattern)
    assert check.check("secret") == Verdict(None, check.problem)
    assert check.problem.startswith("the pattern cannot be used: ")


@pytest.mark.parametrize(
    ("function", "valid", "reason"),
    [
        (lambda answer: True, True, ""),
        (lambda answer: [answer], True, ""),
        (lambda answer: 0, False, "the check said no"),
        (lambda answer: None, False, "the check returned None"),
        (lambda answer: {}[answer], False, "the check raised KeyError"),
        (lambda answer: Verdict(None, "own"), None, "own"),
        (lambda answer: Unsure(), False, "the check raised ArithmeticError"),
        (None, None, "the check is not callable"),
    ],
)
def test_a_check_of_the_application(function: Any, valid: bool | None, reason: str) -> None:
    verdict = callable_check(function).check("secret")
    assert (verdict.valid, verdict.reason) == (valid, reason)
    assert verdict.value == ("secret" if valid else None)


class Unsure:
    def __bool__(self) -> bool:
        raise ArithmeticError("secret")


def test_an_asynchronous_check_is_not_left_unawaited() -> None:
    async def check(answer: object) -> bool:
        return True

    wrapped = callable_check(lambda answer: check(answer)).check("x")
    assert callable_check(check).problem == wrapped.reason == "the check is asynchronous: pass a plain function"


def test_a_program_that_is_to_stop_stops() -> None:
    def interrupted(answer: object) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        callable_check(interrupted).check("x")


def test_a_panic_of_a_compiled_validator_is_swallowed() -> None:
    panic = type("PanicException", (BaseException,), {})

    def panicking(answer: object) -> Verdict:
        raise panic("secret")

    assert FormatCheck(panicking).check("x") == Verdict(None, "could not be checked: PanicException")


class Hostile:
    """Fails at whatever is asked of it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("secret")

    __bool__ = __len__ = __iter__ = __eq__ = __hash__ = __str__ = __repr__ = __getattribute__  # type: ignore[assignment]


def test_nothing_raises_whatever_is_passed() -> None:
    endless: list[Any] = []
    endless.append(endless)
    schemas: tuple[object, ...] = (
        None,
        {"required": ["a"]},
        {},
        True,
        Point,
        dict[str, int],
        Hostile(),
        Hostile,
        Verdict(True),
        ...,
        NotImplemented,
    )
    answers = (
        Hostile(),
        endless,
        {1: 2},
        {"items": endless},
        object(),
        Hostile,
        1j,
        "\ud800",
        memoryview(b"{}"),
        {"a"},
    )
    checks = [*map(json_check, schemas), regex_check(Hostile()), callable_check(Hostile()), callable_check(len)]  # type: ignore[arg-type]
    for check in (*checks, regex_check(".*"), callable_check(lambda answer: answer)):
        for answer in answers:
            assert "secret" not in check.check(answer).reason
