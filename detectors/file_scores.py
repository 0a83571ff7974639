"""Scores in a file of calls: columns ``score_<name>`` on the rows of the calls they judge."""

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from detectors.file_columns import Notes, numbers
from watchkeeper.storage.score_feed import SCORED_SCHEMA

SCORE_COLUMN = re.compile(r"score_(.{1,200})")
_OF_CALL = ("service", "route", "provider", "request_model", "model", "variant", "gateway_cache_hit", "input_tokens")


def with_scores(calls: pa.Table, columns: Mapping[str, pa.ChunkedArray], notes: Notes) -> pa.Table:
    """``calls`` [n] with those of a file's ``columns`` [n] that are scores, as numbers (null where there is none).

    Raises :class:`~watchkeeper.errors.ConfigError` for one that holds no numbers, true or false.
    """
    for name, column in columns.items():
        if SCORE_COLUMN.fullmatch(name):
            calls = calls.append_column(name, pa.array(numbers(column, name, notes), pa.float64(), from_pandas=True))
    return calls


def scores_of(calls: pa.Table) -> pa.Table:
    """The scores in ``calls`` (as :func:`with_scores` leaves them) by time, each given with its call."""
    parts = [_scores(calls, name, found[1]) for name in calls.column_names if (found := SCORE_COLUMN.fullmatch(name))]
    if not parts:
        return SCORED_SCHEMA.empty_table()
    return pa.concat_tables(parts).sort_by([("second", "ascending"), ("called", "ascending"), ("name", "ascending")])


def _scores(calls: pa.Table, column: str, name: str) -> pa.Table:
    rows = calls.filter(pc.is_valid(calls[column]))
    called = rows["ts"].cast(pa.int64())
    found = {
        "second": pc.divide(called, 1_000_000),
        "called": called,
        "name": pa.repeat(name, rows.num_rows),
        "value": rows[column],
        "label": pa.repeat("", rows.num_rows),
        **{one: rows[one] for one in _OF_CALL},
    }
    return pa.table([found[field.name].cast(field.type) for field in SCORED_SCHEMA], schema=SCORED_SCHEMA)
