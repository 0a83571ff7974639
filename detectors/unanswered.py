"""Calls without an answer, counted for the model that would have served them."""

from collections.abc import Mapping

import numpy as np

from detectors.columns import CallColumns, Ints
from detectors.metrics import RATES
from detectors.series import SeriesKey
from detectors.series_watch import SeriesWatch

_ANSWERED = [metric.name for metric in RATES].index("refusal")
"""Column of ``counted`` that is true for every answer."""


def with_their_answers(
    columns: CallColumns, rows_of: dict[SeriesKey, Ints], known: Mapping[SeriesKey, SeriesWatch]
) -> dict[SeriesKey, Ints]:
    """Rows by series, calls without an answer put to the model that answers their workload.

    A failed call cannot say which model would have served it; its row names the one that was asked for.
    """
    moved = dict(rows_of)
    for key, rows in rows_of.items():
        if key.model != key.request_model:
            continue
        answered = columns.counted[rows, _ANSWERED]
        server = None if answered.all() else _server(key, rows_of, known)
        if server is None:
            continue
        lost = rows[~answered]
        moved[server] = np.sort(np.append(moved[server], lost)) if server in moved else lost
        moved[key] = rows[answered]
    return {key: rows for key, rows in moved.items() if len(rows)}


def _server(key: SeriesKey, rows_of: dict[SeriesKey, Ints], known: Mapping[SeriesKey, SeriesWatch]) -> SeriesKey | None:
    """The series of the same workload, under another name, that was served last; None where there is none."""
    others = [one for one in known if one.workload == key.workload and one.model != key.model]
    if others:
        return max(others, key=lambda one: (known[one].last_seen, one))
    now = [one for one in rows_of if one.workload == key.workload and one.model != key.model]
    return max(now, key=lambda one: (len(rows_of[one]), one), default=None)
