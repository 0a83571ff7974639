"""Bearer tokens. No tokens configured: open, which settings allow on loopback only."""

from collections.abc import Sequence

from fastapi import Request

from api.problems import Problem
from watchkeeper.streams.otlp_auth import Tokens


class TokenCheck:
    """A dependency that lets requests through that the OTLP receivers would let through too."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = Tokens(tokens)

    def __call__(self, request: Request) -> None:
        # Starlette decodes header bytes as latin-1; this gives them back as they came.
        if not self._tokens.admit(request.headers.get("authorization", "").encode("latin-1")):
            raise Problem(401, "Who are you?", "Send 'Authorization: Bearer TOKEN' with one of WATCHKEEPER_TOKENS.")
