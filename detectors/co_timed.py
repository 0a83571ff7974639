"""What else changed at about the time of an onset: served model, fingerprint, versions, prices, rate limits."""

import numpy as np

from detectors.columns import Bools, CallColumns, Floats
from detectors.finding import instant
from detectors.group_calls import UnitCalls
from detectors.metrics import RATES
from detectors.records import CoTimed

WATCHED = {
    "model": "served model",
    "system_fingerprint": "system fingerprint",
    "prompt_version": "prompt version",
    "service_version": "service version",
    "price_version": "price list",
}
"""Columns that are looked at, and what they are called."""
_ANSWER_ONLY = ("model", "system_fingerprint")
_MOVED = 0.3
_LEAST_CALLS = 10
_MARGIN_S = 900.0
_LIMITS_MOVED = 0.05
_RATE_LIMIT = [metric.name for metric in RATES].index("rate_limit")
_REFUSAL = [metric.name for metric in RATES].index("refusal")


def co_timed(calls: CallColumns, low: float, high: float) -> tuple[CoTimed, ...]:
    """Changes in ``calls`` between ``low`` and ``high`` (Unix seconds) or a quarter of an hour around; nearest first.

    A word counts as changed when its share of the calls moved by 0.3 or more; the moment is where its indicator
    changes most (the CUSUM estimate). ``calls`` are those before and after together.
    """
    if not len(calls):
        return ()
    unit = UnitCalls(calls)
    found = [change for name in WATCHED if (change := _words(unit, name, low, high))]
    if change := _rate_limits(calls, low, high):
        found.append(change)
    middle = (low + high) / 2
    return tuple(sorted(found, key=lambda change: (abs(change.at.timestamp() - middle), change.what)))


def _words(unit: UnitCalls, name: str, low: float, high: float) -> CoTimed | None:
    names, codes = unit.words(name)
    known = np.array([bool(word) for word in names], bool)[codes]
    if name in _ANSWER_ONLY:
        known &= unit.columns.counted[:, _REFUSAL]
    ts, codes = unit.columns.ts[known], codes[known]
    # Before the onset's surroundings and after them; where little came after, whatever came since the onset, and where
    # the alarm ended the interval of the onset, since the middle of that.
    early = ts < low - _MARGIN_S
    sides = (ts >= since for since in (high + _MARGIN_S, high, (low + high) / 2))
    late = next((side for side in sides if side.sum() >= _LEAST_CALLS), None)
    if early.sum() < _LEAST_CALLS or late is None:
        return None
    was, now = (np.bincount(codes[side], minlength=len(names)) / side.sum() for side in (early, late))
    risen = int(np.argmax(now - was))
    if now[risen] - was[risen] < _MOVED:
        return None
    at = _changed_at(ts, codes == risen)
    if not low - _MARGIN_S <= at <= high + _MARGIN_S:
        return None
    old = names[int(np.argmax(was - now))]
    return CoTimed(what=WATCHED[name], before=_share(old, was.max()), after=names[risen], at=instant(at))


def _rate_limits(calls: CallColumns, low: float, high: float) -> CoTimed | None:
    limited, tried = calls.bad[:, _RATE_LIMIT], calls.counted[:, _RATE_LIMIT]
    early, late = tried & (calls.ts < low - _MARGIN_S), tried & (calls.ts >= high)
    if early.sum() < _LEAST_CALLS or late.sum() < _LEAST_CALLS:
        return None
    was, now = float(limited[early].mean()), float(limited[late].mean())
    if now - was < _LIMITS_MOVED or now < 2 * was:
        return None
    at = _changed_at(calls.ts[tried], limited[tried])
    if not low - _MARGIN_S <= at <= high + _MARGIN_S:
        return None
    return CoTimed(what="rate limits (429)", before=f"{was:.1%}", after=f"{now:.1%}", at=instant(at))


def _changed_at(ts: Floats, indicator: Bools) -> float:
    path = np.cumsum(indicator - indicator.mean())
    return float(ts[min(len(ts) - 1, int(np.argmax(np.abs(path))) + 1)])


def _share(name: str, share: float) -> str:
    return name if share > 0.95 else f"{name} ({share:.0%})"
