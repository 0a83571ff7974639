"""What two models did on one route, from the stored calls: the numbers that decide on a migration under way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from watchkeeper.storage.call_meaning import MEANING
from watchkeeper.storage.client import Store
from watchkeeper.storage.model_migrations import Served

MOST_LATENCIES = 5_000
"""Sampled evenly where there are more."""
LONGEST_CALL = timedelta(hours=1)
"""Calls that took longer are not seen in a window by when they ended."""

Floats = npt.NDArray[np.float64]


class Shadowed(IntEnum):
    """Which of the candidate's calls count."""

    NO = 0
    """Those that were not shadows."""
    ONLY = 1
    ANY = 2


@dataclass(frozen=True, slots=True)
class ArmWindow:
    """Calls that ended in ``(begin, end]`` (aware)."""

    route: str
    baseline: Served
    candidate: Served
    begin: datetime
    end: datetime
    shadowed: Shadowed = Shadowed.NO


@dataclass(frozen=True, slots=True, eq=False)
class RouteArm:
    """One model's calls on the route. Cancelled calls and answers from a gateway's cache are left out."""

    calls: int = 0
    errors: int = 0
    """Calls without an answer: errors, timeouts, rate limits."""
    by_request: int = 0
    """Calls whose requested name is the model; of the others the served name is."""
    latencies_s: Floats | None = None
    """[n] of calls with an answer, a sample where there are many; None: of no call."""
    format_checked: int = 0
    format_broken: int = 0
    costed: int = 0
    """Calls with a known cost; the next four are of these."""
    useful: int = 0
    cost: float = 0.0
    cost_squared: float = 0.0
    cost_of_useful: float = 0.0

    @property
    def error_rate(self) -> float | None:
        """None: without calls."""
        return self.errors / self.calls if self.calls else None

    @property
    def p95_s(self) -> float | None:
        """None: of no call."""
        return float(np.quantile(self.latencies_s, 0.95)) if self.latencies_s is not None else None

    @property
    def format_failures(self) -> float | None:
        """Share of the checked answers; None: none was checked."""
        return self.format_broken / self.format_checked if self.format_checked else None

    @property
    def cost_per_useful_call(self) -> float | None:
        """In USD; None: no cost is known, or nothing was useful."""
        return self.cost / self.useful if self.useful else None


@dataclass(frozen=True, slots=True)
class Scores:
    """Feedback of one name on the calls of one model."""

    count: int
    total: float
    squares: float
    least: float
    most: float


_ARM = """
          multiIf(
            c.request_model = {b_model:String} AND c.provider = {b_provider:String}, 1,
            c.request_model = {c_model:String} AND c.provider = {c_provider:String}, 2,
            c.model = {b_model:String} AND c.provider = {b_provider:String}, 1,
            c.model = {c_model:String} AND c.provider = {c_provider:String}, 2,
            0
          )"""
_MICRO = "fromUnixTimestamp64Micro({{{name}:Int64}}, 'UTC')"
_SINCE, _BEGIN, _END = (_MICRO.format(name=name) for name in ("since", "begin", "end"))
_CHOSEN = f"""
  c.ts >= {_SINCE} AND c.ts <= {_END} AND c.route = {{route:String}} AND c.calls = 1 AND NOT c.gateway_cache_hit
  AND addMicroseconds(c.ts, c.duration_us) > {_BEGIN} AND addMicroseconds(c.ts, c.duration_us) <= {_END}
  AND arm > 0
  AND multiIf(
    arm = 1, c.variant != 'shadow',
    {{shadowed:UInt8}} = 2, true,
    (c.variant = 'shadow') = ({{shadowed:UInt8}} = 1)
  )"""
_LOW = "0xFFFFFFFF"
_DRAWN = f"bitOr(bitAnd(sipHash64(c.span_id), bitNot(toUInt64({_LOW}))), least(intDiv(c.duration_us, 10), {_LOW}))"
"""A call's lot in the upper half, its time in 10 µs in the lower: the least lots are a sample, the same every time."""
_SUMS = f"""
        WITH {MEANING},
          {_ARM} AS arm,
          toStartOfHour(c.ts) AS hour
        SELECT
          countIf(tried) AS calls,
          countIf(tried AND NOT answered) AS errors,
          countIf(c.request_model IN ({{b_model:String}}, {{c_model:String}})) AS by_request,
          arrayMap(one -> bitAnd(one, {_LOW}) / 1e5, groupArraySortedIf({{most:UInt32}})(
            {_DRAWN}, good AND c.duration_complete
          )) AS latencies_s,
          countIf(answered AND (c.format_valid IS NOT NULL OR broken)) AS format_checked,
          countIf(broken) AS format_broken,
          countIf(known) AS costed,
          countIf(known AND useful_call) AS useful,
          sumIf(spent, known) AS cost,
          sumIf(spent * spent, known) AS cost_squared,
          sumIf(spent, known AND useful_call) AS cost_of_useful,
          arm
        FROM calls AS c
        WHERE {_CHOSEN}"""
