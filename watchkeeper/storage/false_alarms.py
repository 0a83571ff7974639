"""How often people called what was reported a false alarm, by kind and metric."""

from dataclasses import dataclass

from watchkeeper.storage.client import Store

_COUNTS = """
SELECT kind, metric, count() AS told, countIf(judged) AS judged, countIf(false_alarm) AS false_alarms
FROM (
  SELECT id, argMax(kind, seq) AS kind, argMax(metric, seq) AS metric
  FROM regressions GROUP BY id
  HAVING min(detected_at) >= fromUnixTimestamp64Micro({since_us:Int64}, 'UTC')
) AS reported
LEFT JOIN (
  SELECT regression_id, true AS judged, max(action = 'false_alarm') AS false_alarm
  FROM regression_actions
  WHERE action IN ('close', 'accept', 'false_alarm')
  GROUP BY regression_id
) AS said ON reported.id = said.regression_id
GROUP BY kind, metric
ORDER BY false_alarms DESC, told DESC, kind, metric
LIMIT 1000
"""


@dataclass(frozen=True, slots=True)
class FalseAlarmCount:
    """Regressions or findings of one kind and metric."""

    kind: str
    metric: str
    told: int
    judged: int
    """Of those, ones that somebody acknowledged, closed, accepted or called a false alarm."""
    false_alarms: int


def false_alarm_counts(store: Store, since_us: int = 0) -> list[FalseAlarmCount]:
    """Of what was detected at ``since_us`` (Unix microseconds) or later; most false alarms first."""
    rows = store.query_rows(_COUNTS, {"since_us": since_us})
    return [
        FalseAlarmCount(row["kind"], row["metric"], int(row["told"]), int(row["judged"]), int(row["false_alarms"]))
        for row in rows
    ]
