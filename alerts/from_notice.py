"""Notices (budgets, comparisons, migrations, deprecations) as events."""

from alerts.event import Event, EventState, Severity, cut
from watchkeeper.storage.notices import Notice

_MOST_FACTS = 20


def notice_event(notice: Notice) -> Event:
    """``notice`` as an event; facts named as columns of calls say where it is."""
    facts = {cut(name, 60): _value(value) for name, value in list(notice.facts.items())[:_MOST_FACTS]}

    def named(name: str) -> str:
        return str(facts.get(name) or "")

    return Event(
        id=f"{notice.kind}:{cut(notice.notice_id, 200)}",
        seq=0,
        kind=notice.kind,
        severity=Severity(notice.severity),
        state=EventState(notice.state),
        at=notice.at,
        found_at=notice.at,
        since=notice.at,
        since_low=notice.at,
        since_high=notice.at,
        what=cut(notice.title, 300),
        subject=cut(notice.subject),
        service=named("service"),
        route=named("route") or (cut(notice.subject) if notice.kind == "migration" else ""),
        provider=named("provider"),
        model=named("request_model") or named("model"),
        metric=named("metric"),
        environments=(named("environment"),) if named("environment") else (),
        facts=facts,
    )


def _value(value: str | float | None) -> str | float | None:
    return cut(value) if isinstance(value, str) else value
