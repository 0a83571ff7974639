"""Who visits a page: somebody at this machine, whoever sends a key, or a session that began with one.

A page says what it needs in its signature, as a route of the API does::

    Reader = Annotated[Visit, Depends(visiting(Scope.READ, scoped=True))]

Sessions open pages only, never ``/v1``. Sec: RFC 6265bis (SameSite), W3C Fetch Metadata (Sec-Fetch-Site).
"""

import hmac
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fastapi import Request, Response

from api.access import Caller, Scope, require
from api.auth import Access, Authenticator, peer_network
from api.problems import Problem
from api.walls.access import AccessRates
from api.walls.rate import TokenBuckets
from api.web.sessions import LIFETIME_S, Sessions
from watchkeeper.clock import Clock

_COOKIE = "watchkeeper"
_SAFE_COOKIE = "__Host-watchkeeper"
"""Under TLS: a name that browsers keep other hosts and plain HTTP from setting."""


class LoginNeeded(Exception):
    """Nobody we know asks for a page."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks at a page."""

    caller: Caller
    csrf: str = field(repr=False)
    """What each form of theirs carries, so that no other site can make it."""
    session: str = field(default="", repr=False)
    """Its id; empty where no login was needed."""

    def may(self, scope: str) -> bool:
        """Have they the scope of this name?"""
        return self.caller.may(Scope(scope))


class Doors:
    """Logins, sessions and who a request is from. Safe to share between threads."""

    def __init__(self, access: Access, rates: AccessRates, clock: Clock) -> None:
        self._authenticator = Authenticator(access)
        self._sessions = Sessions(clock)
        self._asked = TokenBuckets(rates.key, clock)
        self._failed = TokenBuckets(rates.failures, clock)
        self._secret = secrets.token_bytes(32)

    def visit(self, request: Request) -> Visit:
        """Who asks. Raises :class:`LoginNeeded` for nobody we know, :class:`Problem` 429 for who asks too often, and
        :class:`~watchkeeper.errors.StoreUnavailable` where it cannot be said.
        """
        # The wall has found whoever needs no session.
        caller = getattr(request.state, "caller", None)
        if isinstance(caller, Caller):
            return Visit(caller, hmac.digest(self._secret, caller.key_id.encode(), "sha256").hex())
        text = request.cookies.get(_cookie(request), "")
        session = self._sessions.find(text) if text else None
        known = self._authenticator.again(session.caller) if session is not None else None
        if session is None or known is None:
            raise LoginNeeded
        if seconds := self._asked.take(known.key_id):
            raise _too_often(f"{known.name} asks more often than WATCHKEEPER_API_RATE_PER_S.", seconds)
        request.state.caller = known
        return Visit(known, session.csrf, text)

    def log_in(self, request: Request, response: Response, key: str) -> Caller | None:
        """Open a session for whoever has ``key`` and may read, in the place of the one there was; None for a wrong key.

        Raises :class:`Problem` 429 where too many wrong keys came from this address.
        """
        peer = peer_network(request.client.host if request.client else "unknown")
        if seconds := self._failed.wait(peer):
            raise _too_often("Too many wrong keys came from your address.", seconds)
        caller = self._authenticator.identify({b"authorization": b"Bearer " + key.strip().encode()})
        if caller is None:
            self._failed.take(peer)
            return None
        if not caller.may(Scope.READ):
            return caller
        self._sessions.close(request.cookies.get(_cookie(request), ""))
        response.set_cookie(
            _cookie(request),
            self._sessions.open(caller),
            max_age=int(LIFETIME_S),
            secure=is_secure(request),
            httponly=True,
            samesite="strict",
        )
        return caller

    def log_out(self, request: Request, response: Response, visit: Visit) -> None:
        """End the session."""
        self._sessions.close(visit.session)
        response.delete_cookie(_cookie(request), secure=is_secure(request), httponly=True, samesite="strict")


def doors_of(request: Request) -> Doors:
    """Those of the application that answers ``request``."""
    doors: Doors = request.app.state.doors
    return doors


class Visiting:
    """The dependency that :func:`visiting` makes."""

    def __init__(self, scope: Scope, *, scoped: bool) -> None:
        self._require = require(scope, scoped=scoped)

    async def __call__(self, request: Request) -> Visit:
        visit = doors_of(request).visit(request)
        request.state.visit = visit
        await self._require(request, None)
        return visit


def visiting(scope: Scope, *, scoped: bool = False) -> Visiting:
    """A dependency that returns the :class:`Visit` of somebody who has ``scope``.

    ``scoped`` says that the page shows only what belongs to ``visit.caller.tenants``, as with
    :func:`api.access.require`. Raises :class:`LoginNeeded`, and :class:`Problem` 403 without the right.
    """
    return Visiting(scope, scoped=scoped)


def check_own_site(request: Request) -> None:
    """Was the form sent from a page of ours? Raises :class:`Problem` (403) otherwise.

    Browsers say so in ``Sec-Fetch-Site``, older ones in ``Origin``; who says neither is no browser that fills forms.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    host = request.headers.get("host", "")
    if site not in (None, "same-origin") or (origin is not None and _host_of(origin) != host):
        raise Problem(403, "Not from here", "The form was sent from another site. Open the page itself and try again.")
    if site is None and origin is None:
        raise Problem(403, "Not from here", "The request names no Origin. Scripts use the API under /v1 with a key.")


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def check_token(visit: Visit, given: str) -> None:
    """Does the form carry the token of the session? Raises :class:`Problem` (403) otherwise."""
    if not hmac.compare_digest(visit.csrf.encode(), given.encode()):
        raise Problem(403, "The form is too old", "It is of another session. Go back, load the page anew, try again.")


def _too_often(what: str, seconds: int) -> Problem:
    return Problem(429, "Too many requests", f"{what} Wait {seconds} s.", {"Retry-After": str(seconds)})


def is_secure(request: Request) -> bool:
    """Did it come over TLS?"""
    return bool(request.scope["scheme"] == "https")


def _cookie(request: Request) -> str:
    return _SAFE_COOKIE if is_secure(request) else _COOKIE
