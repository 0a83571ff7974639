"""Who carries a change: the slice, the mix or the model itself, and what changed at the same time."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from detectors.co_timed import co_timed
from detectors.columns import Bools, CallColumns, Floats, Ints, call_columns
from detectors.finding import DAY_S
from detectors.group_calls import UnitCalls
from detectors.history import CallHistory
from detectors.kitagawa import kitagawa
from detectors.metrics import METRICS, RATES, VALUES, Kind, Strata
from detectors.records import CoTimed, MixSplit, Slice
from detectors.series import ANY, SeriesKey

DIMENSIONS = ("route", "service", "tenant", "prompt_version", "region", "model", "service_version")
_SHORTEST_S = 600.0
_LONGEST_S = DAY_S
_BEFORE_S = DAY_S
_LEAST_CALLS = 20
_LEAST_SHARE = 0.4
"""A slice carries a change if so much of it is its own …"""
_LEAST_LIFT = 1.4
"""… and so many times more than its part of the calls …"""
_LEAST_SCORE = 4.0
"""… and its change differs from the others' by so many standard errors."""
_MOST_VALUES = 200
_MOST_SLICES = 8
_CLIP = 0.995


@dataclass(frozen=True, slots=True)
class ChangeFacts:
    """A change to explain. Times in Unix seconds."""

    series: SeriesKey
    metric: str
    onset: float
    onset_low: float
    onset_high: float
    detected_at: float


@dataclass(frozen=True, slots=True)
class Attribution:
    """``slices`` is empty where all calls changed alike; ``mix`` is None where either side has too few calls."""

    slices: tuple[Slice, ...] = ()
    mix: MixSplit | None = None
    co_timed: tuple[CoTimed, ...] = ()


class _Side(NamedTuple):
    values: Floats
    rows: Ints


def attribute(history: CallHistory, change: ChangeFacts) -> Attribution:
    """Compare the day before the onset (at most) with the time since (ten minutes to a day).

    Values are compared by their means, clipped at the 99.5 % quantile, so that parts add up to the whole.
    """
    begin = change.onset_low - _BEFORE_S
    end = min(max(change.detected_at, change.onset + _SHORTEST_S), change.onset + _LONGEST_S)
    columns = call_columns(history.calls(change.series.provider, change.series.request_model, begin, end + 1e-6))
    if not len(columns):
        return Attribution()
    unit = UnitCalls(columns)
    events = co_timed(columns, change.onset_low, change.onset_high)
    if change.metric not in METRICS:
        # Scores are not columns of calls: what carries the change cannot be told from them.
        return Attribution(co_timed=events)
    before, after = _sides(unit, change)
    if min(len(before.rows), len(after.rows)) < _LEAST_CALLS:
        return Attribution(co_timed=events)
    return Attribution(_slices(unit, change.series, before, after), _mix(unit, change.metric, before, after), events)


def _sides(unit: UnitCalls, change: ChangeFacts) -> tuple[_Side, _Side]:
    columns = unit.columns
    values = _values(columns, change.metric)
    usable = ~np.isnan(values) & _of_series(columns, change.series)
    if METRICS[change.metric].kind is Kind.VALUE and usable.any():
        values = np.minimum(values, np.quantile(values[usable], _CLIP))
    early = np.flatnonzero(usable & (columns.ts < change.onset_low))
    late = np.flatnonzero(usable & (columns.ts >= change.onset))
    return _Side(values[early], early), _Side(values[late], late)


def _values(columns: CallColumns, metric: str) -> Floats:
    """[n] the metric of each call; NaN where it has none."""
    if METRICS[metric].kind is Kind.VALUE:
        value: Floats = columns.values[:, [m.name for m in VALUES].index(metric)]
        return value
    rate = [m.name for m in RATES].index(metric)
    return np.where(columns.counted[:, rate], columns.bad[:, rate].astype(np.float64), np.nan)


