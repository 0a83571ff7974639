"""Bearer tokens: who may send, and who may ask the API."""

import hmac
from collections.abc import Sequence


class Tokens:
    """The tokens that open the doors; without any, everyone may come in."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tuple(token.encode() for token in tokens)

    def admit(self, authorization: bytes) -> bool:
        """Does the ``authorization`` header carry one of our tokens? In constant time."""
        if not self._tokens:
            return True
        scheme, _, token = authorization.partition(b" ")
        token = token.strip()
        matches = [hmac.compare_digest(token, known) for known in self._tokens]
        return scheme.lower() == b"bearer" and any(matches)
