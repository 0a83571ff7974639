"""Rules for those whom Prometheus wakes. They ask what services tell of themselves, not what calls tell of models."""

from dashboards.prometheus_rule import PrometheusAlert, RecordingRule

FAILED_RATIO = "watchkeeper:failed_calls:ratio_rate5m"
CALLS_RATE = "watchkeeper:calls:rate5m"
LAG = "watchkeeper:kafka_lag_messages:sum"
_LAST_INSERT = "max(watchkeeper_last_insert_timestamp_seconds)"


def _grown(counter: str, label: str, window: str) -> str:
    """True while ``counter`` grew, by ``label``: a series that begins with its first event has no increase yet."""
    # Of each process: after a restart another series begins while the one of before is still seen behind the offset.
    begun = f"sum by ({label}) ({counter} unless {counter} offset {window})"
    return f"sum by ({label}) (increase({counter}[{window}])) > 0 or {begun} > 0"


RECORDING = (
    RecordingRule(CALLS_RATE, "sum by (outcome) (rate(watchkeeper_calls_total[5m]))"),
    RecordingRule(
        FAILED_RATIO,
        'sum(rate(watchkeeper_calls_total{outcome=~"error|timeout|rate_limited"}[5m]))'
        ' / (sum(rate(watchkeeper_calls_total{outcome!="cancelled"}[5m])) > 0)',
    ),
    RecordingRule(
        "watchkeeper:insert_seconds:p95_5m",
        "histogram_quantile(0.95, sum by (le) (rate(watchkeeper_insert_seconds_bucket[5m])))",
    ),
    RecordingRule(LAG, "sum by (topic) (max by (topic, partition) (watchkeeper_kafka_lag_messages))"),
    RecordingRule(
        "watchkeeper:detector_seconds_per_call:rate5m",
        "sum(rate(watchkeeper_detector_seconds_total[5m])) / (sum(rate(watchkeeper_detector_calls_total[5m])) > 0)",
    ),
)
ALERTS = (
    PrometheusAlert(
        "WatchkeeperIsNotScraped",
        "absent(watchkeeper_last_insert_timestamp_seconds)",
        "page",
        "Prometheus has no metrics of Watchkeeper",
        "Nothing is watched, or Prometheus does not reach it: look at its targets.",
        "10m",
    ),
    PrometheusAlert(
        "WatchkeeperNoCallsAreStored",
        f"time() - ({_LAST_INSERT} > 0) > 1800",
        "page",
        "Nothing was stored for half an hour",
        "Look at the applications, the gateway and the collectors: `watchkeeper doctor`.",
        "5m",
    ),
    PrometheusAlert(
        "WatchkeeperStoreTakesNothing",
        f"(time() - ({_LAST_INSERT} > 0) > 300) and (sum(rate(watchkeeper_insert_retries_total[5m])) > 0)",
        "page",
        "Inserts are tried again and none succeeds for five minutes",
        "Calls wait in Kafka, or clients are told to wait. Look at ClickHouse and at the collectors' log.",
    ),
    PrometheusAlert(
        "WatchkeeperCallsFail",
        f"{FAILED_RATIO} > 0.1 and on () sum({CALLS_RATE}) > 0.1",
        "page",
        "{{ $value | humanizePercentage }} of all calls fail",
        "`watchkeeper health` says whose; `watchkeeper advise` where else the routes may go.",
        "10m",
    ),
    PrometheusAlert(
        "WatchkeeperRegression",
        _grown('watchkeeper_regression_transitions_total{state="open"}', "kind", "15m"),
        "notice",
        "Something was found in the last quarter of an hour: {{ $labels.kind }}",
        "`watchkeeper regressions list` shows it with its evidence.",
    ),
    PrometheusAlert(
        "WatchkeeperKafkaLagGrows",
        f"{LAG} > 1000 and deriv({LAG}[30m]) > 0",
        "notice",
        "{{ $value }} messages of {{ $labels.topic }} wait, and more with time",
        "Start more collectors or detectors, up to one a partition, or mend the store.",
        "30m",
    ),
    PrometheusAlert(
        "WatchkeeperDeadLetters",
        _grown("watchkeeper_dead_letters_total", "reason", "15m"),
        "notice",
        "Messages could not be read: {{ $labels.reason }}",
        "`watchkeeper dlq list` shows them. Mend the producer, then replay them.",
    ),
    PrometheusAlert(
        "WatchkeeperInsertsAreTriedAgain",
        "sum(rate(watchkeeper_insert_retries_total[15m])) > 0",
        "notice",
        "Inserts have been tried again for a quarter of an hour",
        "The store is slow or goes away now and then.",
        "15m",
    ),
    PrometheusAlert(
        "WatchkeeperDetectorsLag",
        "max(watchkeeper_detector_lag_seconds) > 600",
        "page",
        "Detectors are {{ $value | humanizeDuration }} behind",
        "Regressions are noticed that much later. Start more detectors, or look whether the store takes their state.",
        "15m",
    ),
    PrometheusAlert(
        "WatchkeeperDetectorsSaveNothing",
        "max by (instance) (watchkeeper_detector_snapshot_age_seconds) > 1800"
        " and on (instance) sum by (instance) (rate(watchkeeper_detector_calls_total[15m])) > 0",
        "notice",
        "Detectors of {{ $labels.instance }} did not save what they learnt for {{ $value | humanizeDuration }}",
        "A restart repeats that much. The store does not take their state.",
        "15m",
    ),
    PrometheusAlert(
        "WatchkeeperDetectorsFail",
        "sum(increase(watchkeeper_detector_failures_total[15m])) > 3",
        "page",
        "Rounds of the detectors fail again and again",
        "They are tried again; look at the detectors' log.",
    ),
    PrometheusAlert(
        "WatchkeeperModelHasNoPrice",
        _grown("watchkeeper_unpriced_calls_total", "provider, model", "1h"),
        "notice",
        "Calls of {{ $labels.provider }} {{ $labels.model }} have no price",
        "Add the model to the price file, then run `watchkeeper reprice`.",
    ),
    PrometheusAlert(
        "WatchkeeperTaskFails",
        _grown("watchkeeper_task_failures_total", "task", "1h"),
        "notice",
        "A turn of {{ $labels.task }} failed",
        "Migrations or comparisons are not decided meanwhile; look at the log.",
    ),
    PrometheusAlert(
        "WatchkeeperMessagesWait",
        "min_over_time(max by (channel) (watchkeeper_alert_waiting_messages)[30m:]) > 0",
        "page",
        "Messages for {{ $labels.channel }} have waited for half an hour",
        "The channel does not take them: `watchkeeper alerts test {{ $labels.channel }}`.",
        "5m",
    ),
    PrometheusAlert(
        "WatchkeeperAlertsFail",
        "sum(increase(watchkeeper_alert_failures_total[15m])) > 3",
        "page",
        "Rounds of the alerts service fail again and again",
        "Nobody is told anything meanwhile; look at its log.",
    ),
)
