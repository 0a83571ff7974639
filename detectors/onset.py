"""When a change began and how large it is, from the calls themselves: the likeliest start of the winning alternative.

A monitor's own estimate mixes starting points that the mixture held likely on the way; where earlier calls can be had,
each is judged by the baseline once more, and the start is where their summed evidence is largest (the maximum
likelihood of a change point, with the interval of starts within two nats of it).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from detectors.alarms import Alarm
from detectors.columns import CallColumns, Floats, Ints, call_columns
from detectors.config import DAY_S
from detectors.history import CallHistory
from detectors.metrics import RATES
from detectors.series import SeriesKey
from detectors.series_calls import series_calls
from detectors.series_watch import SeriesWatch
from detectors.unanswered import with_their_answers

_BEFORE_S, _LONGEST_S = 3_600.0, 7 * DAY_S
_WITHIN = 2.0
_LEAST_GAIN = 3.0


def sharpened(history: CallHistory, watches: Sequence[SeriesWatch], alarm: Alarm) -> Alarm:
    """``alarm`` with onset, interval and sums from the calls of ``watches`` (one series, or all of a parent).

    As it was where the calls do not show the change, e.g. because the history keeps too little. Raises
    :class:`~watchkeeper.errors.Transient` where the history cannot be asked now.
    """
    begin = max(alarm.at - _LONGEST_S, alarm.onset - 4 * alarm.spread - _BEFORE_S)
    key = watches[0].key
    columns = call_columns(history.calls(key.provider, key.request_model, begin, alarm.at + 1e-6))
    rows_of = with_their_answers(columns, _rows_by_series(columns), {watch.key: watch for watch in watches})
    judged = [one for watch in watches if (one := _judged(columns, rows_of, watch, alarm)) is not None]
    if not judged:
        return alarm
    ts, evidence, features = (np.concatenate(parts) for parts in zip(*judged, strict=True))
    order = np.argsort(ts, kind="stable")
    return _likeliest(alarm, ts[order], evidence[order], features[order])


def _rows_by_series(columns: CallColumns) -> dict[SeriesKey, Ints]:
    found = ((key, np.flatnonzero(columns.series == place)) for place, key in enumerate(columns.keys))
    return {key: rows for key, rows in found if len(rows)}


def _judged(
    columns: CallColumns, rows_of: Mapping[SeriesKey, Ints], watch: SeriesWatch, alarm: Alarm
) -> tuple[Floats, Floats, Floats] | None:
    """Times [n], evidence [n] and features [n, FEATURES] of one series' calls, each by itself."""
    rows = rows_of.get(watch.key)
    if rows is None:
        return None
    found = watch.one_by_one(alarm.metric, series_calls(columns, rows))
    if found is None:
        return None
    calls, sums = found
    features = sums.features[alarm.slab]
    if alarm.metric >= len(RATES):
        # Scores end where the baseline's quantiles do; the logarithms themselves say how far a call went.
        features[:, 1] = (calls.value - features[:, 5]) * features[:, 2]
    return calls.ts, sums.evidence[alarm.slab, :, alarm.alternative], features


def _likeliest(alarm: Alarm, ts: Floats, evidence: Floats, features: Floats) -> Alarm:
    before = np.append(0.0, np.cumsum(evidence))[:-1]
    gain = evidence.sum() - before
    start = int(np.argmax(gain))
    if gain[start] < _LEAST_GAIN:
        return alarm
    likely = np.flatnonzero(gain >= gain[start] - _WITHIN)
    low, high = float(ts[max(0, likely[0] - 1)]), float(ts[likely[-1]])
    onset = float(ts[start])
    sums = tuple(features[start:].sum(axis=0).tolist())
    return replace(alarm, onset=onset, spread=max(onset - low, high - onset) / 2, features=sums, exact=True)
