"""What ``/v1/alerts`` takes and answers. Null: not known, or there is none. No secret is in any of it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

LONGEST_PREVIEW_DAYS = 31
MOST_COMMENT = 2_000
_PLAIN = r"^[^\x00-\x1F\x7F]*$"
_TEXT = r"^[^\x00-\x08\x0B-\x1F\x7F]*$"
Rules = dict[str, Any]
Word = str | list[str]
_EXAMPLE: dict[str, Any] = {
    "channels": {"chat": {"type": "slack", "url": {"secret": "slack"}}},
    "rules": [{"name": "all", "channels": ["chat"], "match": {"severity": ["warning", "critical"]}}],
}


class RulesAnswer(BaseModel):
    """``GET /v1/alerts/rules``."""

    source: Literal["file", "api", "none"] = Field(
        description="Where the rules in force are from. Where a file is set, it wins; none: nothing is sent."
    )
    file: str | None = Field(description="The file's path on the machine of this API.")
    version: int = Field(description="1 for the first that were set through the API; 0 of a file, or of none.")
    rules: Rules | None = Field(
        description="As a rules file has them (docs/alerts.md). What is secret is `{secret: NAME}`, or "
        "`{secret: hidden}` where the file holds it in so many words."
    )
    changed_by: str | None
    changed_at: datetime | None


class RulesVersion(BaseModel):
    """One version that was set through the API."""

    version: int
    rules: Rules
    changed_by: str
    changed_at: datetime


class RulesVersions(BaseModel):
    """``GET /v1/alerts/rules/versions``."""

    rows: list[RulesVersion] = Field(description="The newest first; at most 100.")


class PreviewBody(BaseModel):
    """Body of ``POST /v1/alerts/preview``."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"days": 7, "rules": _EXAMPLE}})

    days: float = Field(7.0, gt=0, le=LONGEST_PREVIEW_DAYS, description="How far back.")
    rules: Rules | None = Field(None, description="As `PUT /v1/alerts/rules` takes them; null: those in force.")


class LineItem(BaseModel):
    """One thing that a message says."""

    label: str
    text: str


class PreviewMessage(BaseModel):
    """A message that would have been sent."""

    at: datetime
    channel: str
    rule: str
    verdict: str = Field(description="`open`, `worse`, `repeat`, `escalate` or `end`.")
    severity: str
    title: str
    reason: str
    lines: list[LineItem]
    events: list[str] = Field(description="What it is about, the main thing first.")


class UntoldItem(BaseModel):
    """An event that no message would have told of."""

    event: str
    reason: str


class PreviewAnswer(BaseModel):
    """``POST /v1/alerts/preview``."""

    begin: datetime
    end: datetime
    events: int
    messages: list[PreviewMessage] = Field(description="In their order; the first 1,000.")
    messages_total: int
    untold: list[UntoldItem] = Field(description="The first 1,000.")
    untold_total: int
    complete: bool = Field(description="False where there was more than can be looked at: choose fewer days.")


class MessageItem(BaseModel):
    """One message, as its latest attempt left it."""

    key: str = Field(description="The same for all attempts; receivers drop repetitions by it.")
    made_at: datetime
    at: datetime = Field(description="Of the latest attempt.")
    outcome: str = Field(description="`sent`, `failed` (it is tried again) or `given_up`.")
    attempt: int
    error: str
    channel: str
    case: str
    rule: str
    verdict: str
    severity: str
    title: str
    reason: str = Field(description="Why it was made.")
    events: list[str]


class MessageList(BaseModel):
    """``GET /v1/alerts/messages``."""

    rows: list[MessageItem]
    next_cursor: str | None = Field(description="Parameter `cursor` of the next page; null: there is none.")


class DecisionItem(BaseModel):
    """One change of mind about a case and a channel."""

    at: datetime
    case: str
    events: list[str]
    channel: str = Field(description="Empty where no rule fits.")
    rule: str
    verdict: str
    reason: str
    until: datetime | None = Field(description="When time alone may change it.")


class AcknowledgementItem(BaseModel):
    """Who looks after an event."""

    event: str
    at: datetime
    made_by: str
    comment: str


class WhyAnswer(BaseModel):
    """``GET /v1/alerts/why/{event}``."""

    event: str = Field(description="Its whole id.")
    decisions: list[DecisionItem] = Field(description="In the order they were made; the latest 1,000.")
    messages: list[MessageItem] = Field(description="Made last first; at most 1,000.")
    acknowledgement: AcknowledgementItem | None = Field(
        description="The latest of a notice or a condition; those of a regression are with the regression."
    )


class AcknowledgementBody(BaseModel):
    """Body of an acknowledgement."""

    model_config = ConfigDict(extra="forbid")

    comment: str = Field(
        "", max_length=MOST_COMMENT, pattern=_TEXT, description="Plain text for people; no prompts, no user ids."
    )


class HoursBody(BaseModel):
    """Hours of the week."""

    model_config = ConfigDict(extra="forbid")

    begin: str = Field(alias="from", max_length=5, description="Such as 22:00.")
    end: str = Field(alias="to", max_length=5, description="Not later than `from`: on the next day.")
    days: list[str] | None = Field(None, max_length=7, description="Those it begins on: mon, tue …; null: all.")
    time_zone: str | None = Field(None, max_length=100, description="IANA name; null: that of the rules.")


class MuteBody(BaseModel):
    """Body of ``POST /v1/alerts/mutes``: silence until `to`, or in `hours`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"reason": "load test", "match": {"service": "shop"}, "to": "2026-11-02T18:00:00Z"}
        },
    )

    reason: str = Field(min_length=1, max_length=300, pattern=_PLAIN)
    match: dict[str, Word | float] = Field(
        default_factory=dict, max_length=20, description="As `match` of a rule (docs/alerts.md); empty: everything."
    )
    begin: AwareDatetime | None = Field(None, alias="from", description="Null: now.")
    end: AwareDatetime | None = Field(None, alias="to", description="Null: for ever, in `hours`.")
    hours: HoursBody | None = None


class MuteItem(BaseModel):
    """A mute that stands, now or later."""

    id: str | None = Field(None, description="Null of a mute of the rules: change these.")
    source: Literal["rules", "api"] = "api"
    reason: str
    match: dict[str, Any] = Field(default_factory=dict)
    begin: datetime | None = Field(None, alias="from")
    end: datetime | None = Field(None, alias="to")
    hours: dict[str, Any] | None = None
    made_by: str = ""


class MuteList(BaseModel):
    """``GET /v1/alerts/mutes``."""

    rows: list[MuteItem] = Field(description="Set last first, then those of the rules.")


class TrialAnswer(BaseModel):
    """``POST /v1/alerts/channels/{name}/test``."""

    channel: str
    delivered: bool
    error: str | None = Field(description="Why it did not get through, without secrets.")
