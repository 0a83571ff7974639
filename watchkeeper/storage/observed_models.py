"""Which models routes ask for, as their calls of a period tell."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from watchkeeper.storage.client import Store

MOST_OF_A_ROUTE = 20
_MOST_ROWS = 50_000
# Shadow calls are tried beside the route, and a model of vectors does not answer in place of another one.
_OBSERVED = """
SELECT
  route, provider, if(request_model = '', model, request_model) AS asked, sum(calls) AS total
FROM calls_1h
WHERE bucket >= toDateTime({begin:Int64}, 'UTC') AND bucket < toDateTime({end:Int64}, 'UTC')
  AND variant != 'shadow' AND operation NOT IN ('embeddings', 'rerank')
  AND (empty({routes:Array(String)}) OR route IN {routes:Array(String)})
GROUP BY route, provider, asked
HAVING asked != ''
ORDER BY route, total DESC, provider, asked
LIMIT {most:UInt32} BY route
LIMIT {rows:UInt32}
"""


@dataclass(frozen=True, slots=True)
class ObservedModel:
    """A model that a route asked for, and how often; shadow calls do not count."""

    provider: str
    model: str
    calls: int


def observed_models(
    store: Store, begin: datetime, end: datetime, routes: Collection[str] = ()
) -> dict[str, list[ObservedModel]]:
    """By route (all of them without ``routes``) the models asked for most, at most 20, the most first; whole hours."""
    period = {"begin": int(begin.timestamp()), "end": int(end.timestamp())}
    bounds = {"most": MOST_OF_A_ROUTE, "rows": _MOST_ROWS}
    found: dict[str, list[ObservedModel]] = {}
    for row in store.query_rows(_OBSERVED, {**period, **bounds, "routes": sorted(routes)}):
        found.setdefault(row["route"], []).append(ObservedModel(row["provider"], row["asked"], row["total"]))
    return found
