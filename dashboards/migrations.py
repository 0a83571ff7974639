"""Migrations and comparisons: routes on their way to another model, which models serve them, what comparisons found."""

from dashboards import names
from dashboards.model import Column, Dashboard, Link, Look, Panel, Section, Visual
from dashboards.palette import ANY_IS_NOTABLE, FAILURE_SHARE, VERDICTS
from dashboards.sql import CHOSEN, FAILED, HOURS, ROUTE_CHOSEN, cells, quantile_s, rate_columns, variables

_LAST = """(
  SELECT * FROM migration_decisions ORDER BY migration_id, seq DESC, stored_at LIMIT 1 BY migration_id
) AS d"""
_BEGUN = f"""(
  SELECT * FROM model_migrations WHERE {ROUTE_CHOSEN} ORDER BY route, number, stored_at LIMIT 1 BY route, number
) AS m"""
_ENDED = "phase IN ('done', 'rolled_back', 'cancelled')"
_PHASES = {
    "evaluation": "blue",
    "shadow": "blue",
    "canary_5": "purple",
    "canary_25": "purple",
    "canary_50": "purple",
    "full": "green",
    "optimise": "green",
    "done": "green",
    "rolled_back": "red",
    "cancelled": "text",
}
_UNDER_WAY = f"""SELECT countIf(NOT {_ENDED}) AS under_way
FROM {_BEGUN} INNER JOIN {_LAST} ON d.migration_id = m.id"""
_WARNED = f"""SELECT countIf(notEmpty(warnings) AND NOT {_ENDED}) AS warned
FROM {_BEGUN} INNER JOIN {_LAST} ON d.migration_id = m.id"""
_MIGRATIONS = f"""SELECT created_at, route, concat(baseline_provider, ' ', baseline_model) AS baseline,
  concat(candidate_provider, ' ', candidate_model) AS candidate, phase, phase_began_at, paused,
  arrayStringConcat(mapKeys(warnings), ', ') AS warnings, d.reason AS last_reason, decided_by, decided_at, id
FROM {_BEGUN} INNER JOIN {_LAST} ON d.migration_id = m.id
ORDER BY {_ENDED}, created_at DESC, id
LIMIT 200"""
_DECISIONS = f"""SELECT decided_at, route, step, phase, d.reason AS reason,
  facts['phase.baseline.calls'] AS baseline_calls, facts['phase.candidate.calls'] AS candidate_calls, decided_by,
  weights_version, migration_id
FROM (SELECT * FROM migration_decisions ORDER BY migration_id, seq, stored_at LIMIT 1 BY migration_id, seq) AS d
INNER JOIN {_BEGUN} ON m.id = d.migration_id
WHERE $__timeFilter(decided_at)
ORDER BY decided_at DESC, migration_id, seq DESC
LIMIT 500"""
_PHASE_LANES = f"""SELECT decided_at AS time, route, phase
FROM (SELECT * FROM migration_decisions ORDER BY migration_id, seq, stored_at LIMIT 1 BY migration_id, seq) AS d
INNER JOIN {_BEGUN} ON m.id = d.migration_id
WHERE decided_at <= $__toTime
ORDER BY time, route"""
_ARMS = f"""SELECT route, variant, provider, model, n AS calls, {rate_columns("failed", "attempted")}, p50, p95,
  per_good_answer
FROM (
  SELECT route, variant, provider, request_model AS model, sum(calls) AS n, sumIf(calls, {FAILED}) AS failed,
    sumIf(calls, outcome != 'cancelled') AS attempted, {quantile_s(0.5, "duration_counts")} AS p50,
    {quantile_s(0.95, "duration_counts")} AS p95, sumIf(calls_with_cost, outcome = 'ok') AS good,
    if(good = 0, NULL, toFloat64(sum(cost_usd)) / good) AS per_good_answer
  FROM calls_1h
  WHERE {HOURS} AND {CHOSEN}
  GROUP BY route, variant, provider, model
)
WHERE attempted > 0
ORDER BY route, calls DESC, variant, provider, model
LIMIT 500"""
_SHARES = f"""SELECT $__timeInterval(bucket) AS time, concat(route, ' ', variant, ' ', request_model) AS arm,
  sum(calls) / $__interval_s AS calls
FROM {cells("route", "variant", "request_model", "calls")}
GROUP BY time, arm
ORDER BY time, arm"""
_WEIGHTS = f"""SELECT route, version, target.1 AS provider, target.2 AS model, target.3 AS weight, target.4 AS variant,
  reason, changed_by, changed_at
FROM (
  SELECT * FROM (
    SELECT * FROM route_weights WHERE {ROUTE_CHOSEN} ORDER BY route, version, stored_at LIMIT 1 BY route, version
  )
  ORDER BY route, version DESC
  LIMIT 1 BY route
)
ARRAY JOIN arrayConcat(targets, shadow) AS target
ORDER BY route, weight DESC, provider, model
LIMIT 500"""
_RESULTS = """SELECT scheduled_at, name, verdict, sentence, open_notice
FROM comparison_results FINAL
WHERE $__timeFilter(scheduled_at)
ORDER BY scheduled_at DESC, name
LIMIT 500"""
_VERDICTS = """SELECT scheduled_at AS time, name, verdict
FROM comparison_results FINAL
WHERE $__timeFilter(scheduled_at)
ORDER BY time, name"""

