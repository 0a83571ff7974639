"""What calls say of an alert: where a model is used, and what became of the calls since something began."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from watchkeeper.series_id import ANY
from watchkeeper.storage.client import Store

MOST_USES = 1_000
_MOST_SCOPES = 100
_FITS = """
arrayExists(
  s -> (s.1 IN ('', '*') OR s.1 = provider) AND (s.2 IN ('', '*') OR s.2 = request_model)
    AND (s.3 IN ('', '*') OR s.3 = service) AND (s.4 IN ('', '*') OR s.4 = route),
  {scopes:Array(Tuple(String, String, String, String))}
)
"""
_TIMES = "bucket >= toDateTime({begin:Int64}, 'UTC') AND bucket < toDateTime({end:Int64}, 'UTC')"
_USES = f"""
SELECT service, route, environment, sum(calls) AS calls
FROM calls_1h
WHERE {_TIMES} AND {_FITS}
GROUP BY service, route, environment
HAVING calls > 0
ORDER BY calls DESC, service, route, environment
LIMIT {MOST_USES}
"""
# Cached answers of a gateway are no calls of the model.
_SUMS = f"""
SELECT sum(calls) AS n, sumIf(calls, outcome IN ('error', 'timeout', 'rate_limited')) AS failed,
  sum(cost_usd) AS spent, sum(calls_with_usage) AS with_usage, sum(calls_unpriced) AS unpriced
FROM calls_1m
WHERE {_TIMES} AND NOT gateway_cache_hit AND {_FITS}
"""


_OUTCOMES = f"""
SELECT environment, outcome, sum(calls) AS calls
FROM calls_1m
WHERE {_TIMES} AND NOT gateway_cache_hit AND {_FITS}
GROUP BY environment, outcome
ORDER BY environment, outcome
LIMIT {MOST_USES}
"""


@dataclass(frozen=True, slots=True)
class CallScope:
    """Calls of one model on one route; empty or :data:`~watchkeeper.series_id.ANY` is all of them."""

    provider: str = ANY
    request_model: str = ANY
    service: str = ANY
    route: str = ANY


@dataclass(frozen=True, slots=True)
class Use:
    """Where calls come from."""

    service: str
    route: str
    environment: str
    calls: int


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    """Calls of one environment that ended so."""

    environment: str
    outcome: str
    calls: int


@dataclass(frozen=True, slots=True)
class CallSums:
    """Calls of a period. ``spent_usd`` is None where no call has a known cost."""

    calls: int
    failed: int
    spent_usd: Decimal | None
    unpriced: int


def uses(store: Store, scope: CallScope, begin: datetime, end: datetime) -> list[Use]:
    """Routes and environments of the calls of whole hours from the one of ``begin`` on; the busiest first."""
    hour = begin.replace(minute=0, second=0, microsecond=0)
    rows = store.query_rows(_USES, _parameters([scope], hour, end))
    return [Use(**{**row, "calls": int(row["calls"])}) for row in rows]


def call_sums(store: Store, scopes: Sequence[CallScope], begin: datetime, end: datetime) -> CallSums:
    """What became of the calls of any of ``scopes`` (the first hundred), by whole minutes."""
    (row,) = store.query_rows(_SUMS, _parameters(scopes, begin.replace(second=0, microsecond=0), end))
    priced = int(row["with_usage"]) > int(row["unpriced"])
    return CallSums(int(row["n"]), int(row["failed"]), row["spent"] if priced else None, int(row["unpriced"]))


def outcome_counts(store: Store, scope: CallScope, begin: datetime, end: datetime) -> list[OutcomeCount]:
    """How the calls ended, by environment, by whole minutes."""
    rows = store.query_rows(_OUTCOMES, _parameters([scope], begin.replace(second=0, microsecond=0), end))
    return [OutcomeCount(**{**row, "calls": int(row["calls"])}) for row in rows]


def _parameters(scopes: Sequence[CallScope], begin: datetime, end: datetime) -> dict[str, Any]:
    wanted = [(one.provider, one.request_model, one.service, one.route) for one in scopes[:_MOST_SCOPES]]
    return {"scopes": wanted, "begin": int(begin.timestamp()), "end": int(end.timestamp())}
