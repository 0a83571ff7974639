"""From the short name of a series to what it is."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from watchkeeper.series_id import ANY, is_begin, series_id
from watchkeeper.storage.client import Store
from watchkeeper.storage.series_health import Series

_REGRESSED = """
SELECT DISTINCT service, route, provider, request_model, model FROM regressions
WHERE startsWith(series_id, {begin:String})
LIMIT {limit:UInt32}
"""
_SEEN = """
SELECT DISTINCT service, route, provider, request_model, model
FROM calls_1h WHERE bucket >= toDateTime({since:Int64}, 'UTC')
LIMIT {limit:UInt32}
"""
_MOST_SERIES = 200_000
_MOST_NAMED = 100
_WHOLE = 12


def find_series(store: Store, wanted: str, since: datetime) -> dict[str, Series]:
    """The series, and parents of series, whose id is or begins with ``wanted``, by id.

    Of those with a regression, or with calls ``since``; a whole id names one at most.
    """
    told = store.query_rows(_REGRESSED, {"begin": wanted, "limit": _MOST_NAMED})
    found = {series_id(*one): one for one in map(_series, told)}
    if found and len(wanted) == _WHOLE:
        return found
    seen = store.query_rows(_SEEN, {"since": int(since.timestamp()), "limit": _MOST_SERIES})
    named = ((series_id(*one), one) for row in seen for one in _with_parent(_series(row)))
    return found | {name: one for name, one in named if is_begin(wanted, name)}


def _with_parent(series: Series) -> Iterator[Series]:
    yield series
    yield (ANY, ANY, series[2], series[3], ANY)


def _series(row: Mapping[str, str]) -> Series:
    return (row["service"], row["route"], row["provider"], row["request_model"], row["model"])
