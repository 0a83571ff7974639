"""Route, tenant and the other values of a block, carried into the threads that are started inside it.

Into work handed to a :class:`ThreadPoolExecutor`, and into plain threads that are no daemons. A daemon is mostly a
worker that somebody's first call has started: it outlives the block and works for others. Take :func:`propagated`
where one is meant to have the values; a worker that is no daemon is better started outside of blocks.

Only our own context variables travel: which of the others an application wants carried is not ours to decide.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, TypeVar

from watchkeeper_sdk.call_context import current_values
from watchkeeper_sdk.records import current_hold, current_scope, last_record, own_line

R = TypeVar("R")

_CARRIES = "_watchkeeper_carries"
_OF_BLOCKS: tuple[ContextVar[Any], ...] = (current_values, current_hold, current_scope)
_CARRIED: tuple[ContextVar[Any], ...] = (*_OF_BLOCKS, last_record, own_line)


class _Carried:
    """A function that runs with the values of the place where it was handed over."""

    __slots__ = ("_function", "_values")

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._values = [variable.get() for variable in _CARRIED]

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        tokens = [variable.set(value) for variable, value in zip(_CARRIED, self._values, strict=True)]
        try:
            return self._function(*arguments, **named)
        finally:
            for variable, token in zip(_CARRIED, tokens, strict=True):
                variable.reset(token)


def propagated(function: Callable[..., R]) -> Callable[..., R]:
    """``function`` with the values of this block wherever it runs: for pools that :func:`carry` does not know."""
    return _Carried(function) if any(variable.get() is not None for variable in _OF_BLOCKS) else function


def carry() -> None:
    """Let :class:`threading.Thread` and :class:`ThreadPoolExecutor` carry the values. Twice is harmless."""
    if not hasattr(threading.Thread.start, _CARRIES):
        setattr(threading.Thread, "start", _starting(threading.Thread.start))  # noqa: B010  a method is replaced
        setattr(ThreadPoolExecutor, "submit", _submitting(ThreadPoolExecutor.submit))  # noqa: B010


def uncarry() -> None:
    """Take :func:`carry` back."""
    for owner, name in ((threading.Thread, "start"), (ThreadPoolExecutor, "submit")):
        original = getattr(getattr(owner, name), _CARRIES, None)
        if original is not None:
            setattr(owner, name, original)


def _starting(original: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    @functools.wraps(original)
    def start(self: threading.Thread) -> None:
        # Subclasses are mostly workers of a pool: as daemons they outlive the block, and would keep its values.
        plain = type(self) in (threading.Thread, threading.Timer) and not self.daemon
        if plain and not isinstance(self.run, _Carried):
            self.run = propagated(self.run)  # type: ignore[method-assign]
        original(self)

    setattr(start, _CARRIES, original)
    return start


def _submitting(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
        carried = propagated(fn)
        if carried is fn:
            return original(self, fn, *arguments, **named)
        # The pool may start a thread here, which must not keep the values of this one piece of work.
        tokens = [variable.set(None) for variable in _OF_BLOCKS]
        try:
            return original(self, carried, *arguments, **named)
        finally:
            for variable, token in zip(_OF_BLOCKS, tokens, strict=True):
                variable.reset(token)

    setattr(submit, _CARRIES, original)
    return submit
