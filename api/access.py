"""Who asks, and what they may do: scopes, the caller of a request, and the dependency that every route states.

A route says what it needs in its signature::

    Reader = Annotated[Caller, Depends(require(Scope.READ, scoped=True))]

    @routes.get("/things")
    def things(caller: Reader) -> list[Thing]:
        return list_things(store, tenants=caller.tenants)

Writes are recorded without a call of their own: a request of a known caller by another method than GET or HEAD, to a
route that requires a scope beyond ``read``, is written to the audit log when it is answered, whatever the answer. A
POST that only computes states ``Scope.READ`` and is not recorded.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.problems import Problem

# Every route states its scope: it is had from where the rest of that sentence is.
from watchkeeper.choices import Scope as Scope

_IMPLIED = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.INGEST: frozenset({Scope.INGEST}),
    Scope.OPERATE: frozenset({Scope.OPERATE, Scope.READ}),
    Scope.ADMIN: frozenset(Scope),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: a key, a configured token, or whoever sits at this machine."""

    key_id: str
    name: str
    """For people: in the audit log, and as the author of what they write."""
    scopes: frozenset[Scope]
    tenants: tuple[str, ...] = ()
    """Whose calls they may see; empty: everybody's."""

    def may(self, scope: Scope) -> bool:
        """Is ``scope`` among theirs, or implied by one of them?"""
        return any(scope in _IMPLIED[own] for own in self.scopes)


_READS = ("GET", "HEAD")
_WHO = "Send 'Authorization: Bearer KEY' with a key of 'watchkeeper keys create' or one of WATCHKEEPER_TOKENS."
_BEARER = HTTPBearer(auto_error=False, scheme_name="key", description="A key of `watchkeeper keys create`, or a token.")


class Require:
    """The dependency that :func:`require` makes."""

    def __init__(self, scope: Scope, *, scoped: bool) -> None:
        self.scope = scope
        self.scoped = scoped

    async def __call__(
        self, request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
    ) -> Caller:
        caller = getattr(request.state, "caller", None)
        if not isinstance(caller, Caller):
            raise Problem(401, "Who are you?", _WHO)
        if request.method not in _READS and self.scope is not Scope.READ:
            request.state.is_write = True
        if not caller.may(self.scope):
            raise Problem(403, "Not with this key", f"This needs the scope {self.scope!s}; {caller.name} lacks it.")
        if caller.tenants and not self.scoped:
            raise Problem(
                403, "Not with this key", f"This tells of all tenants, and {caller.name} may see {len(caller.tenants)}."
            )
        return caller


def require(scope: Scope, *, scoped: bool = False) -> Require:
    """A dependency that returns the :class:`Caller`, who has ``scope``.

    ``scoped`` says that the route shows and changes only what belongs to ``Caller.tenants``; without it keys that are
    bound to tenants are refused. Raises :class:`~api.problems.Problem` 401 without a known key and 403 without the
    right.
    """
    return Require(scope, scoped=scoped)