_NOW = (
    Panel("Under way", "Migrations that have not ended.", Visual.STAT, _UNDER_WAY, Look("short"), 6, 4),
    Panel(
        "With warnings",
        "Those under way that warn: something is worse than it should be, but not so much that they go back by "
        "themselves.",
        Visual.STAT,
        _WARNED,
        Look("short", thresholds=ANY_IS_NOTABLE),
        6,
        4,
    ),
)
_MIGRATION_PANELS = (
    Panel(
        "Migrations",
        "Those under way first. `watchkeeper migrations show ID` tells all of it.",
        Visual.TABLE,
        _MIGRATIONS,
        Look(
            "short",
            columns=(
                Column("created_at", "dateTimeAsIso", 170),
                Column("phase", colors=_PHASES, width=110),
                Column("phase_began_at", "dateTimeFromNow"),
                Column("decided_at", "dateTimeFromNow"),
                Column("last_reason", width=340),
            ),
        ),
        24,
        may_be_empty=True,
    ),
    Panel(
        "Phases",
        "How far each route was, by its decisions.",
        Visual.STATE_TIMELINE,
        _PHASE_LANES,
        Look("short", split_by="route", colors=_PHASES),
        24,
        6,
        may_be_empty=True,
    ),
    Panel(
        "Decisions",
        "What was decided in the period, with the calls of both models in the phase. Empty: not known.",
        Visual.TABLE,
        _DECISIONS,
        Look("short", columns=(Column("decided_at", "dateTimeAsIso", 170), Column("reason", width=420))),
        24,
        may_be_empty=True,
    ),
)
_ARM_PANELS = (
    Panel(
        "Arms",
        "Both sides of each route, by whole hours; failed calls with intervals of 95 % confidence. Where these "
        "overlap, `watchkeeper compare` may still tell: it compares like calls.",
        Visual.TABLE,
        _ARMS,
        Look(
            "short",
            columns=(
                Column("model", link=Link("Health of this model", names.MODEL_HEALTH, "var-model=${__value.raw}")),
                Column("rate", "percentunit", thresholds=FAILURE_SHARE),
                Column("low", "percentunit"),
                Column("high", "percentunit"),
                Column("p50", "s"),
                Column("p95", "s"),
                Column("per_good_answer", "currencyUSD"),
            ),
        ),
        24,
        9,
        "1h",
    ),
    Panel(
        "Calls by arm",
        "Calls a second by route, variant and requested model: do the weights arrive?",
        Visual.TIME_SERIES,
        _SHARES,
        Look("reqps", "${__field.labels.arm}"),
        12,
    ),
    Panel(
        "Weights",
        "Which models serve each route now, in percent of its calls; of a shadow, of the calls that are sent there "
        "too.",
        Visual.TABLE,
        _WEIGHTS,
        Look("short", columns=(Column("weight", "percent"), Column("changed_at", "dateTimeFromNow"))),
        12,
        may_be_empty=True,
    ),
)
_COMPARISON_PANELS = (
    Panel(
        "Verdicts",
        "Of comparisons that recur. Yellow: it cannot be told yet.",
        Visual.STATE_TIMELINE,
        _VERDICTS,
        Look("short", split_by="name", colors=VERDICTS),
        24,
        6,
        may_be_empty=True,
    ),
    Panel(
        "Results",
        "What they found in the period. Not narrowed by the choice above.",
        Visual.TABLE,
        _RESULTS,
        Look(
            "short",
            columns=(
                Column("scheduled_at", "dateTimeAsIso", 170),
                Column("verdict", colors=VERDICTS, width=110),
                Column("sentence", width=620),
            ),
        ),
        24,
        may_be_empty=True,
    ),
)

MIGRATIONS = Dashboard(
    names.MIGRATIONS,
    "Migrations and comparisons",
    "Routes on their way to another model, the arms beside each other, what comparisons found.",
    "now-7d",
    (
        Section("Now", _NOW),
        Section("Migrations", _MIGRATION_PANELS),
        Section("Arms", _ARM_PANELS),
        Section("Comparisons", _COMPARISON_PANELS),
    ),
    variables(),
)
