"""Fleet overview: is everything well, and if not, where to look."""

from dashboards import names
from dashboards.model import Column, Dashboard, Draw, Link, Look, Panel, Section, Visual
from dashboards.palette import ANY_IS_BAD, FAILURE_SHARE, UNPRICED_SHARE
from dashboards.regression_marks import REGRESSION_MARKS
from dashboards.sql import (
    CHOSEN,
    FAILED,
    HOURS,
    LASTING,
    LATEST_REGRESSIONS,
    REGRESSION_CHOSEN,
    cells,
    quantile_s,
    rate_columns,
    tokens_per_s,
    variables,
)

_CALLS = f"""SELECT sum(calls) AS calls
FROM {cells("calls")}"""
_FAILED = f"""SELECT failed / attempted AS failed_share
FROM (
  SELECT sumIf(calls, {FAILED}) AS failed, sumIf(calls, outcome != 'cancelled') AS attempted
  FROM {cells("calls", "outcome")}
)
WHERE attempted > 0"""
_SPEND = f"""SELECT if(sum(calls_with_cost) = 0, NULL, sum(cost_usd)) AS spend
FROM calls_1h
WHERE {HOURS} AND {CHOSEN}"""
_UNPRICED = f"""SELECT sum(calls_unpriced) / sum(calls) AS unpriced_share
FROM {cells("calls", "calls_unpriced")}
HAVING sum(calls) > 0"""
_OPEN = f"""SELECT countIf(severity = 'page') AS open_regressions
FROM {LATEST_REGRESSIONS}
WHERE state != 'closed' AND {REGRESSION_CHOSEN}"""
_SLOW = f"""SELECT {quantile_s(0.95, "duration_counts")} AS p95
FROM {cells("duration_counts")}"""
_TRAFFIC = f"""SELECT $__timeInterval(bucket) AS time, outcome, sum(calls) / $__interval_s AS calls
FROM {cells("outcome", "calls")}
GROUP BY time, outcome
ORDER BY time, outcome"""
_FAILED_BY_PROVIDER = f"""SELECT time, provider, failed / attempted AS failed_share
FROM (
  SELECT $__timeInterval(bucket) AS time, provider,
    sumIf(calls, {FAILED}) AS failed, sumIf(calls, outcome != 'cancelled') AS attempted
  FROM {cells("provider", "outcome", "calls")}
  GROUP BY time, provider
)
WHERE attempted > 0
ORDER BY time, provider"""
_SLOW_BY_MODEL = f"""SELECT $__timeInterval(bucket) AS time, request_model AS model,
  {quantile_s(0.95, "duration_counts")} AS p95
FROM {cells("request_model", "duration_counts")}
GROUP BY time, model
HAVING p95 IS NOT NULL
ORDER BY time, model"""
_SPEND_BY_PROVIDER = f"""SELECT $__timeInterval(bucket) AS time, provider, sum(cost_usd) AS spend
FROM calls_1h
WHERE {HOURS} AND {CHOSEN}
GROUP BY time, provider
HAVING sum(calls_with_cost) > 0
ORDER BY time, provider"""
_MODELS = f"""SELECT provider, model, n AS calls, {rate_columns("failed", "attempted")}, p50, p95, ttft_p95, tokens_s,
  last_minute
FROM (
  SELECT provider, request_model AS model, sum(calls) AS n, sumIf(calls, {FAILED}) AS failed,
    sumIf(calls, outcome != 'cancelled') AS attempted,
    {quantile_s(0.5, "duration_counts")} AS p50, {quantile_s(0.95, "duration_counts")} AS p95,
    {quantile_s(0.95, "ttft_counts")} AS ttft_p95, {tokens_per_s(0.5)} AS tokens_s, max(bucket) AS last_minute
  FROM {cells("provider", "request_model", "outcome", "calls", "duration_counts", "ttft_counts", "token_us_counts")}
  GROUP BY provider, model
)
WHERE attempted > 0
ORDER BY calls DESC, provider, model
LIMIT 200"""

