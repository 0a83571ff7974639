"""Bearer tokens, compared in constant time. No tokens configured: open, which settings allow on loopback only."""

import hmac
from collections.abc import Sequence

from fastapi import Request

from api.problems import Problem


class TokenCheck:
    """A dependency that lets requests with a known bearer token through."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = [token.encode() for token in tokens]

    def __call__(self, request: Request) -> None:
        if not self._tokens:
            return
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = token.strip().encode()
        known = [hmac.compare_digest(given, token) for token in self._tokens]
        if scheme.lower() != "bearer" or not any(known):
            raise Problem(401, "Who are you?", "Send 'Authorization: Bearer TOKEN' with one of WATCHKEEPER_TOKENS.")
