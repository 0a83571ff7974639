"""Who sent a request: a key, a configured token, or somebody at this machine."""

import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from api.access import Caller, Scope
from watchkeeper.storage.api_keys import ApiKey
from watchkeeper.storage.key_ring import KeyRing
from watchkeeper.streams.otlp_config import is_loopback

_ALL = frozenset(Scope)
LOCAL = Caller("local", "local", _ALL)
"""Whoever asks at an API that only this machine can reach."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may come in: ``tokens``, which have all scopes, and keys.

    Unless it is ``guarded`` or has tokens, requests of this machine that name no key come from :data:`LOCAL`.
    """

    tokens: tuple[str, ...] = field(default=(), repr=False)
    keys: KeyRing | None = None
    guarded: bool = False
    own_secret: str = field(default="", repr=False)
    """Of the commands of the same user on the same machine; all scopes."""


class Authenticator:
    """Finds the :class:`Caller` of a request's headers."""

    def __init__(self, access: Access) -> None:
        tokens = [Caller(f"token-{number}", f"token {number}", _ALL) for number in range(1, len(access.tokens) + 1)]
        self._known = [(token.encode(), caller) for token, caller in zip(access.tokens, tokens, strict=True)]
        if access.own_secret:
            self._known.append((access.own_secret.encode(), Caller("cli", "cli", _ALL)))
        self._keys = access.keys
        self._is_open = not access.guarded and not access.tokens

    def identify(self, headers: Mapping[bytes, bytes]) -> Caller | None:
        """The caller; None for nobody we know. Raises :class:`~watchkeeper.errors.StoreUnavailable` if it cannot say.

        ``headers`` are by their lower-case names.
        """
        authorization = headers.get(b"authorization")
        if authorization is None:
            return LOCAL if self._is_open and _is_from_here(headers) else None
        scheme, _, text = authorization.partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        return self._by_token(text.strip()) or self._by_key(text.strip())

    def again(self, caller: Caller) -> Caller | None:
        """A caller of before as they are now; None where their key has ended since. Raises as :meth:`identify`."""
        if any(known == caller for _, known in self._known):
            return caller
        key = self._keys.live(caller.key_id) if self._keys is not None else None
        return _caller(key) if key is not None else None

    def _by_token(self, text: bytes) -> Caller | None:
        # All of them, whichever fits: the time it takes tells nothing.
        fitting = [caller for known, caller in self._known if hmac.compare_digest(text, known)]
        return fitting[0] if fitting else None

    def _by_key(self, text: bytes) -> Caller | None:
        key = self._keys.find(text) if self._keys is not None else None
        return _caller(key) if key is not None else None


def _caller(key: ApiKey) -> Caller:
    return Caller(key.id, key.name, frozenset(Scope(scope) for scope in key.scopes), key.tenants)


def _is_from_here(headers: Mapping[bytes, bytes]) -> bool:
    """Does the request mean this machine? A page of somebody else's, open in a browser here, would name another one.

    Browsers name no Origin with what such a page only embeds, but say that it is of another site: it could make us
    work. A link that somebody follows is no such thing.
    """
    origin = headers.get(b"origin")
    if headers.get(b"sec-fetch-site") == b"cross-site" and headers.get(b"sec-fetch-dest") != b"document":
        return False
    return _is_here(b"//" + headers.get(b"host", b"")) and (origin is None or _is_here(origin))


def _is_here(address: bytes) -> bool:
    try:
        return is_loopback(urlsplit(address.decode("latin-1")).hostname or "")
    except ValueError:
        return False


def peer_network(host: str) -> str:
    """What stands for a peer when failures are counted: its address, of IPv6 the /64, which is one customer's."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:64]
    return str(ipaddress.ip_network(f"{address}/64", strict=False)) if address.version == 6 else host
