"""Outcomes that only the application knows: a kept or broken format, a refusal, feedback of a person or a judge."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from types import TracebackType

from watchkeeper_sdk import semconv
from watchkeeper_sdk._safety import Misuse, guarded, say
from watchkeeper_sdk.clock import clock
from watchkeeper_sdk.format_check import FormatCheck, Verdict, callable_check, json_check, regex_check
from watchkeeper_sdk.records import (
    Attributes,
    Hold,
    Scope,
    Value,
    current_hold,
    enter_scope,
    is_unsampled,
    last_call,
    leave_scope,
    mark,
    mark_event,
)
from watchkeeper_sdk.sending import is_sending, send
from watchkeeper_sdk.tracing import tracer

_MAX_WORD = 200


class Expectation:
    """What the answer has to look like.

    ``expectation.check(answer)`` records the verdict on the current call and returns it. As a block it also keeps the
    calls made inside from being sent before the block ends, however long the check takes; and answers of known clients
    are checked by themselves, where ``automatic``. A verdict inside is on a call inside: entering forgets the call
    before. The same one can be entered again, and by many threads and tasks at once.
    """

    def __init__(self, check: FormatCheck, automatic: bool = True) -> None:
        if check.problem:
            say(f"check:{check.problem}", "watchkeeper_sdk: %s", check.problem)
        self._check = check
        self._automatic = automatic
        # Weak: only contexts keep holds, so that one whose task is gone lets its calls go.
        self._entered: weakref.WeakSet[ExpectingHold] = weakref.WeakSet()
        self._gone = 0
        self._strays = 0

    def check(self, answer: object) -> Verdict:
        """Does ``answer`` (a text, or what was parsed from it) keep the format? The verdict is true, false or open."""
        verdict = self._check.check(answer)
        _record(verdict, self._hold())
        return verdict

    def __enter__(self) -> Expectation:
        hold = ExpectingHold(self._check if self._automatic else None, self, current_hold.get())
        self._entered.add(hold)
        current_hold.set(hold)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        hold = self._hold()
        if hold is not None:
            self._leave(hold)
        else:
            self._left_elsewhere()

    async def __aenter__(self) -> Expectation:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def _hold(self) -> ExpectingHold | None:
        """That of our block, where we are inside it."""
        hold = current_hold.get()
        while hold is not None:
            if isinstance(hold, ExpectingHold) and hold.block is self and not hold.released:
                return hold
            hold = hold.outer
        return None

    @guarded
    def _leave(self, hold: ExpectingHold) -> None:
        self._let_go(hold)
        leave_scope(self)
        current = current_hold.get()
        while current is not None and current.released:
            current = current.outer
        current_hold.set(current)
        if len(self._entered) <= self._strays:
            self._let_go(*self._entered)

    @guarded
    def _left_elsewhere(self) -> None:
        """Left in another task than it was entered in: which entry that was can be told only when no other is left."""
        if self._gone:
            self._gone -= 1
            return
        self._strays += 1
        if len(self._entered) <= self._strays:
            self._let_go(*self._entered)

    def _let_go(self, *holds: ExpectingHold) -> None:
        for hold in holds:
            self._entered.discard(hold)
            for record in hold.release():
                send(record)
        if not self._entered:
            self._strays = 0

    @guarded
    def _forgotten(self, hold: ExpectingHold) -> None:
        """``hold`` is in no context any more; its block may yet be left, in another one."""
        self._gone += 1
        for record in hold.release():
            send(record)


class ExpectingHold(Hold):
    """Held calls, what their answers have to look like (null: only the application can tell), and the block."""

    def __init__(self, check: FormatCheck | None, block: Expectation, outer: Hold | None) -> None:
        super().__init__(outer)
        self.check = check
        self.block = block
        self.scope = enter_scope(block)

    def __del__(self) -> None:
        if not self.released:
            self.block._forgotten(self)


def expect_json(schema: object = None, *, fenced: bool = False) -> Expectation:
    """JSON that fits ``schema``: a JSON Schema, a pydantic model, a TypedDict or another type; none: any JSON.

    ``fenced`` allows Markdown fences around it. Recorded are the rule and the path of a failure, never content.
    """
    return Expectation(json_check(schema, fenced=fenced))


def expect_regex(pattern: str, *, fullmatch: bool = True) -> Expectation:
    """A text that matches ``pattern``."""
    return Expectation(regex_check(pattern, fullmatch=fullmatch))


def expect(check: Callable[[object], object]) -> Expectation:
    """An answer that ``check`` calls true; an exception of it counts as broken.

    ``check`` runs only when asked, with what it is given: it may want the answer parsed, and be slow.
    """
    return Expectation(callable_check(check), automatic=False)


def verdict_attributes(verdict: Verdict) -> dict[str, Value]:
    """What is recorded of ``verdict``; nothing where it is open. A good one takes back the reason of one before."""
    if verdict.valid is None:
        return {}
    reason = "" if verdict.valid else verdict.reason[:_MAX_WORD]
    return {semconv.FORMAT_VALID: verdict.valid, semconv.FORMAT_REASON: reason}


@guarded
def refused() -> None:
    """The current call's answer is a refusal.

    Inside a block (:func:`context`, ``expect_…``) that is the last call made inside, also where it ran in a task or
    thread that was started there (``asyncio.wait_for``, a pool). Outside of any, the last one of this same thread or
    task: a call that ran in another one is not seen, and one that has nothing to do with it may be.
    """
    _mark({semconv.REFUSED: True}, "refused()")


@guarded
def feedback(
    score: float | bool | None = None,
    label: str | None = None,
    *,
    name: str = "feedback",
    response_id: str | None = None,
    source: str = "feedback",
) -> None:
    """A verdict on an answer, as OpenTelemetry's event ``gen_ai.evaluation.result``: a score, a label, or both.

    It belongs to the current call (as with :func:`refused`), or to the one whose answer had ``response_id``, whenever
    and wherever that was.
    ``source`` is ``feedback`` (people), ``evaluation`` or ``judge`` (a model).
    """
    attributes = _evaluation(score, label, name, response_id, source)
    if response_id is None:
        if not mark_event(semconv.EVALUATION_EVENT, attributes):
            _nothing_current("feedback() without response_id")
        return
    now = clock().time_ns()
    span = tracer().start_span(semconv.EVALUATION_EVENT, start_time=now)
    span.add_event(semconv.EVALUATION_EVENT, attributes, now)
    span.end(now)


def _evaluation(
    score: float | bool | None, label: str | None, name: str, response_id: str | None, source: str
) -> dict[str, Value]:
    if score is None and label is None:
        raise Misuse("feedback needs a score or a label")
    attributes: dict[str, Value] = {semconv.EVALUATION_NAME: str(name)[:_MAX_WORD], semconv.SCORE_SOURCE: str(source)}
    if score is not None:
        attributes[semconv.EVALUATION_SCORE] = _finite(score)
    if label is not None:
        attributes[semconv.EVALUATION_LABEL] = str(label)[:_MAX_WORD]
    if response_id is not None:
        attributes[semconv.EVALUATION_RESPONSE_ID] = str(response_id)[:_MAX_WORD]
    return attributes


def _finite(score: float | bool) -> float:
    try:
        number = float(score)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise Misuse("feedback's score must be a finite number; words go into its label")
    return number


@guarded
def _record(verdict: Verdict, hold: ExpectingHold | None) -> None:
    attributes = verdict_attributes(verdict)
    if not attributes:
        return
    _mark(attributes, "check()", hold.scope if hold is not None else None)


def _mark(attributes: Attributes, what: str, within: Scope | None = None) -> None:
    if not mark(attributes, within):
        _nothing_current(what)


def _nothing_current(what: str) -> None:
    if is_unsampled() or not is_sending():
        return
    late = last_call() is not None
    say(
        f"nothing-current:{what}:{late}",
        "watchkeeper_sdk: %s %s",
        what,
        "came after its call was sent: use it as a block around the call"
        if late
        else "found no model call in this thread or task to belong to",
    )
