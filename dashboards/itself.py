"""Watchkeeper itself: are calls stored, soon, and read by the detectors; do messages arrive?"""

from dashboards import names
from dashboards.model import Column, Dashboard, Draw, Look, Panel, Section, Source, Threshold, Visual
from dashboards.palette import ANY_IS_BAD, ANY_IS_NOTABLE, DELAY_S
from dashboards.sql import SINCE_SAVED

_DELAY = "greatest(0., toUnixTimestamp(ingested_at) - toUnixTimestamp64Micro(ts) / 1e6)"
_WAITING = """SELECT count() AS waiting
FROM dead_letters FINAL
WHERE replayed_at IS NULL"""
_MEDIAN_DELAY = f"""SELECT quantileOrNull(0.5)({_DELAY}) AS delay
FROM calls
WHERE $__timeFilter(ingested_at)"""
_LAST_CALL = """SELECT toFloat64(dateDiff('second', max(bucket), $__toTime)) AS age
FROM calls_1m
WHERE $__timeFilter(bucket)
HAVING count() > 0"""
_SAVED = f"""SELECT max(behind) AS behind
FROM ({SINCE_SAVED})
HAVING count() > 0"""
_STORED = """SELECT $__timeInterval(ingested_at) AS time, source, sum(calls) / $__interval_s AS calls
FROM calls
WHERE $__timeFilter(ingested_at)
GROUP BY time, source
ORDER BY time, source"""
_DELAYS = f"""SELECT $__timeInterval(ingested_at) AS time, quantile(0.5)({_DELAY}) AS p50,
  quantile(0.99)({_DELAY}) AS p99
FROM calls
WHERE $__timeFilter(ingested_at)
GROUP BY time
ORDER BY time"""
_DEAD = """SELECT $__timeInterval(stored_at) AS time, reason, count() AS letters
FROM dead_letters FINAL
WHERE $__timeFilter(stored_at)
GROUP BY time, reason
ORDER BY time, reason"""
_DEAD_LIST = """SELECT reason, source, signal, count() AS letters, max(stored_at) AS last_stored
FROM dead_letters FINAL
WHERE replayed_at IS NULL
GROUP BY reason, source, signal
ORDER BY letters DESC, reason, source, signal
LIMIT 200"""
_STATES = """SELECT owner, topic, partition, argMax(position, step) AS position, max(saved_at) AS last_saved,
  argMax(length(state), step) AS bytes
FROM detector_state
WHERE saved_at <= $__toTime
GROUP BY owner, topic, partition
ORDER BY owner, topic, partition
LIMIT 500"""
_MESSAGES = """SELECT $__timeInterval(at) AS time, concat(channel, ' ', outcome) AS what, count() AS attempts
FROM alert_deliveries
WHERE $__timeFilter(at)
GROUP BY time, what
ORDER BY time, what"""
_UNPRICED = """SELECT provider, request_model AS model, sum(calls_unpriced) AS without_price, min(bucket) AS since
FROM calls_1h
WHERE bucket >= toStartOfHour($__fromTime) AND bucket <= $__toTime
GROUP BY provider, model
HAVING without_price > 0
ORDER BY without_price DESC, provider, model
LIMIT 200"""
_TABLES = """SELECT table AS name, sum(rows) AS stored_rows, sum(bytes_on_disk) AS bytes, count() AS parts
FROM system.parts
WHERE database = currentDatabase() AND active
GROUP BY name
ORDER BY bytes DESC, name
LIMIT 200"""


def _prometheus(title: str, about: str, query: str, look: Look) -> Panel:
    return Panel(title, about, Visual.TIME_SERIES, query, look, source=Source.PROMETHEUS)


