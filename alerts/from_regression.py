"""Transitions of regressions and findings as events."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from alerts.event import MOST_PLACES, EffectSize, Event, EventState, Mark, Severity, Sureness, cut
from watchkeeper.series_id import ANY
from watchkeeper.storage.regressions import TransitionRow

_SEVERITIES = {"page": Severity.CRITICAL, "notice": Severity.WARNING}
ENDLESS = ("served_model_change", "mix_shift")
"""Changes that stay until they are what is usual: told once, and nobody waits for their end."""
_BACK = ("recovering", "closed")
"""States of a part of a regression whose last calls look as before it."""
_MOST_MARKS = 5
_PART = re.compile(r"(?:^|(?<=\|))((?:\\.|[^\\|])*)")


def regression_event(row: TransitionRow) -> Event:
    """``row`` as an event; what an older or newer version wrote otherwise into the record counts as unknown."""
    record: dict[str, Any] = orjson.loads(row.record)
    places = _places(row, record)
    # A part of the calls that is all of them says nothing new.
    named = (row.service, row.route, row.provider, row.request_model, row.model)
    return Event(
        id=row.id,
        seq=row.seq,
        kind=row.kind,
        severity=_SEVERITIES.get(row.severity, Severity.WARNING),
        state=_state(row),
        at=row.at,
        found_at=row.detected_at,
        since=row.onset,
        since_low=_moment(record.get("onset_low"), row.onset),
        since_high=_moment(record.get("onset_high"), row.onset),
        what=_what(row, record),
        reason=cut(row.reason, 300),
        service=cut(row.service),
        route=cut(row.route),
        provider=cut(row.provider),
        model=cut(row.request_model),
        served=cut(row.model),
        metric=cut(row.metric),
        places=places[:MOST_PLACES],
        more_places=max(0, len(places) - MOST_PLACES),
        size=_size(record.get("size")),
        sure=_sure(row, record.get("evidence")),
        marks=tuple(_mark(one) for one in (record.get("co_timed") or ())[:_MOST_MARKS]),
        slices=tuple(_slice(one) for one in (record.get("slices") or ()) if one["value"] not in named)[:3],
        acknowledged_by=cut(record.get("acknowledged_by") or ""),
        passing=row.state == "recovering" or _passes(record.get("members") or ()),
    )


def _state(row: TransitionRow) -> EventState:
    if row.state == "closed":
        return EventState.RESOLVED
    return EventState.INFO if row.kind in ENDLESS else EventState.OPEN


def _what(row: TransitionRow, record: dict[str, Any]) -> str:
    """The size where it has one, else the reason it was opened with."""
    size = record.get("size") or {}
    kept = record.get("details", {}).get("after", "")
    before = record.get("details", {}).get("before", "")
    if size.get("text"):
        return cut(size["text"], 200)
    return cut(f"{row.kind.replace('_', ' ')}: {before} → {kept}" if before and kept else row.reason, 300)


def _places(row: TransitionRow, record: dict[str, Any]) -> tuple[str, ...]:
    """Routes by name; of the parts of a regression each once."""
    named = [_place(row.service, row.route)]
    named += [_place(*_service_and_route(one["series"])) for one in record.get("members") or ()]
    named += [word.strip() for word in record.get("details", {}).get("workloads", "").split(",")]
    return tuple(dict.fromkeys(cut(place) for place in named if place))


def _place(service: str, route: str) -> str:
    return "" if ANY in (service, route) or not (service or route) else f"{service}/{route}"


def _service_and_route(series: str) -> tuple[str, str]:
    """Of a series as records write it: parts with ``|`` between them, a ``|`` or ``\\`` within one after a ``\\``."""
    parts = [re.sub(r"\\(.)", r"\1", part) for part in _PART.findall(series)]
    return (parts[0], parts[1]) if len(parts) > 1 else ("", "")


def _passes(members: Sequence[dict[str, Any]]) -> bool:
    """Do all routes of the model taken together look as before it, whatever single ones still do?"""
    together = [one["state"] for one in members if _service_and_route(one["series"])[1] == ANY]
    return bool(together) and all(state in _BACK for state in together)


def _moment(text: str | None, otherwise: datetime) -> datetime:
    return datetime.fromisoformat(text) if text else otherwise


def _size(size: dict[str, Any] | None) -> EffectSize | None:
    if size is None or None in (size["before"], size["after"], size["low"], size["high"]):
        return None
    return EffectSize(**{name: size[name] for name in EffectSize.model_fields})


def _sure(row: TransitionRow, evidence: dict[str, Any] | None) -> Sureness:
    said = evidence or {}
    return Sureness(confidence=row.confidence, calls=said.get("calls"), by_chance_days=said.get("patience_days"))


def _mark(one: dict[str, Any]) -> Mark:
    at = datetime.fromisoformat(one["at"])
    return Mark(what=cut(one["what"]), before=cut(one["before"]), after=cut(one["after"]), at=at)


def _slice(one: dict[str, Any]) -> str:
    return cut(f"{one['dimension']} {one['value']} ({one['share']:.0%} of it, {one['calls']:,} calls)")
