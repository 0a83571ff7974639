"""The only place where our own exceptions are swallowed: the application must never see one.

Under test they are wanted: ``WATCHKEEPER_STRICT=1`` (set by the pytest plugin) lets them pass.
"""

from __future__ import annotations

import functools
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from watchkeeper_sdk.environment import STRICT

logger = logging.getLogger("watchkeeper_sdk")

_EVERY_S = 60.0
_MOST_KEYS = 1_000
_said_at: dict[str, float] = {}
_lock = threading.RLock()
"""Reentrant: garbage collection and signal handlers may come back here on the thread that holds it."""

F = TypeVar("F", bound=Callable[..., Any])


class Misuse(ValueError):
    """A wrong argument; the text is ours, names the argument, and may be logged."""


def is_strict() -> bool:
    """Shall our own exceptions pass?"""
    return os.environ.get(STRICT, "").lower() not in ("", "0", "false", "no", "off")


def say(key: str, message: str, *arguments: object, level: int = logging.WARNING) -> bool:
    """Log one line a minute for each ``key``; was it logged? Safe to call from anywhere."""
    now = time.monotonic()
    with _lock:
        if now - _said_at.get(key, -_EVERY_S) < _EVERY_S:
            return False
        if len(_said_at) >= _MOST_KEYS:
            _said_at.clear()
        _said_at[key] = now
    try:
        logger.log(level, message, *arguments)
    except Exception:  # noqa: BLE001  a handler or filter of the application's raised, and there is nowhere to say so
        return False
    return True


def swallowed(place: str, error: BaseException) -> None:
    """Tell of an exception of ours by its class and place; its text may hold content and is left out."""
    if isinstance(error, Misuse):
        say(f"misuse:{place}", "watchkeeper_sdk: %s; ignored", error)
        return
    say(
        f"swallowed:{place}:{type(error).__name__}",
        "watchkeeper_sdk failed in %s (%s); the application was not disturbed",
        place,
        type(error).__name__,
    )


def guarded(function: F) -> F:
    """``function`` with every :class:`Exception` turned into one log line and ``None``."""

    @functools.wraps(function)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except Exception as error:
            if is_strict():
                raise
            swallowed(function.__qualname__, error)
            return None

    return cast(F, wrapper)


def after_fork_in_child() -> None:
    """A lock that another thread held at the fork would stay held for ever."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=after_fork_in_child)
