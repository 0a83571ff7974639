"""What the user's rules file says: which events go to which channels, when, how often and how soon."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from alerts.channel_config import ChannelConfig
from alerts.event import Event, Severity
from alerts.hours import Hours, ZoneName
from alerts.length import Length, Repeat
from alerts.match import Match, Severities
from alerts.mutes import Mute
from alerts.record import Record

MOST_CHANNELS = 50
MOST_RULES = 500
ChannelName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class QuietHours(Hours):
    """Hours in which nothing is told but what is of a severity in ``except``."""

    but: Severities = Field(default=(Severity.CRITICAL,), alias="except")


class Escalation(Record):
    """Whom to tell when nobody has acknowledged it ``after`` so long since it was told."""

    after: Length
    channels: tuple[ChannelName, ...] = Field(min_length=1, max_length=MOST_CHANNELS)


class Rule(Record):
    """Events that fit ``match`` go to ``channels``. The first rule that fits decides, unless it says ``continue``."""

    name: str = Field(min_length=1, max_length=100)
    match: Match = Match()
    channels: tuple[ChannelName, ...] = Field(min_length=1, max_length=MOST_CHANNELS)
    hold: Length = timedelta(minutes=3)
    """Told once it has lasted so long; what begins meanwhile of the same cause is told with it."""
    settle: Length = timedelta(minutes=5)
    """An end is told once it has stayed so for so long."""
    repeat: Repeat = timedelta(hours=24)
    """Told again after so long, while it lasts and nobody has acknowledged it."""
    update: Length = timedelta(minutes=30)
    """At least so long between two messages about its growing."""
    quiet_hours: tuple[QuietHours, ...] = Field(default=(), max_length=20)
    escalate: tuple[Escalation, ...] = Field(default=(), max_length=10)
    go_on: bool = Field(default=False, alias="continue")


class Rules(Record):
    """The whole file."""

    time_zone: ZoneName = "UTC"
    channels: dict[ChannelName, ChannelConfig] = Field(min_length=1, max_length=MOST_CHANNELS)
    rules: tuple[Rule, ...] = Field(min_length=1, max_length=MOST_RULES)
    mutes: tuple[Mute, ...] = Field(default=(), max_length=MOST_RULES)

    @model_validator(mode="after")
    def _known(self) -> Self:
        for rule in self.rules:
            named = [*rule.channels, *(name for step in rule.escalate for name in step.channels)]
            for name in named:
                if name not in self.channels:
                    raise ValueError(
                        f"rule {rule.name!r} names the channel {name!r}, which is not among `channels`: "
                        f"{', '.join(self.channels)}"
                    )
        names = [rule.name for rule in self.rules]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two rules have the name {twice!r}: names tell them apart")
        return self

    def of(self, event: Event) -> tuple[Rule, ...]:
        """The rules that decide on ``event``, in their order."""
        found = []
        for rule in self.rules:
            if not rule.match.misfit(event):
                found.append(rule)
                if not rule.go_on:
                    break
        return tuple(found)

    def misfits(self, event: Event) -> str:
        """Why no rule fits, each in words."""
        return "; ".join(f"{rule.name}: {rule.match.misfit(event)}" for rule in self.rules[:10])