_NOW = (
    Panel("Calls", "Calls of the period.", Visual.STAT, _CALLS, Look("short"), 4, 4),
    Panel(
        "Failed calls",
        "Errors, timeouts and rate limits in all calls that were not cancelled. Refusals and other bad answers are "
        "not in it.",
        Visual.STAT,
        _FAILED,
        Look("percentunit", decimals=2, thresholds=FAILURE_SHARE),
        4,
        4,
    ),
    Panel(
        "Open regressions",
        "Regressions and findings that page and are not closed, of any time.",
        Visual.STAT,
        _OPEN,
        Look("short", thresholds=ANY_IS_BAD),
        4,
        4,
    ),
    Panel(
        "Slowest 5 %",
        "95 % of the answers took less. Without gateway cache hits and failed calls.",
        Visual.STAT,
        _SLOW,
        Look("s"),
        4,
        4,
    ),
    Panel(
        "Spend",
        "Sum of the known costs, by whole hours. Calls without a price are not in it: see beside.",
        Visual.STAT,
        _SPEND,
        Look("currencyUSD", decimals=2),
        4,
        4,
    ),
    Panel(
        "Calls without a price",
        "Share of the calls whose model has no price. They cost something that nobody knows.",
        Visual.STAT,
        _UNPRICED,
        Look("percentunit", decimals=2, thresholds=UNPRICED_SHARE),
        4,
        4,
    ),
)
_COURSE = (
    Panel(
        "Calls by outcome",
        "Calls a second, by how they ended.",
        Visual.TIME_SERIES,
        _TRAFFIC,
        Look("reqps", "${__field.labels.outcome}", Draw.STACKED),
        12,
    ),
    Panel(
        "Failed calls by provider",
        "Share of errors, timeouts and rate limits. Lines that rise together mean a cause in common.",
        Visual.TIME_SERIES,
        _FAILED_BY_PROVIDER,
        Look("percentunit", "${__field.labels.provider}", thresholds=FAILURE_SHARE),
        12,
    ),
    Panel(
        "Slowest 5 % by model",
        "95 % of a model's answers took less.",
        Visual.TIME_SERIES,
        _SLOW_BY_MODEL,
        Look("s", "${__field.labels.model}"),
        12,
    ),
    Panel(
        "Spend by provider",
        "Known costs of each interval.",
        Visual.TIME_SERIES,
        _SPEND_BY_PROVIDER,
        Look("currencyUSD", "${__field.labels.provider}", Draw.BARS),
        12,
        min_interval="1h",
    ),
)
_TO_HEALTH = Link("Health of this model", names.MODEL_HEALTH, "var-model=${__value.raw}")
_MODEL_TABLE = Panel(
    "Models",
    "Each requested model. Failed calls with the interval that holds their true share with 95 % confidence: few "
    "calls, wide interval. Click a model for its health.",
    Visual.TABLE,
    _MODELS,
    Look(
        "short",
        columns=(
            Column("model", link=_TO_HEALTH, width=240),
            Column("rate", "percentunit", thresholds=FAILURE_SHARE),
            Column("low", "percentunit"),
            Column("high", "percentunit"),
            Column("p50", "s"),
            Column("p95", "s"),
            Column("ttft_p95", "s"),
            Column("tokens_s", "tokens/s"),
            Column("last_minute", "dateTimeFromNow"),
        ),
    ),
    24,
    10,
)
_REGRESSIONS = Panel(
    "Regressions of the period",
    "What lasted at some time of the period, the newest first. Click one for its evidence.",
    Visual.TABLE,
    f"""SELECT onset, severity, state, kind, metric, provider, request_model AS model, service, route, reason, id
FROM {LATEST_REGRESSIONS}
WHERE {LASTING} AND {REGRESSION_CHOSEN}
ORDER BY onset DESC, id
LIMIT 100""",
    Look("short", columns=(Column("id", link=Link("Evidence", names.REGRESSIONS)), Column("reason", width=420))),
    24,
    8,
)

FLEET = Dashboard(
    names.FLEET,
    "Fleet overview",
    "All calls of all applications to language models: traffic, failures, times, spend, and what has got worse.",
    "now-24h",
    (
        Section("Now", _NOW),
        Section("Course", _COURSE),
        Section("Models", (_MODEL_TABLE,)),
        Section("Regressions", (_REGRESSIONS,)),
    ),
    variables(),
    REGRESSION_MARKS,
)
