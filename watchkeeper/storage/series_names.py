"""From the short name of a series to what it is."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from watchkeeper.series_id import ANY, series_id
from watchkeeper.storage.client import Store
from watchkeeper.storage.series_health import Series

_REGRESSED = """
SELECT service, route, provider, request_model, model FROM regressions WHERE series_id = {id:String} LIMIT 1
"""
_SEEN = """
SELECT DISTINCT service, route, provider, request_model, model
FROM health_1h WHERE bucket >= toDateTime({since:Int64}, 'UTC')
LIMIT {limit:UInt32}
"""
_MOST_SERIES = 200_000


def find_series(store: Store, wanted: str, since: datetime) -> Series | None:
    """The series, or parent of series, of that id among those with a regression or with calls ``since``."""
    told = store.query_rows(_REGRESSED, {"id": wanted})
    if told:
        return _series(told[0])
    seen = store.query_rows(_SEEN, {"since": int(since.timestamp()), "limit": _MOST_SERIES})
    candidates = (candidate for row in seen for candidate in _with_parent(_series(row)))
    return next((candidate for candidate in candidates if series_id(*candidate) == wanted), None)


def _with_parent(series: Series) -> Iterator[Series]:
    yield series
    yield (ANY, ANY, series[2], series[3], ANY)


def _series(row: Mapping[str, str]) -> Series:
    return (row["service"], row["route"], row["provider"], row["request_model"], row["model"])
