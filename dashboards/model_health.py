"""Model health: how the chosen models answer, how fast, and which model it is that answers."""

from dashboards import names
from dashboards.model import Column, Dashboard, Draw, Look, Panel, Section, Visual
from dashboards.palette import FAILURE_SHARE
from dashboards.regression_marks import REGRESSION_MARKS
from dashboards.sql import FAILED, UNANSWERED, cells, quantile_s, rate_columns, tokens_per_s, variables

_BAND = (Column("low", bound=True), Column("high", bound=True, band_to="low"))
_INTERVAL = "The band holds the true share with 95 % confidence (Wilson): few calls, wide band."


def _share_over_time(bad: str, of: str, columns: tuple[str, ...]) -> str:
    return f"""SELECT time, {rate_columns("bad", "n")}
FROM (
  SELECT $__timeInterval(bucket) AS time, {bad} AS bad, {of} AS n
  FROM {cells(*columns)}
  GROUP BY time
)
WHERE n > 0
ORDER BY time"""


def _quantiles_over_time(column: str) -> str:
    return f"""SELECT $__timeInterval(bucket) AS time, {quantile_s(0.5, column)} AS p50,
  {quantile_s(0.95, column)} AS p95, {quantile_s(0.99, column)} AS p99
FROM {cells(column)}
GROUP BY time
HAVING p50 IS NOT NULL
ORDER BY time"""


_OUTCOMES = f"""SELECT outcome, n AS calls, {rate_columns("n", "attempted")}
FROM (
  SELECT outcome, sum(calls) AS n,
    if({FAILED}, sum(sumIf(calls, outcome != 'cancelled')) OVER (),
      sum(sumIf(calls, NOT {UNANSWERED})) OVER ()) AS attempted
  FROM {cells("outcome", "calls")}
  WHERE outcome != 'cancelled'
  GROUP BY outcome
)
WHERE attempted > 0
ORDER BY calls DESC, outcome"""
_BAD_OVER_TIME = f"""SELECT time, outcome, n / sum(n) OVER (PARTITION BY time) AS share
FROM (
  SELECT $__timeInterval(bucket) AS time, outcome, sum(calls) AS n
  FROM {cells("outcome", "calls")}
  WHERE outcome != 'cancelled'
  GROUP BY time, outcome
  HAVING n > 0
)
ORDER BY time, outcome"""
_BY_MODEL = f"""SELECT provider, model, n AS calls, {rate_columns("failed", "attempted")}, p50, p95, p99, ttft_p50,
  ttft_p95, tokens_s, slow_tokens_s
FROM (
  SELECT provider, request_model AS model, sum(calls) AS n, sumIf(calls, {FAILED}) AS failed,
    sumIf(calls, outcome != 'cancelled') AS attempted, {quantile_s(0.5, "duration_counts")} AS p50,
    {quantile_s(0.95, "duration_counts")} AS p95, {quantile_s(0.99, "duration_counts")} AS p99,
    {quantile_s(0.5, "ttft_counts")} AS ttft_p50, {quantile_s(0.95, "ttft_counts")} AS ttft_p95,
    {tokens_per_s(0.5)} AS tokens_s, {tokens_per_s(0.95)} AS slow_tokens_s
  FROM {cells("provider", "request_model", "outcome", "calls", "duration_counts", "ttft_counts", "token_us_counts")}
  GROUP BY provider, model
)
WHERE attempted > 0
ORDER BY calls DESC, provider, model
LIMIT 200"""
_TOKENS_OVER_TIME = f"""SELECT $__timeInterval(bucket) AS time, {tokens_per_s(0.5)} AS median,
  {tokens_per_s(0.95)} AS slowest_5_percent
FROM {cells("token_us_counts")}
GROUP BY time
HAVING median IS NOT NULL
ORDER BY time"""
_TOKENS_A_CALL = f"""SELECT $__timeInterval(bucket) AS time, sum(input_tokens) / sum(calls_with_usage) AS input,
  sum(output_tokens) / sum(calls_with_usage) AS output
FROM {cells("calls_with_usage", "input_tokens", "output_tokens")}
GROUP BY time
HAVING sum(calls_with_usage) > 0
ORDER BY time"""
_SERVED = f"""SELECT $__timeInterval(bucket) AS time, request_model AS asked_for,
  if(uniq(model) > 1, concat(argMax(model, calls), ' and others'), any(model)) AS model
FROM (
  SELECT bucket, request_model, model, sum(calls) AS calls
  FROM {cells("request_model", "model", "outcome", "calls")}
  WHERE NOT {UNANSWERED}
  GROUP BY bucket, request_model, model
)
GROUP BY time, asked_for
ORDER BY time, asked_for"""
_SERVED_SHARE = f"""SELECT $__timeInterval(bucket) AS time, model, sum(calls) / $__interval_s AS calls
FROM {cells("model", "outcome", "calls")}
WHERE NOT {UNANSWERED}
GROUP BY time, model
ORDER BY time, model"""


