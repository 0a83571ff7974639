"""Parquet files of calls that somebody else wrote, as one table in the schema of stored calls.

Columns have the canonical names of :mod:`watchkeeper.schema`; only ``ts`` must be there, and something to watch. What
is absent and follows from what is there is derived: how a call ended, which model was meant, which workload it was for.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from detectors.file_columns import Ints, Notes, converted, moments
from detectors.file_outcome import SAYS_HOW, UNTOLD, with_outcome
from detectors.file_scores import SCORE_COLUMN, scores_of, with_scores
from watchkeeper.errors import ConfigError
from watchkeeper.model_names import family
from watchkeeper.schema import CALLS_SCHEMA

WATCHABLE = (
    "outcome",
    "error_type",
    "http_status",
    "finish_reason",
    "finish_reason_raw",
    "format_valid",
    "duration_us",
    "ttft_us",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "cache_read_tokens",
)
"""A file without any of these has nothing to watch."""
_MOST_ROWS = 100_000_000
_NAMED = 8
_IGNORED_NAMED = 50
_NEAR = 0.8
"""Likeness from which a column is taken for a misspelt one of ours."""
_OUR_OWN = ("ingested_at",)
"""Columns of the table of calls that are not in the schema and mean nothing here."""


@dataclass(frozen=True, slots=True)
class FileCalls:
    """What files hold: ``calls`` (``CALLS_SCHEMA``), ``scores`` (``SCORED_SCHEMA``), both by time, and what to say."""

    calls: pa.Table
    scores: pa.Table
    read: int
    """Rows in the files."""
    left_out: int
    """Rows without a time."""
    notes: tuple[str, ...]
    """Sentences for people."""


def read_calls(paths: Sequence[Path]) -> FileCalls:
    """The calls in ``paths``: Parquet files, or directories of such.

    Raises :class:`ConfigError` naming file, column and mend where there is nothing that can be read.
    """
    files = [file for path in paths for file in _files(path)]
    notes: list[str] = []
    parts = []
    for file in files:
        found = Notes(str(file))
        parts.append(_read(file, found))
        notes += [f"{file}: {text}" for text in found.told]
    read = sum(rows for _, rows in parts)
    calls = pa.concat_tables([part for part, _ in parts], promote_options="default")
    if not read:
        raise ConfigError(f"{_listed(paths)}: there are no rows")
    if not calls.num_rows:
        raise ConfigError(f"{_listed(paths)}: no row has a time: column ts must hold the start of each call")
    if len(files) > 1:
        calls = calls.unify_dictionaries()
    calls, unknown = with_outcome(_named(_by_time(calls)))
    if unknown:
        notes.append(f"{unknown} rows have an outcome of unknown name: decided from their other columns")
    if read > calls.num_rows:
        notes.append(f"{read - calls.num_rows} rows have no time between 1970 and 2200 in ts: left out")
    return FileCalls(calls.select(CALLS_SCHEMA.names), scores_of(calls), read, read - calls.num_rows, tuple(notes))


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(path.rglob("*.parquet"))
        if not found:
            raise ConfigError(f"{path}: there is no .parquet file in this directory")
        return found
    if not path.exists():
        raise ConfigError(f"{path}: there is no such file")
    return [path]


def _read(path: Path, notes: Notes) -> tuple[pa.Table, int]:
    """The calls of one file that have a time, and its number of rows."""
    columns, rows = _columns(path, notes)
    if not any(name in columns for name in WATCHABLE) and not any(map(SCORE_COLUMN.fullmatch, columns)):
        raise ConfigError(
            f"{path}: there is nothing to watch: have at least one column of {', '.join(WATCHABLE)}, or score_…"
        )
    if not any(name in columns for name in SAYS_HOW):
        columns["outcome"] = pa.chunked_array([pa.array([UNTOLD] * rows)])
        notes.told.append(f"no column says how calls ended ({', '.join(SAYS_HOW)}): only values are watched")
    times, known = moments(columns.pop("ts"), "ts", notes)
    arrays = []
    for field in CALLS_SCHEMA:
        if field.name == "ts":
            arrays.append(pa.array(times, pa.int64()).cast(field.type))
        elif field.name in columns and not pa.types.is_null(columns[field.name].type):
            arrays.append(converted(columns[field.name], field.name, notes))
        else:
            arrays.append(_absent(field, rows))
    table = with_scores(pa.table(arrays, schema=CALLS_SCHEMA), columns, notes)
    return (table if known.all() else table.filter(pa.array(known))), rows


def _columns(path: Path, notes: Notes) -> tuple[dict[str, pa.ChunkedArray], int]:
    """The columns of a file that the schema knows (of two with one name the first), and its number of rows."""
    try:
        with pq.ParquetFile(path) as file:
            names = list(file.schema_arrow.names)
            rows = file.metadata.num_rows
            if rows > _MOST_ROWS:
                raise ConfigError(f"{path}: {rows} rows are too many at once: give at most {_MOST_ROWS}")
            table = file.read(columns=[name for name in names if _is_known(name)])
    except pa.ArrowInvalid as error:
        reason = "it is not a Parquet file" if "magic bytes" in str(error) else "it is broken"
        raise ConfigError(f"{path}: {reason}: write it with to_parquet() of pandas or Polars, or with DuckDB") from None
    except (OSError, pa.ArrowException) as error:
        raise ConfigError(
            f"{path}: cannot be read: {getattr(error, 'strerror', None) or type(error).__name__}"
        ) from None
    if "ts" not in names:
        raise ConfigError(f"{path}: there is no column ts: name the start of each call so (columns: {_listed(names)})")
    ignored = [name for name in names if not _is_known(name) and not name.startswith("__")]
    ignored = [name for name in ignored if name not in _OUR_OWN]
    if ignored:
        notes.tell(f"ignored columns that are none of ours: {_listed(map(_with_near, ignored), _IGNORED_NAMED)}")
    return {name: table.column(table.schema.names.index(name)) for name in table.schema.names}, rows


def _is_known(name: str) -> bool:
    return name in CALLS_SCHEMA.names or bool(SCORE_COLUMN.fullmatch(name))


def _absent(field: pa.Field, rows: int) -> pa.Array:
    if pa.types.is_dictionary(field.type):
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([""])).cast(field.type)
    if pa.types.is_fixed_size_binary(field.type):
        return pa.repeat(pa.scalar(bytes(field.type.byte_width), field.type), rows)
    if field.name in ("calls", "attempt"):
        return pa.array(np.ones(rows, np.uint8))
    if field.name == "duration_complete":
        return pa.array(np.ones(rows, np.bool_))
    return pa.nulls(rows, field.type)


def _by_time(calls: pa.Table) -> pa.Table:
    times: Ints = calls["ts"].cast(pa.int64()).to_numpy()
    if (np.diff(times) >= 0).all():
        return calls
    return calls.take(pa.array(np.argsort(times, kind="stable")))


def _named(calls: pa.Table) -> pa.Table:
    """Models and workloads where the file leaves them open.

    Asked for without a date, so that another snapshot under the same name is the same workload served by another model.
    """
    calls = _filled(calls, "request_model", "model", family)
    calls = _filled(calls, "model", "request_model")
    calls = _filled(calls, "finish_reason", "finish_reason_raw")
    return _filled(_filled(calls, "route", "prompt_name"), "route", "service")


def _filled(calls: pa.Table, name: str, source: str, change: Callable[[str], str] = str) -> pa.Table:
    """Where ``name`` is empty, ``change`` of what ``source`` says."""
    own, other = (calls[column].combine_chunks() for column in (name, source))
    empty = pc.equal(own.cast(pa.string()), "")
    if not pc.any(empty).as_py():
        return calls
    changed = pa.array([change(word) for word in other.dictionary.to_pylist()], pa.string())
    found = pc.if_else(empty, changed.take(other.indices), own.cast(pa.string()))
    field = calls.schema.field(name)
    return calls.set_column(calls.schema.get_field_index(name), field, found.dictionary_encode().cast(field.type))


def _with_near(name: str) -> str:
    """With the column of ours that may be meant."""
    near = get_close_matches(name.lower(), CALLS_SCHEMA.names, 1, _NEAR)
    return f"{name} (is {near[0]} meant?)" if near else name


def _listed(names: Iterable[object], most: int = _NAMED) -> str:
    words = [str(name) for name in names]
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
