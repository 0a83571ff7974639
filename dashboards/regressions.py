"""Regressions: what got worse, the evidence, how soon it was noticed, what people said."""

from dashboards import names
from dashboards.model import Column, Dashboard, Draw, Link, Look, Panel, Section, Threshold, Visual
from dashboards.palette import ANY_IS_BAD, ANY_IS_NOTABLE, SEVERITIES, STATES
from dashboards.sql import LASTING, LATEST_REGRESSIONS, REGRESSION_CHOSEN, variables

_OF_PERIOD = f"""FROM {LATEST_REGRESSIONS}
WHERE {LASTING} AND {REGRESSION_CHOSEN}"""
_DELAY = "toFloat64(dateDiff('second', onset, detected_at))"
_CALLED_FALSE = "(SELECT regression_id FROM regression_actions WHERE action = 'false_alarm')"
_FALSE = f"""SELECT countIf(id IN {_CALLED_FALSE}) AS false_alarms
{_OF_PERIOD}"""
_OVER_TIME = f"""SELECT $__timeInterval(detected_at) AS time, kind, count() AS detected
FROM {LATEST_REGRESSIONS}
WHERE $__timeFilter(detected_at) AND {REGRESSION_CHOSEN}
GROUP BY time, kind
ORDER BY time, kind"""
_DELAYS = f"""SELECT detected_at AS time, if(metric = '', kind, metric) AS what, max({_DELAY}) AS delay
FROM {LATEST_REGRESSIONS}
WHERE $__timeFilter(detected_at) AND {REGRESSION_CHOSEN}
GROUP BY time, what
ORDER BY time, what"""
_LIST = f"""SELECT onset, detected_at, closed_at, severity, state, kind, metric, provider, request_model AS model,
  service, route, JSONExtractString(record, 'size', 'text') AS how_much, confidence, reason,
  JSONExtractString(record, 'acknowledged_by') AS acknowledged_by, id
{_OF_PERIOD}
ORDER BY state = 'closed', onset DESC, id
LIMIT 500"""
_EVIDENCE = f"""SELECT id, metric, model, JSONExtract(record, 'size', 'before', 'Nullable(Float64)') AS before,
  JSONExtract(record, 'size', 'after', 'Nullable(Float64)') AS after,
  JSONExtract(record, 'size', 'low', 'Nullable(Float64)') AS low,
  JSONExtract(record, 'size', 'high', 'Nullable(Float64)') AS high,
  JSONExtract(record, 'size', 'ratio', 'Nullable(Float64)') AS ratio, JSONExtractString(record, 'size', 'unit') AS unit,
  JSONExtract(record, 'evidence', 'calls', 'Nullable(UInt64)') AS calls,
  JSONExtract(record, 'evidence', 'statistic', 'Nullable(Float64)') AS statistic,
  JSONExtractString(record, 'evidence', 'detector') AS detector,
  JSONExtractString(record, 'evidence', 'hypothesis') AS hypothesis,
  JSONExtractString(record, 'evidence', 'baseline') AS baseline
{_OF_PERIOD} AND kind = 'regression'
ORDER BY onset DESC, id
LIMIT 500"""
_SAID = """SELECT at, action, regression_id AS id, provider, request_model AS model, made_by, comment
FROM regression_actions
WHERE $__timeFilter(at)
ORDER BY at DESC, id
LIMIT 200"""


def _open(severity: str) -> str:
    return f"""SELECT countIf(severity = '{severity}') AS open
FROM {LATEST_REGRESSIONS}
WHERE state != 'closed' AND {REGRESSION_CHOSEN}"""


_NOW = (
    Panel(
        "Open, paging",
        "Regressions and findings that page and are not closed.",
        Visual.STAT,
        _open("page"),
        Look("short", thresholds=ANY_IS_BAD),
        6,
        4,
    ),
    Panel(
        "Open, to be noticed",
        "The others that are not closed.",
        Visual.STAT,
        _open("notice"),
        Look("short", thresholds=ANY_IS_NOTABLE),
        6,
        4,
    ),
    Panel(
        "Median time to detect",
        "From the estimated onset to the detection, of those of the period.",
        Visual.STAT,
        f"SELECT quantileExactOrNull(0.5)({_DELAY}) AS delay\n{_OF_PERIOD}",
        Look("s", thresholds=(Threshold(1_800, "yellow"), Threshold(7_200, "red"))),
        6,
        4,
        may_be_empty=True,
    ),
    Panel(
        "Called false",
        "Of those of the period, how many somebody called a false alarm.",
        Visual.STAT,
        _FALSE,
        Look("short", thresholds=ANY_IS_NOTABLE),
        6,
        4,
    ),
)
_COURSE = (
    Panel(
        "Detected by kind",
        "Regressions and findings of each interval.",
        Visual.TIME_SERIES,
        _OVER_TIME,
        Look("short", "${__field.labels.kind}", Draw.BARS),
        12,
        may_be_empty=True,
    ),
    Panel(
        "Time to detect",
        "From the estimated onset to the detection, each at the time it was detected. Small changes on quiet routes "
        "take longest.",
        Visual.TIME_SERIES,
        _DELAYS,
        Look("s", "${__field.labels.what}"),
        12,
        may_be_empty=True,
    ),
)
_TIMES = tuple(Column(name, "dateTimeAsIso", 170) for name in ("onset", "detected_at", "closed_at"))
_TABLES = (
    Panel(
        "All of the period",
        "Open ones first. A star is all services, routes or models. `watchkeeper regressions show ID` tells more.",
        Visual.TABLE,
        _LIST,
        Look(
            "short",
            columns=(
                *_TIMES,
                Column("severity", colors=SEVERITIES, width=90),
                Column("state", colors=STATES, width=90),
                Column("model", link=Link("Health of this model", names.MODEL_HEALTH, "var-model=${__value.raw}")),
                Column("confidence", "percentunit"),
                Column("reason", width=380),
            ),
        ),
        24,
        11,
        may_be_empty=True,
    ),
    Panel(
        "Evidence",
        "Before and after in the metric's own unit, the interval of `after` at 95 %, the calls that decided it. A "
        "statistic of 1 is an alarm.",
        Visual.TABLE,
        _EVIDENCE,
        Look("short", columns=(Column("hypothesis", width=260), Column("baseline", width=260))),
        24,
        9,
        may_be_empty=True,
    ),
    Panel(
        "What people said",
        "Acknowledged, closed, accepted, called false, commented. Not narrowed by the choice above.",
        Visual.TABLE,
        _SAID,
        Look("short", columns=(Column("at", "dateTimeAsIso", 170), Column("comment", width=420))),
        24,
        7,
        may_be_empty=True,
    ),
)

REGRESSIONS = Dashboard(
    names.REGRESSIONS,
    "Regressions",
    "What got worse, since when, by how much and how sure; how soon it was noticed. Regressions know no environment, "
    "so that choice does not narrow them.",
    "now-14d",
    (Section("Now", _NOW), Section("Course", _COURSE), Section("Tables", _TABLES)),
    variables(),
)