def _of_series(columns: CallColumns, series: SeriesKey) -> Bools:
    # The served model is no part of the comparison: a change of it is one of the possible causes.
    wanted = [(part, word) for part, word in enumerate(series[:4]) if word != ANY]
    fits = np.array([all(key[part] == word for part, word in wanted) for key in columns.keys], bool)
    return fits[columns.series]


def _mix(unit: UnitCalls, metric: str, before: _Side, after: _Side) -> MixSplit:
    strata = _strata(unit, METRICS[metric].strata)
    split = kitagawa(before.values, strata[before.rows], after.values, strata[after.rows])
    return MixSplit(raw=split.raw, mix=split.mix, within=split.within, unit=METRICS[metric].unit)


def _strata(unit: UnitCalls, by: Strata) -> Ints:
    """Workload, and the sizes that the metric depends on by nature; what is itself watched is no stratum."""
    codes = unit.words("service").codes * 10_007 + unit.words("route").codes
    if by in (Strata.PROMPT, Strata.PROMPT_OUTPUT):
        codes = codes * 64 + unit.columns.prompt_bucket
    if by in (Strata.OUTPUT, Strata.PROMPT_OUTPUT):
        codes = codes * 64 + unit.columns.output_bucket
    numbered: Ints = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    return numbered


def _slices(unit: UnitCalls, series: SeriesKey, before: _Side, after: _Side) -> tuple[Slice, ...]:
    fixed = {name for name in ("route", "service") if getattr(series, name) != ANY}
    found: list[Slice] = []
    for dimension in DIMENSIONS:
        if dimension not in fixed:
            found += _of_dimension(unit, dimension, before, after)
    found.sort(key=lambda part: (-part.share, part.dimension, part.value))
    return tuple(found[:_MOST_SLICES])


def _of_dimension(unit: UnitCalls, dimension: str, before: _Side, after: _Side) -> list[Slice]:
    names, codes = unit.words(dimension)
    old, new = _Parts(before, codes, len(names)), _Parts(after, codes, len(names))
    common = old.mean
    base = np.where(old.calls >= _LEAST_CALLS, old.means, common)
    moved = new.calls * (new.means - base)
    total = float(moved.sum())
    if np.count_nonzero(new.calls) < 2 or total == 0:
        return []
    candidates = np.argsort(-moved / total, kind="stable")[:_MOST_VALUES].tolist()
    found = []
    for code in candidates:
        share = float(moved[code]) / total
        if not names[code] or share < _LEAST_SHARE or share < _LEAST_LIFT * new.calls[code] / new.calls.sum():
            continue
        if _score(code, old, new, base) >= _LEAST_SCORE:
            known = old.calls[code] >= _LEAST_CALLS
            found.append(
                Slice(
                    dimension=dimension,
                    value=names[code],
                    calls=int(new.calls[code]),
                    before=float(old.means[code]) if known else None,
                    after=float(new.means[code]),
                    share=share,
                )
            )
    return found


class _Parts:
    """Calls, means and squared standard errors of one side by the values of a dimension."""

    def __init__(self, side: _Side, codes: Ints, values: int) -> None:
        mine = codes[side.rows]
        self.calls = np.bincount(mine, minlength=values)
        self.means = np.bincount(mine, weights=side.values, minlength=values) / np.maximum(self.calls, 1)
        squares = np.bincount(mine, weights=side.values**2, minlength=values) / np.maximum(self.calls, 1)
        spread = np.maximum(squares - self.means**2, 0.25 / np.maximum(self.calls, 1) ** 2)
        self.errors = spread / np.maximum(self.calls, 1)
        self.mean = float(side.values.mean())


def _score(code: int, old: _Parts, new: _Parts, base: Floats) -> float:
    """By how many standard errors the part's change differs from that of all others together."""
    others = np.arange(len(new.calls)) != code
    weight = new.calls[others] / max(1, new.calls[others].sum())
    change = float(new.means[code] - base[code])
    elsewhere = float((weight * (new.means - base)[others]).sum())
    errors = new.errors[code] + old.errors[code] + float((weight**2 * (new.errors + old.errors)[others]).sum())
    return float(abs(change - elsewhere) / max(1e-12, errors) ** 0.5)
