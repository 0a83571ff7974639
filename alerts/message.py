"""A message as it waits for its channel: what it says, in parts, before it is put into a channel's form."""

from datetime import datetime

from alerts.chart import Chart
from alerts.event import EffectSize, Severity
from alerts.record import Record
from alerts.verdict import Verdict


class Line(Record):
    """One thing to say, such as ``Since``; plain text, not escaped."""

    label: str
    text: str


class Subject(Record):
    """One event of a message, for machines."""

    id: str
    kind: str
    severity: Severity
    state: str
    what: str
    service: str
    route: str
    provider: str
    model: str
    served: str
    metric: str
    since: datetime
    at: datetime
    size: EffectSize | None
    confidence: float | None
    acknowledged_by: str


class Message(Record):
    """One message to one channel. ``key`` is the same however often it is sent; it never names another message."""

    key: str
    case: str
    channel: str
    rule: str
    verdict: Verdict
    reason: str
    """Why it is sent."""
    number: int
    severity: Severity
    at: datetime
    title: str
    lines: tuple[Line, ...]
    link: str
    subjects: tuple[Subject, ...]
    """The first of them is what it is mainly about."""
    more_subjects: int
    """Further ones that are not listed."""
    ends: bool
    """Will an end follow, or is this it? False for what is told once."""
    chart: Chart | None = None
    """Numbers over time, where the channel takes them and there are any."""
