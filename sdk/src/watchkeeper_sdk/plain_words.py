"""Texts that are no content by their look: identifiers, short names, addresses without credentials, span names."""

from __future__ import annotations

import re

_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:/@+\-=,#%*|~()<>&$]{1,256}")
_EMAIL = re.compile(r"[^\s@]@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}\b")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._\-]*)(:\d{1,5})?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.:\-]{0,40}")
_USERINFO = re.compile(r"[^/@]*@(?=[^@]*$)")
_QUERY = re.compile(r"[?#]")
_MOST_FOREIGN = 16
"""Letters beyond ASCII in a name: some scripts put a whole sentence into one word."""
_NAME_WORDS, _NAME_LENGTH = 6, 80
_LABEL_WORDS, _LABEL_LENGTH = 3, 40
_SPAN_WORDS, _SPAN_LENGTH = 8, 120
_OPERATIONS = frozenset(
    (
        "chat", "completion", "create_agent", "embedding", "embeddings", "execute_tool", "generate_content",
        "invoke_agent", "invoke_workflow", "rerank", "retrieval", "text_completion",
    )
)  # fmt: skip
_EVENTS = frozenset(("First Token Stream Event",))
"""Names of events that have several words."""


def identifier(text: str) -> str | None:
    """``text``, when it is one word of ASCII; addresses lose their credentials and query."""
    if "://" in text:
        return address(text)
    if text.startswith("/"):
        text = _without_query(text)
    return text if _IDENTIFIER.fullmatch(text) and not _EMAIL.search(text) else None


def address(text: str) -> str | None:
    """A URL, host or path without user, password, query and fragment; null where they cannot be told apart."""
    scheme, mark, rest = text.rpartition("://") if text.count("://") == 1 else ("", "", text)
    rest = _without_query(rest)
    authority, slash, path = rest.partition("/")
    if mark or "@" in authority:
        authority = authority.rpartition("@")[2] if mark else _USERINFO.sub("", authority)
        if not _AUTHORITY.fullmatch(authority) or (mark and not _SCHEME.fullmatch(scheme)):
            return None
    kept = f"{scheme}{mark}{authority}{slash}{path}"
    prose = "://" in path or "%20" in path or _EMAIL.search(kept)
    checked = f"{authority.strip('[')}{slash}{path}".replace("]", "", 1)  # an IPv6 address is in brackets
    return kept if _IDENTIFIER.fullmatch(checked) and len(kept) <= 256 and not prose else None


def name(text: str) -> str | None:
    """``text``, when it is a short name of at most six words."""
    return _short(text, _NAME_WORDS, _NAME_LENGTH)


def label(text: str) -> str | None:
    """``text``, when it is a label of at most three words."""
    return _short(text, _LABEL_WORDS, _LABEL_LENGTH)


def span_name(text: str, operation: object = None) -> str:
    """The span's name; of prose, what its beginning tells of the call, else the call's ``operation``."""
    words = text.split(" ")
    if len(words) <= _SPAN_WORDS and text[:1] not in ('"', "{", "[") and _is_bounded(text, _SPAN_LENGTH):
        kept = [_span_word(word) for word in words]
        if None not in kept:
            return " ".join(word for word in kept if word is not None)
    return _beginning(words) or (identifier(operation) if isinstance(operation, str) else None) or "span"


def event_name(text: str) -> str | None:
    """An event's name; null where it is not one word."""
    return text if text in _EVENTS else identifier(text)


def _short(text: str, most_words: int, most: int) -> str | None:
    if "://" in text:
        return address(text)
    if len(text.split()) > most_words or not _is_bounded(text, most) or text[:1] in ("{", "["):
        return None
    return None if _EMAIL.search(text) else text


def _is_bounded(text: str, most: int) -> bool:
    return len(text) <= most and text.isprintable() and sum(map(_is_foreign, text)) <= _MOST_FOREIGN


def _is_foreign(character: str) -> bool:
    return not character.isascii()


def _span_word(word: str) -> str | None:
    if "://" in word or word.startswith("/"):
        return identifier(word)
    return None if _EMAIL.search(word) else word


def _beginning(words: list[str]) -> str:
    """``chat gpt-4o`` of ``chat gpt-4o what is the …``: words that only programs write."""
    kept = []
    for word in words[:2]:
        if word.lower() in _OPERATIONS or (_is_technical(word) and identifier(word) == word):
            kept.append(word)
        else:
            break
    return " ".join(kept)


def _is_technical(word: str) -> bool:
    return len(word) <= 60 and re.search(r"[A-Za-z0-9][._/:\-][A-Za-z0-9]", word) is not None


def _without_query(text: str) -> str:
    return _QUERY.split(text, maxsplit=1)[0]