_ARMS = _SUMS.replace("{most:UInt32}", str(MOST_LATENCIES)) + " GROUP BY arm"
_HOURS = _SUMS.replace("{most:UInt32}", str(MOST_LATENCIES // 10)) + " AND arm = 1 GROUP BY arm, hour ORDER BY hour"
_NEWEST = f"""
        WITH {_ARM} AS arm
        SELECT maxOrNull(addMicroseconds(c.ts, c.duration_us)) AS newest
        FROM calls AS c
        WHERE {_CHOSEN}"""
_LABEL = """
          multiIf(
            s.value IS NOT NULL, s.value,
            lower(s.label) IN ('pass', 'passed', 'true', 'yes', 'good', 'positive', 'correct', 'thumbs_up'), 1.,
            lower(s.label) IN ('fail', 'failed', 'false', 'no', 'bad', 'negative', 'incorrect', 'thumbs_down'), 0.,
            NULL
          )"""
_SCORES = f"""
        WITH
          judged AS (
            SELECT s.name AS name, {_LABEL} AS value, s.response_id AS response_id, s.trace_id AS trace_id,
              s.span_id AS span_id
            FROM scores AS s
            WHERE s.ts >= {_SINCE} AND s.source = 'feedback'
              AND ({{score:String}} = '' OR s.name = {{score:String}}) AND value IS NOT NULL
            ORDER BY s.ts DESC LIMIT {{limit:UInt32}}
          ),
          called AS (
            SELECT {_ARM} AS arm, c.response_id AS response_id, c.trace_id AS trace_id, c.span_id AS span_id
            FROM calls AS c
            WHERE {_CHOSEN} AND (
              c.response_id IN (SELECT response_id FROM judged WHERE response_id != '')
              OR (c.trace_id, c.span_id) IN (SELECT trace_id, span_id FROM judged WHERE response_id = '')
            )
          )
        SELECT arm, name, count() AS count, sum(value) AS total, sum(value * value) AS squares, min(value) AS least,
          max(value) AS most
        FROM (
          SELECT called.arm AS arm, judged.name AS name, judged.value AS value
          FROM called INNER JOIN judged ON called.response_id = judged.response_id WHERE judged.response_id != ''
          UNION ALL
          SELECT called.arm AS arm, judged.name AS name, judged.value AS value
          FROM called INNER JOIN judged ON called.trace_id = judged.trace_id AND called.span_id = judged.span_id
          WHERE judged.response_id = ''
        )
        GROUP BY arm, name ORDER BY name, arm LIMIT 1000"""
_SERVED = """
SELECT provider, request_model AS model, sum(calls) AS calls
FROM calls_1h
WHERE bucket >= toDateTime({begin:Int64}, 'UTC') AND route = {route:String} AND variant != 'shadow'
  AND NOT gateway_cache_hit
GROUP BY provider, model HAVING calls > 0 ORDER BY calls DESC, provider, model LIMIT 100
"""
_MOST_SCORES = 100_000
_BASELINE, _CANDIDATE = 1, 2


def route_arms(store: Store, window: ArmWindow) -> tuple[RouteArm, RouteArm]:
    """What baseline and candidate did.

    A call counts for a model if it was requested by its name; else if it was served under it.
    """
    found = {row.pop("arm"): row for row in store.query_rows(_ARMS, _parameters(window))}
    return _arm(found.get(_BASELINE)), _arm(found.get(_CANDIDATE))


def baseline_hours(store: Store, window: ArmWindow) -> list[RouteArm]:
    """What the baseline did, hour by hour (of hours with calls); a tenth as many latencies are sampled of each."""
    rows = store.query_rows(_HOURS, _parameters(window))
    return [_arm({name: value for name, value in row.items() if name != "arm"}) for row in rows]


def newest_call(store: Store, window: ArmWindow) -> datetime | None:
    """When the last call of either model ended; None: there is none in ``window``."""
    moment: datetime | None = store.query_rows(_NEWEST, _parameters(window))[0]["newest"]
    return moment


def route_scores(store: Store, window: ArmWindow, score: str = "") -> Mapping[str, tuple[Scores | None, Scores | None]]:
    """Feedback by its name, of baseline and candidate; of one name or of any. The latest 100,000 scores are read."""
    given = {**_parameters(window), "score": score, "limit": _MOST_SCORES}
    found: dict[str, dict[int, Scores]] = {}
    for row in store.query_rows(_SCORES, given):
        arm, name = row.pop("arm"), row.pop("name")
        found.setdefault(name, {})[arm] = Scores(**row)
    return {name: (arms.get(_BASELINE), arms.get(_CANDIDATE)) for name, arms in found.items()}


def models_of_route(store: Store, route: str, since: datetime) -> list[tuple[Served, int]]:
    """Models requested on ``route`` since then, and their calls without shadows; most calls first, at most 100."""
    rows = store.query_rows(_SERVED, {"route": route, "begin": int(since.timestamp())})
    return [(Served(row["provider"], row["model"]), row["calls"]) for row in rows]


def _parameters(window: ArmWindow) -> dict[str, Any]:
    return {
        "route": window.route,
        "b_provider": window.baseline.provider,
        "b_model": window.baseline.model,
        "c_provider": window.candidate.provider,
        "c_model": window.candidate.model,
        "since": _micros(window.begin - LONGEST_CALL),
        "begin": _micros(window.begin),
        "end": _micros(window.end),
        "shadowed": int(window.shadowed),
    }


def _micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _arm(row: Mapping[str, Any] | None) -> RouteArm:
    if row is None:
        return RouteArm()
    latencies = np.asarray(row["latencies_s"], np.float64)
    return RouteArm(**{**row, "latencies_s": latencies if len(latencies) else None})
