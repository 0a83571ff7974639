"""Who asked for silence: mutes and maintenance windows, once or by hours of the week."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from alerts.event import Event
from alerts.hours import Hours
from alerts.match import Match
from alerts.record import Record


def _moment(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        raise ValueError("write a date and time as 2026-10-01T08:00:00Z")
    return value if value.tzinfo else value.replace(tzinfo=UTC)


Moment = Annotated[datetime, BeforeValidator(_moment)]


class Mute(Record):
    """What fits ``match`` is not told from ``begin`` to ``end``, or within ``hours`` in between."""

    id: str = Field(default="", max_length=64)
    reason: str = Field(min_length=1, max_length=300)
    match: Match = Match()
    begin: Moment | None = Field(default=None, alias="from")
    end: Moment | None = Field(default=None, alias="to")
    hours: Hours | None = None
    made_by: str = Field(default="", max_length=100)

    @model_validator(mode="after")
    def _ends(self) -> "Mute":
        if self.end is None and self.hours is None:
            raise ValueError("a mute needs an end (`to`) or `hours`: nothing is silent for ever")
        if self.begin is not None and self.end is not None and self.end <= self.begin:
            raise ValueError("`to` is not after `from`")
        return self

    def silent_until(self, event: Event, now: datetime, zone: str) -> datetime | None:
        """When the silence about ``event`` ends; None where there is none now."""
        if (self.begin is not None and now < self.begin) or (self.end is not None and now >= self.end):
            return None
        if self.match.misfit(event):
            return None
        ends = self.hours.end_of(now, zone) if self.hours is not None else self.end
        if ends is None or self.end is None:
            return ends
        return min(ends, self.end)

    @property
    def words(self) -> str:
        """For people."""
        by = f" by {self.made_by}" if self.made_by else ""
        return f"muted{by}: {self.reason}"


def silence(mutes: Iterable[Mute], event: Event, now: datetime, zone: str) -> tuple[Mute, datetime] | None:
    """The mute that keeps ``event`` silent longest, and until when; None where none does."""
    found = [(mute, until) for mute in mutes if (until := mute.silent_until(event, now, zone)) is not None]
    return max(found, key=lambda one: one[1], default=None)
