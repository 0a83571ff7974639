"""What the API says of the detectors: what they know, and how far each metric is from an alarm."""

from datetime import datetime

from pydantic import BaseModel, Field


class VisibleItem(BaseModel):
    """The smallest change that would be seen within a time, at the metric's own traffic."""

    within: str = Field(description="hour, day or week.")
    after: float | None = Field(
        description="A share (rates) or a ratio to what is usual (values); null: none would be."
    )
    short: str
    text: str


class MetricStatusItem(BaseModel):
    """One metric of one series."""

    series: str
    series_id: str
    metric: str
    state: str = Field(description="learning, cannot_tell, ok, suspect, open or recovering.")
    calls: int = Field(description="Calls that its baseline holds, or that were gathered for one.")
    needed: int = Field(description="Calls still needed until it can be judged; 0: none, or none would help.")
    why: str
    level: float = Field(description="Its statistic: 1 is an alarm.")
    detectable: list[VisibleItem]


class StatusList(BaseModel):
    """``GET /v1/detectors/series``."""

    rows: list[MetricStatusItem]
    next_cursor: str | None = Field(description="Parameter `cursor` of the next page; null: there is none.")


class StratumItem(BaseModel):
    """Calls that are compared with each other."""

    calls_like: str
    calls: int
    usual: float = Field(description="Share of bad calls, or the typical value in the metric's unit.")
    limit: float = Field(description="What lies within is no change.")
    judged: bool


class BaselineItem(BaseModel):
    """What calls are compared with."""

    name: str = Field(description="pinned or trailing.")
    calls: int
    since: datetime
    days: float
    accepted: bool
    phi: float = Field(description="How much more blocks of calls differ than independent calls would.")
    between: float
    strata: list[StratumItem]
    hours: dict[str, float] = Field(description="By what factor an hour (UTC) differs from the others.")


class MetricExplanationItem(BaseModel):
    """One metric of the series."""

    status: MetricStatusItem
    unit: str
    tolerance: float
    direction: str
    severity: str
    leading: str = Field(description="The explanation that has gathered most.")
    way_to_alarm: float = Field(description="0: as far as can be; 0.5: suspect; 1: alarm.")
    false_alarms: int = Field(description="Alarms of it that people called false; each doubles its patience.")
    patience_days: float = Field(description="One false alarm is allowed in so many days.")
    baselines: list[BaselineItem]


class SeriesExplanationItem(BaseModel):
    """All that is known of a series."""

    series: str
    series_id: str
    calls: int
    first_seen: datetime
    last_seen: datetime
    inherited_from: str
    patience_days: float
    metrics: list[MetricExplanationItem]
    late_calls: int = Field(0, description="Calls of the last days that came too late to be judged.")
    late_last: datetime | None = Field(None, description="When one of these came last.")


class FalseAlarmItem(BaseModel):
    """How often people called regressions or findings of one kind and metric a false alarm."""

    kind: str
    metric: str
    told: int
    judged: int = Field(description="Of those, acknowledged, closed, accepted or called false by somebody.")
    false_alarms: int
    rate: float | None = Field(description="False alarms among the judged ones; null: none was judged.")
    rate_low: float | None = Field(description="Its 95 % interval (Wilson).")
    rate_high: float | None
