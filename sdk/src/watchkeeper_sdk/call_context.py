"""What the calls made inside a block have in common: route, tenant, variant, attempt, prompt, user, tags.

The values travel in a context variable: asyncio tasks inherit it, and :mod:`watchkeeper_sdk.threads` carries it into
threads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextvars import ContextVar
from types import TracebackType

from watchkeeper_sdk import semconv
from watchkeeper_sdk._safety import Misuse, guarded, say
from watchkeeper_sdk.configuration import VARIANTS
from watchkeeper_sdk.records import Value, enter_scope, leave_scope

MAX_TAGS = 16
MAX_LENGTH = 200

current_values: ContextVar[Mapping[str, Value] | None] = ContextVar("watchkeeper_values", default=None)
"""Attributes that every LLM span started here gets."""

_salt: bytes = b""


def set_user_salt(salt: str) -> None:
    """The key of user hashes; empty: user ids are not sent."""
    global _salt
    _salt = salt.encode(errors="surrogatepass")[:64]


def hashed_user(user: object) -> str | None:
    """A keyed BLAKE2b hash, 32 hexadecimal digits; null without a salt."""
    if not _salt:
        say("no-salt", "watchkeeper_sdk: user ids are not sent: set WATCHKEEPER_USER_HASH_SALT to send them hashed")
        return None
    plain = str(user).encode(errors="surrogatepass")
    return hashlib.blake2b(plain, key=_salt, digest_size=16).hexdigest()


class _Entered(dict[str, Value]):
    """The values inside a block that was entered, and where to go back to."""

    __slots__ = ("block", "outer")

    def __init__(self, block: CallContext, outer: Mapping[str, Value] | None, inner: Mapping[str, Value]) -> None:
        super().__init__(outer or {})
        self.update(inner)
        self.block = block
        self.outer = outer


class CallContext:
    """A block whose calls carry attributes; blocks nest, the inner one wins. Use as ``with`` or ``async with``.

    A verdict inside is on a call inside: entering forgets the call before. The block keeps nothing of its use: the
    same one can be entered again, and by many threads and tasks at once.
    """

    __slots__ = ("_attributes",)

    def __init__(self, attributes: Mapping[str, Value]) -> None:
        self._attributes = attributes

    def __enter__(self) -> CallContext:
        current_values.set(_Entered(self, current_values.get(), self._attributes))
        enter_scope(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Left in another task or thread than it was entered in, it changes nothing there."""
        values = current_values.get()
        while isinstance(values, _Entered) and values.block is not self:
            values = values.outer
        if isinstance(values, _Entered):
            current_values.set(values.outer)
        leave_scope(self)

    async def __aenter__(self) -> CallContext:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)


def context(
    *,
    route: str | None = None,
    tenant: str | None = None,
    variant: str | None = None,
    attempt: int | None = None,
    fallback_from: str | None = None,
    prompt_name: str | None = None,
    prompt_version: str | int | None = None,
    conversation: str | None = None,
    user: str | None = None,
    tags: Mapping[str, object] | None = None,
) -> CallContext:
    """Calls made inside belong to this route, tenant, …; what is not given stays as it was.

    ``variant`` is ``primary``, ``shadow``, ``canary`` or ``control``; ``attempt`` counts the application's own tries
    from 1; ``fallback_from`` names the model that failed before; ``user`` is sent only as a salted hash.
    """
    attributes = _attributes(
        route, tenant, variant, attempt, fallback_from, prompt_name, prompt_version, conversation, user, tags
    )
    return CallContext(attributes or {})


def prompt(name: str, version: str | int | None = None) -> CallContext:
    """Calls made inside use this prompt template."""
    return context(prompt_name=name, prompt_version=version)


def tenant(name: str) -> CallContext:
    """Calls made inside are for this customer or team."""
    return context(tenant=name)


def tags(**values: object) -> CallContext:
    """Calls made inside carry these tags (words and numbers, no content); at most 16."""
    return context(tags=values)


@guarded
def checked_variant(variant: str | None) -> str | None:
    """``variant``, where it is one; a wrong one is left out."""
    if variant is not None and variant not in VARIANTS:
        raise Misuse(f"variant must be one of {', '.join(VARIANTS)}, not {variant!r:.40}")
    return variant


@guarded
def checked_attempt(attempt: int) -> int | None:
    """``attempt`` as a number; a wrong one is left out."""
    try:
        return int(attempt)
    except (TypeError, ValueError, OverflowError):
        raise Misuse(f"attempt must be a number, not {attempt!r:.40}") from None


@guarded
def _attributes(
    route: str | None,
    tenant: str | None,
    variant: str | None,
    attempt: int | None,
    fallback_from: str | None,
    prompt_name: str | None,
    prompt_version: str | int | None,
    conversation: str | None,
    user: str | None,
    tags: Mapping[str, object] | None,
) -> dict[str, Value]:
    words = {
        semconv.ROUTE: route,
        semconv.TENANT: tenant,
        semconv.VARIANT: checked_variant(variant),
        semconv.FALLBACK_FROM: fallback_from,
        semconv.PROMPT_NAME: prompt_name,
        semconv.PROMPT_VERSION: prompt_version,
        "gen_ai.conversation.id": conversation,
        semconv.USER_HASH: hashed_user(user) if user is not None else None,
    }
    attributes: dict[str, Value] = {
        key: str(word)[:MAX_LENGTH] for key, word in words.items() if word is not None and word != ""
    }
    if attempt is not None:
        counted = checked_attempt(attempt)
        if counted is not None:
            attributes[semconv.ATTEMPT] = counted
    for name, value in list((tags or {}).items())[:MAX_TAGS]:
        attributes[f"{semconv.TAG}{name}"] = str(value)[:MAX_LENGTH]
    return attributes
