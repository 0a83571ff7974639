"""Route, tenant and the other values of a block, carried into the threads that are started inside it.

Only our own context variables travel: which of the others an application wants carried is not ours to decide.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from watchkeeper_sdk.call_context import current_values
from watchkeeper_sdk.records import Hold, Value, current_hold

R = TypeVar("R")

_CARRIES = "_watchkeeper_carries"


class _Carried:
    """A function that runs with the values of the place where it was handed over."""

    __slots__ = ("_function", "_hold", "_values")

    def __init__(self, function: Callable[..., Any], values: Mapping[str, Value] | None, hold: Hold | None) -> None:
        self._function = function
        self._values = values
        self._hold = hold

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        values, hold = current_values.set(self._values), current_hold.set(self._hold)
        try:
            return self._function(*arguments, **named)
        finally:
            current_hold.reset(hold)
            current_values.reset(values)


def propagated(function: Callable[..., R]) -> Callable[..., R]:
    """``function`` with the values of this block wherever it runs: for pools that :func:`carry` does not know."""
    values, hold = current_values.get(), current_hold.get()
    return _Carried(function, values, hold) if values or hold else function


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
        # Subclasses are mostly workers of a pool: they outlive the block, and would keep its values for other work.
        if type(self) in (threading.Thread, threading.Timer) and not isinstance(self.run, _Carried):
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
        values, hold = current_values.set(None), current_hold.set(None)
        try:
            return original(self, carried, *arguments, **named)
        finally:
            current_hold.reset(hold)
            current_values.reset(values)

    setattr(submit, _CARRIES, original)
    return submit
