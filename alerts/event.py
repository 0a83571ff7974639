"""What happened, in one form whatever found it: regressions, findings, notices and what the clock noticed."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from alerts.record import Record
from watchkeeper.series_id import ANY

MOST_PLACES = 50
"""Routes that an event names; further ones are counted."""


class Severity(StrEnum):
    """What an event is worth."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """The larger the worse."""
        return list(Severity).index(self)


class EventState(StrEnum):
    """Where an event stands. ``info``: it has no end that anybody waits for; it is told once."""

    OPEN = "open"
    RESOLVED = "resolved"
    INFO = "info"


class EffectSize(Record):
    """How much. ``ratio`` is after over before; the interval is of ``after``, at 95 %."""

    before: float
    after: float
    low: float
    high: float
    ratio: float | None
    """None: there was nothing before."""
    unit: str


class Sureness(Record):
    """How sure: share of such alarms that are real, calls that decided it, days between two of them by chance."""

    confidence: float | None = None
    calls: int | None = None
    by_chance_days: float | None = None


class Mark(Record):
    """Something else that changed at about the same time."""

    what: str
    before: str
    after: str
    at: datetime


class Event(Record):
    """One subject as it stands after its step ``seq``. Names are as callers sent them, cut; they are not escaped.

    Empty names are not known, :data:`~watchkeeper.series_id.ANY` is all of them.
    """

    id: str
    seq: int
    kind: str
    """``regression``, ``outage``, … of detectors; ``budget``, ``deprecation``, …; ``unpriced``, ``pipeline``."""
    severity: Severity
    state: EventState
    at: datetime
    """When it came to this state."""
    found_at: datetime
    since: datetime
    since_low: datetime
    since_high: datetime
    what: str
    """A sentence for people: what, and how much."""
    reason: str = ""
    """Why it came to this state."""
    subject: str = ""
    """What a notice is about, such as the name of a budget."""
    service: str = ""
    route: str = ""
    provider: str = ""
    model: str = ""
    """Asked for."""
    served: str = ""
    metric: str = ""
    environments: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    """``service/route`` of each route concerned, at most :data:`MOST_PLACES`."""
    more_places: int = 0
    size: EffectSize | None = None
    sure: Sureness = Sureness()
    marks: tuple[Mark, ...] = ()
    slices: tuple[str, ...] = ()
    """Parts of the calls that carry it, in words."""
    acknowledged_by: str = ""
    expected: str = ""
    """Why somebody meant it to be so, as a sentence; then nobody is told of its beginning."""
    passing: bool = False
    """It is open, and the last calls of all its routes together look as before it."""
    passing_since: datetime | None = None
    """Since when it has been so, up to its end if it is over; known to whoever saw its steps."""
    facts: dict[str, str | float | None] = Field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Does it last?"""
        return self.state is EventState.OPEN

    @property
    def effect(self) -> float | None:
        """Relative size of the change, 0.2 for a fifth more or less; None where it has none."""
        ratio = self.size.ratio if self.size is not None else None
        return None if ratio is None else abs(ratio - 1)

    @property
    def place_count(self) -> int:
        """Routes concerned, one at least."""
        return max(1, len(self.places) + self.more_places)

    @property
    def whole_fleet(self) -> bool:
        """Is it of all models?"""
        return self.provider == ANY


def cut(text: str, most: int = 120) -> str:
    """``text`` in one line of at most ``most`` characters, without characters that print nothing."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    line = " ".join(plain.split())
    return line if len(line) <= most else line[: most - 1] + "…"
