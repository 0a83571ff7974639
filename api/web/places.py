"""Where a form or a login leads on to: places of this site only."""

from urllib.parse import urlsplit

_LONGEST = 2_000


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
