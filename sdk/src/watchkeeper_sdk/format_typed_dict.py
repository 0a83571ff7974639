"""TypedDict classes of the standard library, made readable for pydantic on Python 3.10 and 3.11.

There pydantic takes only those of typing_extensions, because older interpreters lose which keys are required. What
is needed of it, 3.10 and 3.11 do keep.
"""

from __future__ import annotations

import functools
import operator
import sys
import types
import typing
from typing import Any

from watchkeeper_sdk.format_verdict import Unusable


def readable_for_pydantic(schema: Any) -> Any:
    """``schema`` with every ``typing.TypedDict`` in it replaced by an equal one. Raises Unusable and NameError."""
    return schema if sys.version_info >= (3, 12) else _replaced(schema, ())


def _replaced(annotation: Any, inside: tuple[Any, ...]) -> Any:
    if typing.is_typeddict(annotation):
        return _typed_dict(annotation, inside)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is None or origin is typing.Literal:
        return annotation
    replaced = tuple(_replaced(argument, inside) for argument in arguments)
    if all(new is old for new, old in zip(replaced, arguments, strict=True)):
        return annotation
    if origin is types.UnionType:
        return functools.reduce(operator.or_, replaced)
    return origin[replaced]


def _typed_dict(original: Any, inside: tuple[Any, ...]) -> Any:
    import typing_extensions  # noqa: PLC0415

    if type(original).__module__ != "typing":
        return original
    if original in inside:
        raise Unusable(f"{original.__name__} holds itself: take typing_extensions.TypedDict below Python 3.12")
    build: Any = typing_extensions.TypedDict
    hints = typing_extensions.get_type_hints(original, include_extras=True)
    replacement = build(
        original.__name__,
        {key: _field(original, key, hint, (*inside, original)) for key, hint in hints.items()},
    )
    if hasattr(original, "__pydantic_config__"):
        replacement.__pydantic_config__ = original.__pydantic_config__
    return replacement


def _field(original: Any, key: str, hint: Any, inside: tuple[Any, ...]) -> Any:
    import typing_extensions  # noqa: PLC0415

    required = key in original.__required_keys__
    origin = typing_extensions.get_origin(hint)
    if origin in (typing_extensions.Required, typing_extensions.NotRequired):
        required = origin is typing_extensions.Required
        (hint,) = typing_extensions.get_args(hint)
    wrapper: Any = typing_extensions.Required if required else typing_extensions.NotRequired
    return wrapper[_replaced(hint, inside)]
