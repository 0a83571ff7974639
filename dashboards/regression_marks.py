"""Regressions as marks on time series."""

from dashboards.model import Annotation
from dashboards.sql import LASTING, LATEST_REGRESSIONS, REGRESSION_CHOSEN

_TEXT = "concat(kind, ': ', if(metric = '', '', concat(metric, ' of ')), provider, ' ', request_model, '. ', reason)"
_MARKS = f"""SELECT onset AS time, ifNull(closed_at, toDateTime64($__toTime, 6, 'UTC')) AS timeEnd,
  {_TEXT} AS text, concat(kind, ',', severity, ',', state) AS tags
FROM {LATEST_REGRESSIONS}
WHERE kind != 'served_model_change' AND {LASTING} AND {REGRESSION_CHOSEN}
ORDER BY time
LIMIT 200"""
_CHANGES = f"""SELECT onset AS time, {_TEXT} AS text, concat(kind, ',', severity) AS tags
FROM {LATEST_REGRESSIONS}
WHERE kind = 'served_model_change' AND $__timeFilter(onset) AND {REGRESSION_CHOSEN}
ORDER BY time
LIMIT 200"""

REGRESSION_MARKS = (
    Annotation("Regressions", _MARKS, "red"),
    Annotation("Another model served", _CHANGES, "purple"),
)
"""From onset to end; of those that are not closed to the end of the period."""
