"""One cohort's scores in sums, by the same cells as its calls (:mod:`.comparison_cells`)."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from watchkeeper.errors import ConfigError
from watchkeeper.score_names import LABEL_VALUES
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.comparison_cells import BLOCK_S, HALF_OCTAVE, MOST_CELLS

MOST_SCORES = 8
_LATEST_DAYS = 31
"""After a call that a score of it may be given."""
_CELL = ("route", "bucket", "output_type", "block")
_SUMS = ("n", "y", "yy", "x", "xx", "xy")


def comparison_scores(
    store: Store, chosen: CallFilter, names: Sequence[str] = (), block_s: int = BLOCK_S
) -> tuple[pa.Table, Sequence[str]]:
    """Scores of the calls of one cohort, and their names.

    Of ``names``, or of the :data:`MOST_SCORES` most frequent ones. Columns ``route``, ``bucket``, ``output_type`` and
    ``block`` as of :func:`~.comparison_cells.comparison_cells`, and of each score the sums ``n_score:NAME``,
    ``y_score:NAME``, … of its value y and the logarithm of the prompt's tokens x; null where a row is of another one.
    A score belongs to the call with its response id or, where it has none, with its span; several of one name for one
    call count as their mean.

    Raises :class:`~watchkeeper.errors.ConfigError` for more than ``MOST_CELLS`` cells.
    """
    condition, parameters = chosen.where("c")
    given = {
        "names": list(names),
        "good": [label for label, value in LABEL_VALUES.items() if value],
        "bad": [label for label, value in LABEL_VALUES.items() if not value],
        "block_s": block_s,
        "limit": MOST_CELLS + 1,
    }
    found = store.query_arrow(_sql(condition), {**parameters, **given})
    if found.num_rows > MOST_CELLS:
        raise ConfigError(f"more than {MOST_CELLS:,} groups of like scores: compare a shorter period or fewer routes")
    known = sorted(pc.unique(found["name"]).to_pylist())
    return pa.concat_tables(
        [_of(found, name) for name in known] or [found.select(_CELL)], promote_options="default"
    ), known


def _of(found: pa.Table, name: str) -> pa.Table:
    own = found.filter(pc.equal(found["name"], name))
    return own.select([*_CELL, *_SUMS]).rename_columns([*_CELL, *(f"{short}_score:{name}" for short in _SUMS)])


def _sql(condition: str) -> str:
    keys = {
        ("response_id",): "response_id != ''",
        ("trace_id", "span_id"): "response_id = '' AND span_id != toFixedString('', 8)",
    }
    joined = " UNION ALL ".join(_joined(key, has_key, condition) for key, has_key in keys.items())
    return f"""
        SELECT route, bucket, output_type, block, name, toFloat64(count()) AS n, sum(v) AS y, sum(v * v) AS yy,
          sum(size) AS x, sum(size * size) AS xx, sum(size * v) AS xy
        FROM ({joined})
        GROUP BY route, bucket, output_type, block, name
        ORDER BY name, route, bucket, output_type, block
        LIMIT {{limit:UInt32}}"""


_LABEL = "replaceAll(lower(trim(label)), ' ', '_')"
_VALUE = f"""multiIf(value IS NOT NULL, value,
            has({{good:Array(String)}}, {_LABEL}), 1, has({{bad:Array(String)}}, {_LABEL}), 0, NULL)"""
_GIVEN = f"""ts >= fromUnixTimestamp64Micro({{f_begin:Int64}}, 'UTC') - INTERVAL 1 DAY
            AND ts < fromUnixTimestamp64Micro({{f_end:Int64}}, 'UTC') + INTERVAL {_LATEST_DAYS} DAY"""
_FREQUENT = f"SELECT name FROM scores WHERE {_GIVEN} GROUP BY name ORDER BY count() DESC, name LIMIT {MOST_SCORES}"
_WANTED = f"if(empty({{names:Array(String)}}), name IN ({_FREQUENT}), has({{names:Array(String)}}, name))"


def _joined(key: Sequence[str], has_key: str, condition: str) -> str:
    """Values by call and name, with the call's cell."""
    columns = ", ".join(key)
    return f"""
        SELECT route, bucket, output_type, block, name, size, v
        FROM (
          SELECT {columns}, toString(c.route) AS route, toString(c.output_type) AS output_type,
            log(greatest(ifNull(c.input_tokens, 1), 1)) AS size, toInt32(floor(size / {HALF_OCTAVE})) AS bucket,
            toInt64(intDiv(toUnixTimestamp(c.ts), {{block_s:UInt32}})) AS block
          FROM calls AS c
          WHERE c.calls = 1 AND NOT c.gateway_cache_hit AND {condition}
        ) AS called
        INNER JOIN (
          SELECT {columns}, toString(name) AS name, avg(assumeNotNull({_VALUE})) AS v
          FROM scores
          WHERE {_GIVEN} AND {has_key} AND isFinite(ifNull({_VALUE}, inf)) AND {_WANTED}
          GROUP BY {columns}, name
        ) AS judged USING ({columns})"""
