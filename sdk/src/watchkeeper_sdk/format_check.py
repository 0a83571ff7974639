"""Whether an answer keeps the format that was asked for: JSON of a shape, a pattern, or the application's own check.

Pure functions of the answer: no telemetry, no I/O. Neither making a check nor checking raises, whatever is passed:
what cannot be told is a verdict with ``valid`` None and the reason.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from watchkeeper_sdk.format_json_schema import json_schema_rules
from watchkeeper_sdk.format_pydantic import pydantic_rules
from watchkeeper_sdk.format_text import NOT_UTF8, TOO_DEEP, TOO_LARGE, as_text, is_too_large, read_json, without_fence
from watchkeeper_sdk.format_verdict import Unusable, ValidatorMissing, Verdict

__all__ = ["FormatCheck", "Verdict", "callable_check", "json_check", "regex_check"]

_NO_ANSWER: Final = Verdict(False, "no answer")
_NOT_TEXT: Final = Verdict(None, "not a text")
_ASYNCHRONOUS: Final = "the check is asynchronous: pass a plain function"

Judge = Callable[[Any], Verdict]


class FormatCheck:
    """One way to check answers, made once and used for many; many threads may use it."""

    __slots__ = ("_judge", "problem")

    def __init__(self, judge: Judge, problem: str = "") -> None:
        self._judge = judge
        self.problem: Final = problem
        """Why this check can tell less than was asked, or nothing at all; empty when all is well."""

    def check(self, answer: object) -> Verdict:
        """The verdict on ``answer``: a text, bytes in UTF-8, or what was parsed from it; None is no answer.

        Texts of more than a million characters are not checked. Runs on the thread of the caller, for as long as the
        validator, pattern or function takes. Never raises.
        """
        if answer is None:
            return _NO_ANSWER
        try:
            return TOO_LARGE if is_too_large(answer) else self._judge(answer)
        except UnicodeDecodeError:
            return NOT_UTF8
        except RecursionError:
            return TOO_DEEP
        except BaseException as error:  # noqa: BLE001  # the last line before the host; see _name_of_ours
            return Verdict(None, f"could not be checked: {_name_of_ours(error)}")


def json_check(schema: object = None, *, fenced: bool = False) -> FormatCheck:
    """Is the answer JSON, and JSON that fits ``schema``?

    ``schema`` is a JSON Schema (dict; ``format`` is not enforced, nothing is fetched for a ``$ref``), a pydantic model
    or any type that pydantic can validate (TypedDict, dataclass, ``list[Model]``, Literal, TypeAdapter), or None for
    any JSON. Validators run as they stand in the model, a second time if the application parses the answer itself.
    Markdown fences make an answer invalid, since a parser would stumble on them, unless ``fenced`` allows one block
    around everything. Without the package that a schema needs the check still tells what is no JSON.
    """
    try:
        rules, problem = _json_rules(schema)
    except BaseException as error:  # noqa: BLE001  # a schema can be anything; see _name_of_ours
        return _unusable(_problem(error, "the schema"))

    def judge(answer: object) -> Verdict:
        text = as_text(answer)
        if text is None:
            return rules.judge_parsed(answer)
        return rules.judge_text(without_fence(text) if fenced else text)

    return FormatCheck(judge, problem)


def regex_check(pattern: str | bytes | re.Pattern[str] | re.Pattern[bytes], *, fullmatch: bool = True) -> FormatCheck:
    """Does the whole answer match ``pattern``, or with ``fullmatch=False`` any part of it? The value is the match.

    The pattern is the application's own: one that backtracks without end does so on the thread of the caller.
    """
    try:
        compiled: re.Pattern[Any] = re.compile(pattern)
    except Exception as error:  # noqa: BLE001  # a pattern can be anything, and compiling one may warn
        return _unusable(_problem(error, "the pattern"))
    matching = compiled.fullmatch if fullmatch else compiled.search
    in_bytes = isinstance(compiled.pattern, bytes)

    def judge(answer: object) -> Verdict:
        text = as_text(answer)
        if text is None:
            return _NOT_TEXT
        match = matching(text.encode() if in_bytes else text)
        return Verdict(False, "the pattern does not match") if match is None else Verdict(True, value=match)

    return FormatCheck(judge)


def callable_check(function: Callable[[Any], object]) -> FormatCheck:
    """Does ``function(answer)`` call the answer good?

    What it returns counts as in a condition, so returning nothing means no; a Verdict is passed on; an exception means
    no, and only the name of its class is kept. The answer is handed over as it came and is the value.
    """
    problem = _problem_of_calling(function)
    if problem:
        return _unusable(problem)

    def judge(answer: object) -> Verdict:
        try:
            result = function(answer)
            if isinstance(result, Verdict):
                return result
            if inspect.isawaitable(result):
                return _not_awaited(result)
            if result:
                return Verdict(True, value=answer)
        except Exception as error:  # noqa: BLE001  # whatever a check of the application raises is its way to say no
            return Verdict(False, f"the check raised {type(error).__name__}")
        return Verdict(False, "the check returned None" if result is None else "the check said no")

    return FormatCheck(judge)


class _JsonRules(Protocol):
    def judge_text(self, text: str) -> Verdict: ...
    def judge_parsed(self, answer: object) -> Verdict: ...


class _AnyJson:
    """No schema: whatever parses is valid; with ``then``, that is all that can be told."""

    def __init__(self, then: Verdict | None = None) -> None:
        self._then = then

    def judge_text(self, text: str) -> Verdict:
        parsed = read_json(text)
        return parsed if self._then is None or not parsed else self._then

    def judge_parsed(self, answer: object) -> Verdict:
        if self._then is not None:
            return self._then
        is_json = isinstance(answer, dict | list | tuple | int | float) or hasattr(type(answer), "model_dump")
        return Verdict(True, value=answer) if is_json else Verdict(None, "neither text nor parsed JSON")


def _json_rules(schema: object) -> tuple[_JsonRules, str]:
    """The rules of ``schema`` and what keeps them from telling all. Raises Unusable and whatever building raises."""
    if schema is None:
        return _AnyJson(), ""
    try:
        return (json_schema_rules(schema) if isinstance(schema, Mapping | bool) else pydantic_rules(schema)), ""
    except ValidatorMissing as error:
        return _AnyJson(Verdict(None, str(error))), str(error)


def _unusable(problem: str) -> FormatCheck:
    verdict = Verdict(None, problem)
    return FormatCheck(lambda answer: verdict, verdict.reason)


def _problem(error: BaseException, what: str) -> str:
    return str(error) if isinstance(error, Unusable) else f"{what} cannot be used: {_name_of_ours(error)}"


def _name_of_ours(error: BaseException) -> str:
    """The class of an error that is for us to swallow; one that stops the program goes on its way.

    A panic in a validator written in Rust arrives beside Exception, not under it.
    """
    if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
        raise error
    return type(error).__name__


def _problem_of_calling(function: object) -> str:
    if not callable(function):
        return "the check is not callable"
    try:
        return _ASYNCHRONOUS if inspect.iscoroutinefunction(function) else ""
    except Exception as error:  # noqa: BLE001  # it asks the object for attributes
        return _problem(error, "the check")


def _not_awaited(result: object) -> Verdict:
    close = getattr(result, "close", None)
    if close is not None:
        close()  # a coroutine left alone would warn that nobody awaited it
    return Verdict(None, _ASYNCHRONOUS)
