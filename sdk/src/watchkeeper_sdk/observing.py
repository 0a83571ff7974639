"""A decorator that makes each run of a function one call."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, TypeVar, cast, overload

from watchkeeper_sdk._safety import guarded
from watchkeeper_sdk.calls import Call, llm_call

F = TypeVar("F", bound=Callable[..., Any])


@overload
def observe(function: F, /) -> F: ...


@overload
def observe(*, provider: str = "", model: str = "", operation: str = "chat", **given: Any) -> Callable[[F], F]: ...


def observe(
    function: F | None = None, /, *, provider: str = "", model: str = "", operation: str = "chat", **given: Any
) -> F | Callable[[F], F]:
    """Each run of the function is one call; what it returns or yields is read as the provider's answer.

    Works on plain functions, coroutines, generators and async generators. Without ``provider`` and ``model`` they are
    taken from an argument named ``model`` and from the answer. ``given`` goes to
    :func:`~watchkeeper_sdk.llm_call`.
    """

    def decorated(function: F) -> F:
        return cast(F, _observed(function, _Opening(_ModelArgument(function), provider, model, operation, given)))

    return decorated if function is None else decorated(function)


class _ModelArgument:
    """Which of a function's arguments is named ``model``, and what it is by default."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._position, self._default = _position_of_model(function)

    def of(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> str:
        """Its value in one run; empty when it is no text."""
        model = named.get("model", self._default)
        if self._position is not None and self._position < len(arguments):
            model = arguments[self._position]
        return model if isinstance(model, str) else ""


def _position_of_model(function: Callable[..., Any]) -> tuple[int | None, Any]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some functions written in C have none
        return None, None
    for position, one in enumerate(parameters):
        if one.name == "model":
            return None if one.kind is one.KEYWORD_ONLY else position, one.default
    return None, None


class _Opening:
    """Makes the call of one run."""

    def __init__(
        self, argument: _ModelArgument, provider: str, model: str, operation: str, given: dict[str, Any]
    ) -> None:
        self._argument = argument
        self._provider = provider
        self._model = model
        self._operation = operation
        self._given = given

    def __call__(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> Call:
        return self._made(arguments, named) or llm_call(self._provider, self._model, self._operation)

    @guarded
    def _made(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> Call:
        """Fails where what was given to the decorator is no argument of :func:`llm_call`."""
        model = self._model or self._argument.of(arguments, named)
        return llm_call(self._provider, model, self._operation, **self._given)


def _observed(function: Callable[..., Any], opening: _Opening) -> Callable[..., Any]:
    if inspect.isasyncgenfunction(function):
        return _async_generator(function, opening)
    if inspect.iscoroutinefunction(function):
        return _coroutine(function, opening)
    if inspect.isgeneratorfunction(function):
        return _generator(function, opening)
    return _plain(function, opening)


def _plain(function: Callable[..., Any], opening: _Opening) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        with opening(arguments, named) as call:
            return _answered(call, function(*arguments, **named))

    return run


def _coroutine(function: Callable[..., Any], opening: _Opening) -> Callable[..., Any]:
    @functools.wraps(function)
    async def run(*arguments: Any, **named: Any) -> Any:
        async with opening(arguments, named) as call:
            return _answered(call, await function(*arguments, **named))

    return run


def _generator(function: Callable[..., Any], opening: _Opening) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        with opening(arguments, named) as call:
            chunks = call.stream(function(*arguments, **named))
        return (yield from chunks)

    return run


def _async_generator(function: Callable[..., Any], opening: _Opening) -> Callable[..., Any]:
    @functools.wraps(function)
    async def run(*arguments: Any, **named: Any) -> Any:
        async with opening(arguments, named) as call:
            chunks = call.stream(function(*arguments, **named))
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk

    return run


def _answered(call: Call, result: Any) -> Any:
    """``result``, read; a stream is watched until its end."""
    kind = type(result)
    if hasattr(kind, "__next__") or hasattr(kind, "__anext__"):
        return call.stream(result)
    call.response(result)
    return result
