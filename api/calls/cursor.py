"""Cursors of lists that grow while they are read: where a page ended, not how many rows came before."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from api.answers.cursor import mark
from api.problems import Problem
from watchkeeper.storage.call_search import Place

_MOST = 2**62


@dataclass(frozen=True, slots=True)
class CallCursor:
    """The next page begins after ``place`` of ``[begin, end)``: the period stays that of the first page."""

    place: Place
    begin: datetime
    end: datetime

    def write(self, question: Sequence[object]) -> str:
        """As text that fits this ``question`` only: its parameters but for the period."""
        fields = [*self.place, _micros(self.begin), _micros(self.end), mark(question)]
        return base64.urlsafe_b64encode(orjson.dumps(fields)).decode().rstrip("=")


def read_call_cursor(text: str, question: Sequence[object]) -> CallCursor:
    """What :meth:`CallCursor.write` wrote. Raises :class:`Problem` (422) for anything else."""
    try:
        *place, begin, end, written = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        first, at, span, trace, calls = place
        found = CallCursor(
            (_number(first), _number(at), str(span), str(trace), _number(calls) % 256), *_span(begin, end)
        )
    except (binascii.Error, ValueError, TypeError, OverflowError, OSError):
        raise _unfit("it is none that an answer gave as next_cursor") from None
    if written != mark(question):
        raise _unfit("it belongs to another question: repeat all other parameters of the page before")
    return found


def _span(begin: object, end: object) -> tuple[datetime, datetime]:
    first, last = (datetime.fromtimestamp(_number(one) / 1e6, UTC) for one in (begin, end))
    if first >= last:
        raise ValueError
    return first, last


def _micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)


def _number(value: object) -> int:
    """Raises :class:`ValueError` for what is no number that the store can take."""
    if not isinstance(value, int) or isinstance(value, bool) or not -_MOST < value < _MOST:
        raise ValueError
    return value


def _unfit(why: str) -> Problem:
    return Problem(422, "A parameter does not fit", f"cursor: {why}.")
