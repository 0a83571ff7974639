"""The text of a key, ``wk_ID_SECRET``, and what is kept of it.

The secret is 256 random bits, so that nobody can guess it from its hash however fast the hash is; the slow hashes that
passwords need would only cost every request tens of milliseconds. The salt keeps equal secrets, should there ever be
two, from having equal hashes.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field

Entropy = Callable[[int], bytes]
"""So many random bytes, e.g. :func:`secrets.token_bytes`."""

_ID_BYTES, _SECRET_BYTES, _SALT_BYTES = 6, 32, 16
_TEXT = re.compile(rb"wk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
# Something to compare with where a key is not known, so that the answer takes as long.
_NO_SALT, _NO_HASH = "00" * _SALT_BYTES, "00" * 32


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret as it is made: ``text`` for its owner, who sees it once, and the rest for the store."""

    id: str
    text: str = field(repr=False)
    salt: str = field(repr=False)
    hash: str = field(repr=False)


def new_secret(entropy: Entropy) -> NewSecret:
    """Another secret; its salt and hash are hexadecimal."""
    key_id, salt = entropy(_ID_BYTES).hex(), entropy(_SALT_BYTES).hex()
    secret = base64.urlsafe_b64encode(entropy(_SECRET_BYTES)).rstrip(b"=")
    return NewSecret(key_id, f"wk_{key_id}_{secret.decode()}", salt, _hash(salt, secret))


def split(text: bytes) -> tuple[str, bytes] | None:
    """Id and secret of a key's text; None for what is no key."""
    found = _TEXT.fullmatch(text)
    return (found[1].decode(), found[2]) if found else None


def fits(secret: bytes, salt: str = _NO_SALT, known_hash: str = _NO_HASH) -> bool:
    """Is this the secret that ``known_hash`` was made of? In constant time."""
    return hmac.compare_digest(_hash(salt, secret), known_hash)


def _hash(salt: str, secret: bytes) -> str:
    return hashlib.sha256(bytes.fromhex(salt) + secret).hexdigest()
