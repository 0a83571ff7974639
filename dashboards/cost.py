"""Cost: what is spent on what, what of it is wasted or saved, and how budgets stand."""

from dashboards import names
from dashboards.model import Column, Dashboard, Draw, Link, Look, Panel, Section, Threshold, Visual
from dashboards.palette import LEVEL_STATES, UNPRICED_SHARE
from dashboards.sql import CHOSEN, HOURS, variables

_CALLS = f"""FROM calls_1h
WHERE {HOURS} AND {CHOSEN}"""
_KNOWN = "if(sum(calls_with_cost) = 0, NULL, {})"
_WASTED = "sumIf(cost_usd, outcome != 'ok')"
_GOOD = "sumIf(calls_with_cost, outcome = 'ok')"
_UNIT_COST = f"if({_GOOD} = 0, NULL, toFloat64(sum(cost_usd)) / {_GOOD})"
_BEFORE = "bucket >= toStartOfHour($__fromTime) - dateDiff('second', $__fromTime, $__toTime) AND bucket <= $__toTime"


def _over_time(value: str, name: str, column: str) -> str:
    return f"""SELECT $__timeInterval(bucket) AS time, {column} AS {name}, {value} AS usd
{_CALLS}
GROUP BY time, {name}
HAVING sum(calls_with_cost) > 0
ORDER BY time, {name}"""


_SUMS = (
    ("Spend", "Sum of the known costs, by whole hours.", _KNOWN.format("sum(cost_usd)"), "currencyUSD", ()),
    (
        "Cost of a good answer",
        "All known costs over the calls of known cost that ended well: failed and refused calls make good ones dearer.",
        _KNOWN.format(_UNIT_COST),
        "currencyUSD",
        (),
    ),
    (
        "Wasted",
        "Share of the spend on calls that ended otherwise than ok. See by outcome below.",
        f"if(sum(cost_usd) = 0, NULL, toFloat64({_WASTED}) / toFloat64(sum(cost_usd)))",
        "percentunit",
        (Threshold(0.05, "yellow"), Threshold(0.15, "red")),
    ),
    (
        "Input from the cache",
        "Share of the input tokens that the provider read from its cache, at a lower price.",
        "if(sum(input_tokens) = 0, NULL, sum(cache_read_tokens) / sum(input_tokens))",
        "percentunit",
        (),
    ),
    (
        "Calls without a price",
        "Share of the calls whose model has no price: the spend is at least what is shown. Add them to the price file.",
        "if(sum(calls) = 0, NULL, sum(calls_unpriced) / sum(calls))",
        "percentunit",
        UNPRICED_SHARE,
    ),
)
_NOW = tuple(
    Panel(
        title,
        about,
        Visual.STAT,
        f"SELECT {value} AS value\n{_CALLS}",
        Look(unit, "", Draw.LINES, 2, None, steps),
        4,
        4,
    )
    for title, about, value, unit, steps in _SUMS
)
_PARTS = f"""SELECT $__timeInterval(bucket) AS time, sum(cost_input_usd) AS input,
  sum(cost_cache_read_usd) AS cache_read, sum(cost_cache_write_usd) AS cache_write, sum(cost_output_usd) AS output
{_CALLS}
GROUP BY time
HAVING sum(calls_with_cost) > 0
ORDER BY time"""
_WASTE = f"""SELECT $__timeInterval(bucket) AS time, outcome, sum(cost_usd) AS usd
{_CALLS} AND outcome != 'ok'
GROUP BY time, outcome
HAVING sum(calls_with_cost) > 0
ORDER BY time, outcome"""
_CACHE = f"""SELECT $__timeInterval(bucket) AS time, request_model AS model,
  sum(cache_read_tokens) / sum(input_tokens) AS cached_share
{_CALLS}
GROUP BY time, model
HAVING sum(input_tokens) > 0
ORDER BY time, model"""
_UNITS = f"""SELECT $__timeInterval(bucket) AS time, request_model AS model,
  toFloat64(sum(cost_usd)) / {_GOOD} AS usd
{_CALLS}
GROUP BY time, model
HAVING {_GOOD} > 0
ORDER BY time, model"""
_BREAKDOWN = f"""SELECT service, route, provider, request_model AS model, sum(calls) AS n_calls,
  {_KNOWN.format("sum(cost_usd)")} AS spend, {_KNOWN.format(_UNIT_COST)} AS per_good_answer,
  {_KNOWN.format(_WASTED)} AS wasted, sum(calls_unpriced) AS without_price
{_CALLS}
GROUP BY service, route, provider, model
HAVING n_calls > 0
ORDER BY spend DESC, n_calls DESC, service, route, provider, model
LIMIT 500"""
_DRIVERS = f"""SELECT service, route, provider, model, spend, spend_before, spend - spend_before AS difference,
  n AS calls, n_before AS calls_before
FROM (
  SELECT service, route, provider, request_model AS model, sumIf(calls, recent) AS n,
    sumIf(calls, NOT recent) AS n_before,
    if(n > 0 AND sumIf(calls_with_cost, recent) = 0, NULL, sumIf(cost_usd, recent)) AS spend,
    if(n_before > 0 AND sumIf(calls_with_cost, NOT recent) = 0, NULL, sumIf(cost_usd, NOT recent)) AS spend_before
  FROM (SELECT *, bucket >= toStartOfHour($__fromTime) AS recent FROM calls_1h WHERE {_BEFORE} AND {CHOSEN})
  GROUP BY service, route, provider, model
)
ORDER BY abs(difference) DESC NULLS LAST, service, route, provider, model
LIMIT 200"""
_BUDGETS = """SELECT name, period, time_zone, limit_usd, level AS level_percent, limit_usd * level / 100 AS level_usd,
  multiIf(reached_at IS NULL, 'not reached', level < 100, 'reached', 'used up') AS state, reached_at, spent_usd,
  period_start
FROM (
  SELECT name, period, time_zone, limit_usd, arrayJoin(warn_percent) AS level
  FROM (SELECT * FROM budgets ORDER BY name, version DESC, changed_at DESC, limit_usd LIMIT 1 BY name)
  WHERE NOT removed
) AS b
LEFT JOIN (
  SELECT budget, toNullable(max(period_start)) AS period_start FROM budget_events GROUP BY budget
) AS p ON p.budget = b.name
LEFT JOIN (
  SELECT budget, percent, period_start AS reached_in, toNullable(spent_usd) AS spent_usd, toNullable(at) AS reached_at
  FROM budget_events FINAL
) AS e ON e.budget = b.name AND e.percent = b.level AND e.reached_in = p.period_start
ORDER BY name, level
LIMIT 2000"""