def _course(title: str, about: str, query: str, unit: str, may_be_empty: bool = False) -> Panel:
    return Panel(title, about, Visual.TIME_SERIES, query, Look(unit), may_be_empty=may_be_empty)


_RATES = (
    Panel(
        "Failed calls",
        f"Errors, timeouts and rate limits in all calls that were not cancelled. {_INTERVAL}",
        Visual.TIME_SERIES,
        _share_over_time(f"sumIf(calls, {FAILED})", "sumIf(calls, outcome != 'cancelled')", ("outcome", "calls")),
        Look("percentunit", columns=_BAND, thresholds=FAILURE_SHARE),
    ),
    Panel(
        "Refused answers",
        f"Answers that refuse, in all answers. {_INTERVAL}",
        Visual.TIME_SERIES,
        _share_over_time("sumIf(calls, outcome = 'refused')", f"sumIf(calls, NOT {UNANSWERED})", ("outcome", "calls")),
        Look("percentunit", columns=_BAND),
    ),
    Panel(
        "Broken formats",
        f"Answers that break the format asked for, in those where that is known. {_INTERVAL}",
        Visual.TIME_SERIES,
        _share_over_time(
            "sum(format_invalid_calls)",
            "sum(format_valid_calls) + sum(format_invalid_calls)",
            ("format_valid_calls", "format_invalid_calls"),
        ),
        Look("percentunit", columns=_BAND),
        may_be_empty=True,
    ),
    Panel(
        "How calls ended",
        "Shares by outcome, one above the other. Cancelled calls, which the application gave up, are left out.",
        Visual.TIME_SERIES,
        _BAD_OVER_TIME,
        Look("percentunit", "${__field.labels.outcome}", Draw.STACKED, maximum=1),
        12,
    ),
    Panel(
        "Outcomes",
        "Failures (error, timeout, rate_limited) are shares of all calls that were not cancelled, other outcomes of "
        "all answers; with intervals of 95 % confidence.",
        Visual.TABLE,
        _OUTCOMES,
        Look("short", columns=tuple(Column(name, "percentunit") for name in ("low", "rate", "high"))),
        12,
    ),
)
_TIMES = (
    _course(
        "Time to the whole answer",
        "Half of the answers took less than p50, 95 % less than p95, 99 % less than p99; to 2.5 %. Without failed "
        "calls and gateway cache hits.",
        _quantiles_over_time("duration_counts"),
        "s",
    ),
    _course(
        "Time to the first token",
        "Of streamed answers. Half of them began sooner than p50, 95 % sooner than p95.",
        _quantiles_over_time("ttft_counts"),
        "s",
        may_be_empty=True,
    ),
    _course(
        "Output tokens a second",
        "After the first token. The slowest 5 % of the answers are slower than the lower line.",
        _TOKENS_OVER_TIME,
        "tokens/s",
        may_be_empty=True,
    ),
)
_SERVED_PANELS = (
    Panel(
        "Which model answers",
        "For each requested model the one that answered most. A change of colour is a re-pointed alias, `and others` "
        "a mixed fleet.",
        Visual.STATE_TIMELINE,
        _SERVED,
        Look("short", split_by="asked_for"),
        24,
    ),
    Panel(
        "Answers by served model",
        "Answers a second.",
        Visual.TIME_SERIES,
        _SERVED_SHARE,
        Look("reqps", "${__field.labels.model}", Draw.STACKED),
        12,
    ),
    Panel(
        "Tokens a call",
        "Of calls whose usage is known. Longer answers are slower answers.",
        Visual.TIME_SERIES,
        _TOKENS_A_CALL,
        Look("short"),
        12,
    ),
)
_SECONDS = tuple(Column(name, "s") for name in ("p50", "p95", "p99", "ttft_p50", "ttft_p95"))
_TABLE = Panel(
    "Model by model",
    "The same numbers of each model that is chosen: p50 to p99 of the whole answer and of the time to the first "
    "token, tokens a second of the median and of the slowest 5 %.",
    Visual.TABLE,
    _BY_MODEL,
    Look(
        "short",
        columns=(
            Column("model", width=240),
            Column("rate", "percentunit", thresholds=FAILURE_SHARE),
            Column("low", "percentunit"),
            Column("high", "percentunit"),
            *_SECONDS,
            Column("tokens_s", "tokens/s"),
            Column("slow_tokens_s", "tokens/s"),
        ),
    ),
    24,
    10,
)

MODEL_HEALTH = Dashboard(
    names.MODEL_HEALTH,
    "Model health",
    "How the chosen models fare: rates with their intervals, times, tokens, which model answers. Choose one model; of "
    "several, lines show all of them together.",
    "now-24h",
    (
        Section("Rates", _RATES),
        Section("Times", _TIMES),
        Section("Served model", _SERVED_PANELS),
        Section("By model", (_TABLE,)),
    ),
    variables(),
    REGRESSION_MARKS,
)
