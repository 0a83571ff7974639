-- What the alerts service remembers: cases, how far it has read, messages that wait for a channel. All in one row, so that
-- a message and the memory of having made it are stored together or not at all. The highest step counts.
CREATE TABLE IF NOT EXISTS alert_state (
  owner String,
  step UInt64,
  saved_by String,
  state String CODEC(ZSTD(3)),
  saved_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(step)
ORDER BY owner
SETTINGS non_replicated_deduplication_window = 100;

-- Attempts to deliver a message, by its key, which names it for good.
CREATE TABLE IF NOT EXISTS alert_deliveries (
  key String,
  at DateTime64(6, 'UTC'),
  outcome LowCardinality(String),
  attempt UInt32,
  error String CODEC(ZSTD(1)),
  channel LowCardinality(String),
  case String,
  rule LowCardinality(String),
  verdict LowCardinality(String),
  severity LowCardinality(String),
  title String CODEC(ZSTD(1)),
  reason String CODEC(ZSTD(1)),
  events Array(String),
  made_at DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (key, at)
SETTINGS non_replicated_deduplication_window = 1000;

-- Every change of mind of the alerts service about one case and one channel, sent or not, with its reason.
CREATE TABLE IF NOT EXISTS alert_decisions (
  at DateTime64(6, 'UTC'),
  case String,
  events Array(String),
  channel LowCardinality(String),
  rule LowCardinality(String),
  verdict LowCardinality(String),
  reason String CODEC(ZSTD(1)),
  until Nullable(DateTime64(6, 'UTC'))
)
ENGINE = MergeTree
ORDER BY (at, case)
SETTINGS non_replicated_deduplication_window = 1000;
