"""Opaque cursors: where the next page begins, and of which question."""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from api.filters import LAST_YEAR
from api.problems import Problem

_MOST_CHARACTERS = 400
_FURTHEST = 2**31
_ALPHABET = re.compile(r"[A-Za-z0-9_\-]+")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The next page begins at row ``offset`` of ``[begin, end)``: the period stays that of the first page."""

    offset: int
    begin: datetime
    end: datetime

    def write(self, question: Sequence[object]) -> str:
        """As text that fits this ``question`` only: its parameters but for the period."""
        fields = [self.offset, self.begin.timestamp(), self.end.timestamp(), mark(question)]
        return base64.urlsafe_b64encode(orjson.dumps(fields)).decode().rstrip("=")


def read_cursor(text: str, question: Sequence[object]) -> Cursor:
    """What :meth:`Cursor.write` wrote. Raises :class:`Problem` (422) for anything else."""
    if len(text) > _MOST_CHARACTERS or not _ALPHABET.fullmatch(text):
        raise _unfit("it is none that an answer gave as next_cursor")
    try:
        offset, begin, end, written = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        found = Cursor(int(offset), datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC))
    except (binascii.Error, ValueError, TypeError, OverflowError, OSError):
        raise _unfit("it is none that an answer gave as next_cursor") from None
    if (
        written != mark(question)
        or not 0 <= found.offset <= _FURTHEST
        or found.begin >= found.end
        or found.end.year > LAST_YEAR
    ):
        raise _unfit("it belongs to another question: repeat all other parameters of the page before")
    return found


def mark(question: Sequence[object]) -> str:
    """What tells the cursors of one question from those of another."""
    return hashlib.sha256(repr(question).encode()).hexdigest()[:16]


def _unfit(why: str) -> Problem:
    return Problem(422, "A parameter does not fit", f"cursor: {why}.")