_COURSE = (
    Panel(
        "Spend by model",
        "Known costs of each interval, by the model asked for.",
        Visual.TIME_SERIES,
        _over_time("sum(cost_usd)", "model", "request_model"),
        Look("currencyUSD", "${__field.labels.model}", Draw.BARS),
        12,
        min_interval="1h",
    ),
    Panel(
        "Spend by route",
        "Known costs of each interval.",
        Visual.TIME_SERIES,
        _over_time("sum(cost_usd)", "route", "route"),
        Look("currencyUSD", "${__field.labels.route}", Draw.BARS),
        12,
        min_interval="1h",
    ),
    Panel(
        "Spend by part",
        "Uncached input, input read from and written to the cache, output with reasoning. Only of calls that we "
        "priced: costs that the emitter reported have no parts.",
        Visual.TIME_SERIES,
        _PARTS,
        Look("currencyUSD", draw=Draw.BARS),
        min_interval="1h",
    ),
    Panel(
        "Waste by outcome",
        "Spend on calls that ended otherwise than ok.",
        Visual.TIME_SERIES,
        _WASTE,
        Look("currencyUSD", "${__field.labels.outcome}", Draw.BARS),
        min_interval="1h",
        may_be_empty=True,
    ),
    Panel(
        "Cost of a good answer by model",
        "Known costs over the calls that ended well.",
        Visual.TIME_SERIES,
        _UNITS,
        Look("currencyUSD", "${__field.labels.model}", decimals=5),
        min_interval="1h",
    ),
    Panel(
        "Input from the cache by model",
        "Share of the input tokens. A fall means that prompts no longer begin alike, or that the cache went away.",
        Visual.TIME_SERIES,
        _CACHE,
        Look("percentunit", "${__field.labels.model}", maximum=1),
        24,
        min_interval="1h",
    ),
)
_MONEY = tuple(Column(name, "currencyUSD") for name in ("spend", "wasted"))
_MODEL = Column("model", link=Link("Health of this model", names.MODEL_HEALTH, "var-model=${__value.raw}"), width=220)
_TABLES = (
    Panel(
        "Breakdown",
        "Who spends on what. Empty spend: no price is known, which is not the same as free.",
        Visual.TABLE,
        _BREAKDOWN,
        Look("short", columns=(_MODEL, *_MONEY, Column("per_good_answer", "currencyUSD"))),
        24,
        10,
        "1h",
    ),
    Panel(
        "Against the period before",
        "The largest differences to a period of the same length just before. `watchkeeper costs drivers` says why: "
        "volume, mix, length, cache, prices or waste.",
        Visual.TABLE,
        _DRIVERS,
        Look(
            "short",
            columns=(
                _MODEL,
                Column("spend", "currencyUSD"),
                Column("spend_before", "currencyUSD"),
                Column("difference", "currencyUSD", thresholds=(Threshold(0.01, "orange"),)),
            ),
        ),
        24,
        10,
        "1h",
    ),
    Panel(
        "Budgets",
        "Every warn level of each budget, and what was spent when it was reached, in the latest period that reached "
        "one. Not narrowed by the choice above. `watchkeeper budgets` shows today's spend and the forecast.",
        Visual.TABLE,
        _BUDGETS,
        Look(
            "short",
            columns=(
                Column("limit_usd", "currencyUSD"),
                Column("level_percent", "percent"),
                Column("level_usd", "currencyUSD"),
                Column("state", colors=LEVEL_STATES),
                Column("spent_usd", "currencyUSD"),
                Column("reached_at", "dateTimeAsIso", 170),
                Column("period_start", "dateTimeAsIso", 170),
            ),
        ),
        24,
        7,
        "1h",
        may_be_empty=True,
    ),
)

COST = Dashboard(
    names.COST,
    "Cost",
    "What is spent, on what, how much of it is wasted or saved, and how budgets stand. Unknown prices are never shown "
    "as 0.",
    "now-30d",
    (Section("Sums", _NOW), Section("Course", _COURSE), Section("Tables", _TABLES)),
    variables(),
)
