"""Where a form or a login leads on to: places of this site only."""

from typing import Any
from urllib.parse import quote, urlsplit

_LONGEST = 2_000
_AS_IT_IS = "%/?:@!$&'()*+,;=[]"
"""What addresses hold without another meaning than their own."""


def own_place(text: str, otherwise: str = "/") -> str:
    """``text`` if it is a path of this site, with its query; ``otherwise`` for anything else."""
    if not text.startswith("/") or text.startswith(("//", "/\\")) or len(text) > _LONGEST:
        return otherwise
    if not text.isprintable() or not text.isascii() or "\\" in text:
        return otherwise
    try:
        parts = urlsplit(text)
    except ValueError:
        return otherwise
    return text if not parts.scheme and not parts.netloc else otherwise


def place_of(scope: Any) -> str:
    """Path and query that a request asks for, whatever bytes it names them with."""
    path, query = quote(scope["path"]), quote(scope.get("query_string", b""), _AS_IT_IS)
    return f"{path}?{query}" if query else path


def place_before(referer: str) -> str:
    """Path and query of the page that a form was sent from; ``/`` where a browser would not name it so."""
    try:
        parts = urlsplit(referer)
    except ValueError:
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