_NOW = (
    Panel(
        "Since the last call",
        "From the last minute with a call to the end of the period.",
        Visual.STAT,
        _LAST_CALL,
        Look("s", thresholds=(Threshold(300, "yellow"), Threshold(1_800, "red"))),
        6,
        4,
    ),
    Panel(
        "From call to row",
        "Median time from the start of a call to its row in the store; the call itself is in it.",
        Visual.STAT,
        _MEDIAN_DELAY,
        Look("s", thresholds=DELAY_S),
        6,
        4,
    ),
    Panel(
        "Dead letters waiting",
        "Messages that could not be read and were not replayed, of any time.",
        Visual.STAT,
        _WAITING,
        Look("short", thresholds=ANY_IS_BAD),
        6,
        4,
    ),
    Panel(
        "Since detectors saved",
        "How long calls went on after detectors last saved what they learnt; far beyond the interval of saves they "
        "stand still. Without calls there is nothing to save.",
        Visual.STAT,
        _SAVED,
        Look("s", thresholds=(Threshold(600, "yellow"), Threshold(1_800, "red"))),
        6,
        4,
    ),
)
_COURSE = (
    Panel(
        "Calls stored",
        "Calls a second at the time they were stored, by source.",
        Visual.TIME_SERIES,
        _STORED,
        Look("reqps", "${__field.labels.source}", Draw.STACKED),
        12,
    ),
    Panel(
        "From call to row, over time",
        "Median and slowest 1 %. Growing: too few collectors, or a slow store.",
        Visual.TIME_SERIES,
        _DELAYS,
        Look("s", thresholds=DELAY_S),
        12,
    ),
    Panel(
        "Dead letters",
        "Messages that could not be read, by reason.",
        Visual.TIME_SERIES,
        _DEAD,
        Look("short", "${__field.labels.reason}", Draw.BARS),
        12,
        may_be_empty=True,
    ),
    Panel(
        "Messages",
        "Attempts to deliver alerts by channel and how they ended; failed ones are tried again.",
        Visual.TIME_SERIES,
        _MESSAGES,
        Look("short", "${__field.labels.what}", Draw.BARS),
        12,
        may_be_empty=True,
    ),
)
_LISTS = (
    Panel(
        "Detectors",
        "What each partition's detectors saved last, and up to which place they have read.",
        Visual.TABLE,
        _STATES,
        Look("short", columns=(Column("bytes", "bytes"), Column("last_saved", "dateTimeFromNow"))),
        12,
    ),
    Panel(
        "Dead letters by reason",
        "Those that wait. `watchkeeper dlq` shows and replays them.",
        Visual.TABLE,
        _DEAD_LIST,
        Look("short", columns=(Column("last_stored", "dateTimeFromNow"),)),
        12,
        may_be_empty=True,
    ),
    Panel(
        "Models without a price",
        "Calls of the period that nobody can price. Add the models to the price file, then run `watchkeeper reprice`.",
        Visual.TABLE,
        _UNPRICED,
        Look("short", columns=(Column("since", "dateTimeAsIso"), Column("without_price", thresholds=ANY_IS_NOTABLE))),
        12,
        may_be_empty=True,
    ),
    Panel(
        "Tables",
        "Rows, bytes on disk and parts. Needs the right to read `system.parts`.",
        Visual.TABLE,
        _TABLES,
        Look("short", columns=(Column("bytes", "bytes"),)),
        12,
    ),
)
_PROMETHEUS = (
    _prometheus(
        "Kafka lag",
        "Messages behind the end of each topic.",
        "sum by (topic) (watchkeeper_kafka_lag_messages)",
        Look("short", "{{topic}}"),
    ),
    _prometheus(
        "Detector lag",
        "Seconds between the newest calls worked on and now, while some wait.",
        "max(watchkeeper_detector_lag_seconds)",
        Look("s", "detectors", thresholds=DELAY_S),
    ),
    _prometheus(
        "Detector states",
        "Watched metrics of series, by where they stand.",
        "sum by (state) (watchkeeper_detector_series)",
        Look("short", "{{state}}", Draw.STACKED),
    ),
    _prometheus(
        "Slow inserts",
        "95 % of the inserts took less.",
        "histogram_quantile(0.95, sum by (le) (rate(watchkeeper_insert_seconds_bucket[5m])))",
        Look("s", "inserts"),
    ),
    _prometheus(
        "Skipped spans",
        "Spans a second that became no call, by reason.",
        "sum by (reason) (rate(watchkeeper_skipped_spans_total[5m]))",
        Look("reqps", "{{reason}}"),
    ),
    _prometheus(
        "Messages that wait",
        "For their channel.",
        "sum by (channel) (watchkeeper_alert_waiting_messages)",
        Look("short", "{{channel}}"),
    ),
)

ITSELF = Dashboard(
    names.ITSELF,
    "Watchkeeper itself",
    "Is the watch awake: are calls stored, soon, and read by the detectors, and do messages arrive?",
    "now-6h",
    (
        Section("Now", _NOW),
        Section("Course", _COURSE),
        Section("Lists", _LISTS),
        Section("From Prometheus, where it scrapes the services", _PROMETHEUS, collapsed=True),
    ),
    prometheus=True,
)
