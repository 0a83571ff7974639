"""What a backtest found, as one JSON object."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from detectors.backtest import Backtest
from detectors.config import DAY_S, DetectorConfig
from detectors.metrics import METRICS, Severity
from detectors.records import Member, Regression
from detectors.rules import patience_s, settings_for
from detectors.score_metrics import PREFIX, score_settings
from detectors.series import SeriesKey
from detectors.statuses import found_series
from detectors.story import story

Json = dict[str, Any]
_POSITION = {name: position for position, name in enumerate(METRICS)}


def as_json(result: Backtest, read: int, left_out: int) -> str:
    """The whole result. ``read`` rows were in the input, ``left_out`` of them had no time."""
    config, counts = result.engine.config, result.engine.counts()
    found = {
        "regressions": [one for record in result.regressions for one in _members(record, result)],
        "findings": [_finding(record, result) for record in result.findings],
        "states": [_state(one) for one in result.statuses()],
        "calls": {
            "read": read,
            "left_out": left_out,
            "used": counts.calls,
            "late": counts.late,
            "set_aside": result.calls - counts.calls - counts.late - counts.future,
            "first": _instant(result.begin),
            "last": _instant(result.end),
        },
        "scores": counts.scores,
        "series": {"held": len(found_series(result.engine)), "evicted": counts.evicted},
        "settings": {
            "detector": config.detector,
            "false_page_days": config.false_page_days,
            "fleet_series": config.fleet_series,
            "patience_days": patience_s(config) / DAY_S,
            "rules": len(config.rules),
        },
        "verdict": verdict(result),
        "cannot_tell": result.cannot_tell(),
    }
    return plain(found)


def verdict(result: Backtest) -> str:
    """``regressed``, ``cannot_tell`` or ``quiet``."""
    if result.is_regressed():
        return "regressed"
    return "cannot_tell" if result.cannot_tell() else "quiet"


def plain(value: Any) -> str:
    """JSON; times in ISO 8601 with Z."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_SERIALIZE_NUMPY).decode()


def _members(record: Regression, result: Backtest) -> Iterator[Json]:
    known = found_series(result.engine)
    own = SeriesKey(record.service, record.route, record.provider, record.request_model, record.model)
    for member in record.members:
        key = known.get(member.series_id, own)
        lead = (member.series, member.metric) == (record.series, record.metric)
        yield {
            **_common(record),
            **key._asdict(),
            **member.model_dump(),
            "severity": _severity(result.engine.config, key, member),
            "regression": record.id,
            "lead": lead,
            "text": story(record) if lead else f"{member.size.text} ({member.series}), with regression {record.id}",
        }


def _common(record: Regression) -> Json:
    names = ("kind", "closed_at", "transient", "confidence", "slices", "mix", "co_timed")
    return {name: value for name, value in record.model_dump().items() if name in names}


def _severity(config: DetectorConfig, key: SeriesKey, member: Member) -> Severity:
    if member.metric.startswith(PREFIX):
        return score_settings(config, key, member.metric.removeprefix(PREFIX)).severity
    if key.is_parent:
        return METRICS[member.metric].severity
    return settings_for(config, key)[_POSITION[member.metric]].severity


def _finding(record: Regression, result: Backtest) -> Json:
    told = result.told_as(record)
    return {**record.model_dump(exclude={"id", "seq", "members"}), "finding": record.id, "text": story(record, told)}


def _state(one: Any) -> Json:
    return {
        **{name: getattr(one, name) for name in ("series", "series_id", "metric", "state", "calls", "needed", "why")},
        "level": one.level,
        "detectable": {seen.within: seen.after for seen in one.detectable},
    }


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
