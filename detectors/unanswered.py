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
        if answered.all():
            continue
        for server, lost in _by_server(key, rows[~answered], columns, rows_of, known):
            moved[server] = np.sort(np.append(moved[server], lost)) if server in moved else lost
            moved[key] = np.setdiff1d(moved[key], lost, assume_unique=True)
    return {key: rows for key, rows in moved.items() if len(rows)}


def _by_server(
    key: SeriesKey,
    lost: Ints,
    columns: CallColumns,
    rows_of: dict[SeriesKey, Ints],
    known: Mapping[SeriesKey, SeriesWatch],
) -> list[tuple[SeriesKey, Ints]]:
    """The rows ``lost``, each with the series of the same workload, under another name, that answered last before it.

    Answers of these calls come first, then those of earlier units, then the first answer afterwards.
    """
    named = [one for one in sorted(rows_of) if _serves(one, key)]
    answers = [rows_of[one][columns.counted[rows_of[one], _ANSWERED]] for one in named]
    earlier = max(
        (one for one in known if _serves(one, key)), key=lambda one: (known[one].last_seen, one), default=None
    )
    if earlier is not None and earlier not in named:
        named.append(earlier)
    place = np.concatenate(answers) if answers else np.zeros(0, np.int64)
    owner = np.repeat(np.arange(len(answers)), [len(rows) for rows in answers])
    order = np.argsort(place)
    place, owner = place[order], owner[order]
    before = np.searchsorted(place, lost) - 1
    first = owner[0] if len(owner) else -1
    servers = np.full(len(lost), first if earlier is None else named.index(earlier))
    servers[before >= 0] = owner[before[before >= 0]]
    return [(named[number], lost[servers == number]) for number in np.unique(servers).tolist() if number >= 0]


def _serves(one: SeriesKey, key: SeriesKey) -> bool:
    return one.workload == key.workload and one.model != key.model
