"""A provider's export of usage or cost, whatever its form, as rows of one kind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from api.problems import Problem

MOST_ROWS = 200_000
_MOST_TOKENS = 2**63 - 1
_MOST_USD = Decimal(10) ** 12
_FIRST, _LAST = datetime(2015, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Counts our way: ``input`` holds cached and cache-writing tokens too. None: the export does not say."""

    input: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    output: int | None = None


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One line of an export. ``item`` names what is no tokens of a call (searches, storage), empty for tokens."""

    at: datetime
    """Begin of its time bucket."""
    model: str = ""
    tier: str = ""
    """As price lists name it; empty for the standard one and where none is stated."""
    requests: int | None = None
    tokens: Tokens = Tokens()
    usd: Decimal | None = None
    item: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """A whole export. ``buckets`` are the begins of all its time buckets, those without usage too."""

    provider: str
    form: str
    """Which of the documented forms it has, with the version that was read."""
    rows: tuple[ExportRow, ...]
    buckets: tuple[datetime, ...]
    is_cut: bool = False
    """It says that further pages exist."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Kinds of rows that have neither tokens nor dollars to compare, and how many there were."""

    @property
    def has_usd(self) -> bool:
        return any(row.usd is not None for row in self.rows)

    @property
    def has_tokens(self) -> bool:
        return any(row.tokens.input is not None or row.tokens.output is not None for row in self.rows)

    @property
    def day_offset(self) -> timedelta:
        """How long after midnight UTC its days begin: that of its buckets, where all of them agree."""
        offsets = {(begin - _midnight(begin)) % timedelta(days=1) for begin in self.buckets}
        return offsets.pop() if len(offsets) == 1 else timedelta()


def unreadable(place: str, what: str) -> Problem:
    """An export that is wrong at ``place``."""
    return Problem(422, "The export cannot be read", f"{place}: {what}.")


@dataclass(frozen=True, slots=True)
class Fields:
    """Named values of one row, read strictly; ``place`` says which row, for errors.

    Every reader takes names that mean the same in different versions, and raises :class:`Problem` (422).
    """

    values: Mapping[str, Any]
    place: str

    def text(self, *names: str) -> str:
        """The first that is there; empty where none is."""
        _, value = self._first(names)
        return str(value).strip()[:300] if value is not None else ""

    def count(self, *names: str) -> int | None:
        """A whole number, 0 or more; None where there is none."""
        name, value = self._first(names)
        if value is None:
            return None
        number = self._decimal(name, value)
        if number != number.to_integral_value() or not 0 <= number <= _MOST_TOKENS:
            raise unreadable(self._at(name), f"{_shown(value)} is no count")
        return int(number)

    def dollars(self, *names: str) -> Decimal | None:
        """An amount; None where there is none. Credits may be below zero."""
        name, value = self._first(names)
        if value is None:
            return None
        amount = self._decimal(name, value)
        if abs(amount) > _MOST_USD:
            raise unreadable(self._at(name), f"{_shown(value)} is too large for an amount")
        return amount

    def moment(self, *names: str) -> datetime:
        """A time: Unix seconds, an ISO date or time; without a zone it is UTC."""
        name, value = self._first(names)
        if value is None:
            raise unreadable(self._at(names[0]), "a time is missing")
        found = _moment(value)
        if found is None or not _FIRST <= found <= _LAST:
            raise unreadable(self._at(name), f"{_shown(value)} is no time: Unix seconds or 2026-01-31T00:00:00Z")
        return found

    def nested(self, name: str) -> "Fields":
        """The fields of an object inside; empty where it is missing."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, Mapping):
            raise unreadable(self._at(name), "an object was expected")
        return Fields(value or {}, self._at(name))

    def objects(self, name: str) -> Iterator["Fields"]:
        """The objects of a list inside."""
        value = self.values.get(name)
        if not isinstance(value, list):
            raise unreadable(self._at(name), "a list was expected")
        for number, inner in enumerate(value):
            if not isinstance(inner, Mapping):
                raise unreadable(f"{self._at(name)}[{number}]", "an object was expected")
            yield Fields(inner, f"{self._at(name)}[{number}]")

    def _first(self, names: tuple[str, ...]) -> tuple[str, Any]:
        present = ((name, self.values.get(name)) for name in names)
        return next(((name, value) for name, value in present if value not in (None, "")), (names[0], None))

    def _at(self, name: str) -> str:
        return f"{self.place}, column {name}" if self.place.startswith("row ") else f"{self.place}.{name}".lstrip(".")

    def _decimal(self, name: str, value: Any) -> Decimal:
        try:
            number = Decimal(repr(value) if isinstance(value, float) else str(value).strip().removeprefix("$"))
        except InvalidOperation:
            number = Decimal("NaN")
        if isinstance(value, bool) or not number.is_finite():
            raise unreadable(self._at(name), f"{_shown(value)} is no number (write 1234.5)")
        return number


def total(*counts: int | None) -> int | None:
    """The sum of the counts that are known; None where none is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _moment(value: Any) -> datetime | None:
    text = str(value).strip()
    try:
        if text.isdecimal():
            return datetime.fromtimestamp(int(text), UTC)
        parsed = datetime.fromisoformat(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _shown(value: Any) -> str:
    return repr(value)[:40]
