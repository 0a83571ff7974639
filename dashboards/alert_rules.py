"""Alert rules for those who are woken by Grafana rather than by ``watchkeeper alerts``."""

from dashboards import names
from dashboards.alert_rule import AlertRule
from dashboards.sql import FAILED, LATEST_REGRESSIONS, SINCE_SAVED, wilson

_LOW, _ = wilson("failed", "attempted")
_REGRESSIONS = f"""SELECT kind, metric, provider, request_model AS model, service, route, toFloat64(count()) AS open
FROM {LATEST_REGRESSIONS}
WHERE state != 'closed' AND severity = 'page'
GROUP BY kind, metric, provider, model, service, route"""
_FAILURES = f"""SELECT provider, {_LOW} AS at_least
FROM (
  SELECT provider, sumIf(calls, {FAILED}) AS failed, sumIf(calls, outcome != 'cancelled') AS attempted
  FROM calls_1m
  WHERE $__timeFilter(bucket)
  GROUP BY provider
)
WHERE attempted > 0"""
_NO_CALLS = """SELECT toFloat64(dateDiff('second', max(last_call), $__toTime)) AS age
FROM calls_1h
WHERE $__timeFilter(bucket) AND calls > 0
HAVING count() > 0"""
_LATE = """SELECT toFloat64(median(toUnixTimestamp(ingested_at) - toUnixTimestamp64Micro(ts) / 1e6)) AS delay
FROM calls
WHERE $__timeFilter(ingested_at)
HAVING count() > 0"""
_DEAD = """SELECT reason, toFloat64(count()) AS letters
FROM dead_letters FINAL
WHERE $__timeFilter(stored_at) AND replayed_at IS NULL
GROUP BY reason"""
_BUDGETS = """SELECT budget, toFloat64(max(percent)) AS percent
FROM budget_events FINAL
WHERE $__timeFilter(at)
GROUP BY budget"""
_UNPRICED = """SELECT provider, request_model AS model, toFloat64(sum(calls_unpriced)) AS without_price
FROM calls_1m
WHERE $__timeFilter(bucket)
GROUP BY provider, model
HAVING without_price > 0"""
_DAY = 86_400

RULES = (
    AlertRule(
        "watchkeeper-regression",
        "A regression is open",
        "{{ .Labels.provider }} {{ .Labels.model }}: {{ .Labels.kind }} {{ .Labels.metric }}",
        "Of service {{ .Labels.service }}, route {{ .Labels.route }} (a star is all of them). The dashboard has the "
        "evidence.",
        _REGRESSIONS,
        0,
        "page",
        names.REGRESSIONS,
        "All of the period",
        lasting="0s",
    ),
    AlertRule(
        "watchkeeper-failures",
        "Calls to a provider fail",
        "More than 10 % of the calls to {{ .Labels.provider }} failed in the last quarter of an hour",
        "The lower bound of the interval is above 10 %, so that a few calls do not fire. Look at the provider's "
        "status page, and at `watchkeeper advise` for where else the routes may go.",
        _FAILURES,
        0.1,
        "page",
        names.FLEET,
        "Failed calls by provider",
        900,
    ),
    AlertRule(
        "watchkeeper-no-calls",
        "No calls are stored",
        "No call for half an hour, though there were some in the last week",
        "Look at the applications, the gateway and the collectors: `watchkeeper doctor`. This rule also tells when the "
        "store does not answer; the others then stay as they were.",
        _NO_CALLS,
        1_800,
        "page",
        names.ITSELF,
        "Since the last call",
        7 * _DAY,
        tells_errors=True,
    ),
    AlertRule(
        "watchkeeper-late-calls",
        "Calls are stored late",
        "Half of the calls take more than five minutes to the store",
        "Look at the lag of the topics and the time of inserts; start more collectors or mend the store.",
        _LATE,
        300,
        "notice",
        names.ITSELF,
        "From call to row, over time",
        900,
    ),
    AlertRule(
        "watchkeeper-dead-letters",
        "Messages cannot be read",
        "Dead letters of the last quarter of an hour: {{ .Labels.reason }}",
        "`watchkeeper dlq list` shows them. Mend the producer, then replay them.",
        _DEAD,
        0,
        "notice",
        names.ITSELF,
        "Dead letters",
        900,
        "0s",
    ),
    AlertRule(
        "watchkeeper-detectors-still",
        "Detectors stand still",
        "{{ .Labels.owner }} on {{ .Labels.topic }}: calls went on for half an hour after the last save",
        "No regression is noticed there. Look at the detectors' log and `/readyz`.",
        SINCE_SAVED,
        1_800,
        "page",
        names.ITSELF,
        "Since detectors saved",
        _DAY,
        "15m",
    ),
    AlertRule(
        "watchkeeper-budget",
        "A budget is used up",
        "Budget {{ .Labels.budget }} reached its limit in the last day",
        "`watchkeeper budgets` shows the spend and the forecast, `watchkeeper costs drivers` why it grew.",
        _BUDGETS,
        99,
        "notice",
        names.COST,
        "Budgets",
        _DAY,
        "0s",
    ),
    AlertRule(
        "watchkeeper-unpriced",
        "A model has no price",
        "Calls of {{ .Labels.provider }} {{ .Labels.model }} have no price",
        "Add the model to the price file, then run `watchkeeper reprice`. Until then the spend is at least what is "
        "shown.",
        _UNPRICED,
        0,
        "notice",
        names.ITSELF,
        "Models without a price",
    ),
)
