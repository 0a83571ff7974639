"""Where in an answer a rule was broken, without a word that the answer brought."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

_LONGEST_PATH: Final = 140


def broken_rule(rule: str, segments: Iterable[object], declared: Collection[str]) -> str:
    """``items[].price: missing``: the rule and the path to what broke it.

    Positions in lists are ``[]``. A key is shown only if it is among the names that the schema declares, else it is
    ``*``: keys come from the answer, too. Of a long path the end is kept.
    """
    path = ""
    for segment in segments:
        if isinstance(segment, int):
            path += "[]"
        else:
            shown = segment if isinstance(segment, str) and segment in declared and segment.isprintable() else "*"
            path += f".{shown}" if path else shown
    if len(path) > _LONGEST_PATH:
        path = "…" + path[-_LONGEST_PATH:]
    return f"{path}: {rule}" if path else rule
