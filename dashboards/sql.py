"""Pieces of SQL that panels share, in the macros of Grafana's ClickHouse plugin."""

from collections.abc import Sequence

from dashboards.model import Variable
from watchkeeper.log_histogram import BASE
from watchkeeper.wilson import Z_95

_CHOICES = {
    "environment": ("environment", "Environment"),
    "service": ("service", "Service"),
    "route": ("route", "Route"),
    "provider": ("provider", "Provider"),
    "model": ("request_model", "Model asked for"),
}
"""Variables with their column and label; each offers what fits those before it."""

FAILED = "outcome IN ('error', 'timeout', 'rate_limited')"
UNANSWERED = "outcome IN ('error', 'timeout', 'rate_limited', 'cancelled')"
HOURS = "bucket >= toStartOfHour($__fromTime) AND bucket <= $__toTime"
"""Whole hours: with the plugin's own filter, the hour that a period begins in would be missing."""


def _chosen(names: Sequence[str]) -> str:
    return " AND ".join(
        f"$__conditionalAll({_CHOICES[name][0]} IN (${{{name}:singlequote}}), ${name})" for name in names
    )


CHOSEN = _chosen(tuple(_CHOICES))
"""Calls of what is chosen above the dashboard."""
REGRESSION_CHOSEN = " AND ".join(
    f"$__conditionalAll({_CHOICES[name][0]} IN (${{{name}:singlequote}}, '*', ''), ${name})"
    for name in ("service", "route", "provider", "model")
)
"""Regressions of it. They know no environment; a star is one of all services, routes or models."""
ROUTE_CHOSEN = "$__conditionalAll(route IN (${route:singlequote}), $route)"


def variables() -> tuple[Variable, ...]:
    """What can be chosen, from the calls of the period."""
    names = tuple(_CHOICES)
    return tuple(_variable(name, names[:place]) for place, name in enumerate(names))


def _variable(name: str, before: Sequence[str]) -> Variable:
    column, label = _CHOICES[name]
    narrowed = "".join(f" AND {_chosen((other,))}" for other in before)
    return Variable(
        name,
        label,
        f"SELECT DISTINCT {column} FROM calls_1h WHERE {HOURS} AND {column} != ''{narrowed} ORDER BY {column}",
    )


def cells(*columns: str) -> str:
    """Rows of the rollup that suits the period: of minutes, or of hours where points are an hour apart or more.

    A condition without a column is decided before anything is read, so that the other rollup costs nothing.
    """
    names = ", ".join(("bucket", *columns))
    return f"""(
    SELECT {names} FROM calls_1m
    WHERE $__interval_s < 3600 AND $__timeFilter(bucket) AND {CHOSEN}
    UNION ALL
    SELECT {names} FROM calls_1h
    WHERE $__interval_s >= 3600 AND {HOURS} AND {CHOSEN}
  )"""


def quantile_s(level: float, column: str) -> str:
    """Seconds at ``level`` of a histogram of a rollup, to 2.5 % of it; null without a measured call."""
    return f"{_quantile_us(level, column)} / 1e6"


def tokens_per_s(level: float) -> str:
    """Output tokens a second that all but ``level`` of the calls reach; null without a measured call."""
    return f"1e6 / {_quantile_us(level, 'token_us_counts')}"


def _quantile_us(level: float, column: str) -> str:
    place = f"quantileExactWeightedOrNullArray({level})(mapKeys({column}), mapValues({column}))"
    return f"pow({BASE}, {place} + 0.5)"


def wilson(bad: str, of: str) -> tuple[str, str]:
    """Both bounds of the share of ``bad`` in ``of`` calls, at 95 % (Wilson 1927); ``of`` must not be 0."""
    z2 = Z_95 * Z_95
    centre = f"({bad} + {z2 / 2:.4f}) / ({of} + {z2:.4f})"
    half = f"{Z_95} * sqrt({bad} * ({of} - {bad}) / {of} + {z2 / 4:.4f}) / ({of} + {z2:.4f})"
    return f"greatest(0., {centre} - {half})", f"least(1., {centre} + {half})"


def rate_columns(bad: str, of: str) -> str:
    """``low``, ``rate`` and ``high`` of a share."""
    low, high = wilson(bad, of)
    return f"{low} AS low, {bad} / {of} AS rate, {high} AS high"


LATEST_REGRESSIONS = "(SELECT * FROM regressions FINAL ORDER BY id, seq DESC LIMIT 1 BY id)"
"""Each as it stands."""
LASTING = "onset <= $__toTime AND (closed_at IS NULL OR closed_at >= $__fromTime)"
"""Regressions that were there at some time of the period."""
SINCE_SAVED = """SELECT owner, topic, toFloat64(greatest(0, dateDiff('second', max(saved_at), called))) AS behind
  FROM detector_state
  CROSS JOIN (
    SELECT max(last_call) AS called FROM calls_1h
    WHERE bucket >= toStartOfHour($__toTime - INTERVAL 1 DAY) AND bucket <= $__toTime
  ) AS c
  WHERE saved_at >= $__toTime - INTERVAL 7 DAY AND saved_at <= $__toTime
  GROUP BY owner, topic, called"""
"""Seconds that calls went on after each group of detectors last saved: a state is saved when there were calls only.

Of all partitions of a topic the last save counts, as one without calls is no worse for it.
"""
