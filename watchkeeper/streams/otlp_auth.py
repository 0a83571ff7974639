"""Who may send calls: clients with one of the configured tokens, or with a key."""

import hmac
from collections.abc import Callable, Sequence

from watchkeeper.errors import Transient
from watchkeeper.streams.otlp_failure import Failure, unauthenticated, unavailable

Admit = Callable[[bytes], bool]
"""Does the key in this ``authorization`` header open? Raises :class:`Transient` where nobody can say now."""


class Doors:
    """What opens to ``tokens`` and to whatever ``admit`` lets in; without either, to everyone."""

    def __init__(self, tokens: Sequence[str], admit: Admit | None) -> None:
        self._tokens = tuple(token.encode() for token in tokens)
        self._admit = admit

    def refusal(self, authorization: bytes) -> Failure | None:
        """Why the client stays outside, or None where it may come in. Takes equally long for each of our tokens."""
        if (not self._tokens and self._admit is None) or self._has_token(authorization):
            return None
        try:
            admitted = self._admit is not None and self._admit(authorization)
        except Transient as error:
            # Not "no": exporters would drop the calls for good.
            return unavailable(f"{error}; send again later")
        return None if admitted else unauthenticated()

    def _has_token(self, authorization: bytes) -> bool:
        scheme, _, token = authorization.partition(b" ")
        token = token.strip()
        matches = [hmac.compare_digest(token, known) for known in self._tokens]
        return scheme.lower() == b"bearer" and any(matches)
