"""The wall that knows callers: finds who asks, and turns away who comes too often."""

from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth import LOCAL, Authenticator, peer_network
from api.problems import problem_response
from api.walls.rate import Rate, TokenBuckets
from watchkeeper.clock import Clock
from watchkeeper.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class AccessRates:
    """How often a key may ask, and how often a peer may present a key that is none."""

    key: Rate = Rate(50.0, 200.0)
    failures: Rate = Rate(10 / 60, 10.0)


class AccessWall:
    """Sets ``request.state.caller``, None where it is nobody we know: what that means is the route's business."""

    def __init__(self, app: ASGIApp, authenticator: Authenticator, rates: AccessRates, clock: Clock) -> None:
        self._app = app
        self._authenticator = authenticator
        self._asked = TokenBuckets(rates.key, clock)
        self._failed = TokenBuckets(rates.failures, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._checked(scope) if scope["type"] == "http" else self._app
        await app(scope, receive, send)

    def _checked(self, scope: Scope) -> ASGIApp:
        headers = dict(scope["headers"])
        peer = peer_network((scope.get("client") or ("unknown", 0))[0])
        presented = b"authorization" in headers
        if presented and (seconds := self._failed.wait(peer)):
            return _too_often("Too many wrong keys came from your address.", seconds)
        try:
            caller = self._authenticator.identify(headers)
        except StoreUnavailable as error:
            return problem_response(503, "The store does not answer", f"{error}. Try again in a few seconds.")
        if caller is None and presented:
            self._failed.take(peer)
        if caller not in (None, LOCAL) and (seconds := self._asked.take(caller.key_id)):
            return _too_often(f"The key {caller.name} asks more often than WATCHKEEPER_API_RATE_PER_S.", seconds)
        scope.setdefault("state", {})["caller"] = caller
        return self._app


def _too_often(what: str, seconds: int) -> ASGIApp:
    detail = f"{what} Wait {seconds} s."
    return problem_response(429, "Too many requests", detail, {"Retry-After": str(seconds)})
