"""What the API says of regressions and findings. Null: not known, or there is none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel, Field

from watchkeeper.storage.regression_actions import ActionKind, NewAction, StoredAction
from watchkeeper.storage.regressions import TransitionRow


class SizeItem(BaseModel):
    """How much; the interval is of ``after``, at 95 %."""

    before: float
    after: float
    low: float
    high: float
    ratio: float = Field(description="After over before.")
    unit: str
    text: str


class EvidenceItem(BaseModel):
    """Why it was reported."""

    detector: str
    statistic: float = Field(description="1 is an alarm.")
    hypothesis: str = Field(description="The explanation that won.")
    baseline: str = Field(description="pinned or trailing.")
    calls: int = Field(description="Calls since the onset that decided it.")
    patience_days: float = Field(description="By chance expected once in so many days.")
    cross_check: str = ""


class SliceItem(BaseModel):
    """A part of the calls that carries the change."""

    dimension: str
    value: str
    calls: int
    before: float | None
    after: float | None
    share: float = Field(description="Of the change.")


class MixItem(BaseModel):
    """What another mix of calls explains of the raw change, and what like calls do worse."""

    raw: float
    mix: float
    within: float
    unit: str


class CoTimedItem(BaseModel):
    """Something else that changed at about the same time."""

    what: str
    before: str
    after: str
    at: datetime


class MemberItem(BaseModel):
    """One metric of one series that takes part."""

    series: str
    series_id: str
    metric: str
    direction: str
    state: str
    onset: datetime
    onset_low: datetime
    onset_high: datetime
    detected_at: datetime
    size: SizeItem
    evidence: EvidenceItem


class RegressionItem(BaseModel):
    """A regression or finding as it stands after its transition ``seq``."""

    id: str
    seq: int
    kind: str = Field(description="regression, served_model_change, outage, traffic_stop, usage_missing, …")
    severity: str = Field(description="page or notice.")
    state: str = Field(description="open, recovering or closed.")
    at: datetime = Field(description="When it came to this state.")
    reason: str = Field(description="Why it came to this state.")
    series: str = Field(description="service|route|provider|requested model|served model; * is all of them.")
    series_id: str
    service: str
    route: str
    provider: str
    request_model: str
    model: str
    metric: str
    direction: str
    onset: datetime
    onset_low: datetime | None
    onset_high: datetime | None
    detected_at: datetime
    closed_at: datetime | None
    transient: bool = Field(description="It was over within half an hour.")
    confidence: float = Field(description="Share of such alarms that would be real, see docs/detection.md.")
    size: SizeItem | None
    acknowledged_by: str | None = Field(description="Name of the key that said to look after it.")


class ActionItem(BaseModel):
    """What somebody said."""

    id: str
    action: ActionKind
    made_by: str = Field(description="Name of the key; cli for a command on the store.")
    at: datetime
    comment: str


class TransitionItem(BaseModel):
    """One step of a regression."""

    seq: int
    at: datetime
    state: str
    reason: str


class RegressionDetail(RegressionItem):
    """A regression with its evidence, what else changed, all its steps and what people said."""

    evidence: EvidenceItem | None
    members: list[MemberItem]
    slices: list[SliceItem]
    mix: MixItem | None
    co_timed: list[CoTimedItem]
    details: dict[str, str] = Field(description="Further facts of a finding.")
    transitions: list[TransitionItem]
    actions: list[ActionItem]


class RegressionList(BaseModel):
    """``GET /v1/regressions``."""

    rows: list[RegressionItem]
    next_cursor: str | None = Field(description="Parameter `cursor` of the next page; null: there is none.")


_OF_RECORD = ("onset_low", "onset_high", "size", "series")
_DETAILS = ("evidence", "members", "slices", "mix", "co_timed", "details")
_EMPTY: dict[str, Any] = {"members": [], "slices": [], "co_timed": [], "details": {}, "series": ""}


def regression_item(row: TransitionRow, actions: Sequence[StoredAction] = ()) -> RegressionItem:
    """One regression as it stands; ``actions`` are those made on it."""
    return RegressionItem(**_fields(row, orjson.loads(row.record), actions))


def regression_detail(history: Sequence[TransitionRow], actions: Sequence[StoredAction]) -> RegressionDetail:
    """One regression with its story; ``history`` holds its transitions, at least one."""
    record = orjson.loads(history[-1].record)
    return RegressionDetail(
        **_fields(history[-1], record, actions),
        **{name: record.get(name, _EMPTY.get(name)) for name in _DETAILS},
        transitions=[TransitionItem(seq=row.seq, at=row.at, state=row.state, reason=row.reason) for row in history],
        actions=[action_item(one) for one in actions],
    )


def action_item(action: StoredAction | NewAction) -> ActionItem:
    """One action as the API shows it."""
    return ActionItem(**{name: getattr(action, name) for name in ActionItem.model_fields})


def _fields(row: TransitionRow, record: dict[str, Any], actions: Sequence[StoredAction]) -> dict[str, Any]:
    columns = {name: getattr(row, name) for name in RegressionItem.model_fields if hasattr(row, name)}
    said = {name: record.get(name, _EMPTY.get(name)) for name in _OF_RECORD}
    return {**columns, **said, "acknowledged_by": _acknowledged_by(row, record, actions)}


def _acknowledged_by(row: TransitionRow, record: dict[str, Any], actions: Sequence[StoredAction]) -> str | None:
    """As the detectors have it, or as was said since they wrote this."""
    since = [one.made_by for one in actions if one.action == ActionKind.ACKNOWLEDGE and one.at > row.stored_at]
    return (since[-1] if since else record.get("acknowledged_by")) or None
