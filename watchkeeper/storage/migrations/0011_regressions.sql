-- Regressions and findings, one row a transition. The same transition written twice is one row, and the first stays: it is
-- the one that was published. A small table, so it has no partitions, which would keep repetitions apart.
CREATE TABLE IF NOT EXISTS regressions (
  id String,
  seq UInt32,
  kind LowCardinality(String),
  severity LowCardinality(String),
  state LowCardinality(String),
  at DateTime64(6, 'UTC'),
  reason String CODEC(ZSTD(1)),
  series_id String,
  service LowCardinality(String),
  route LowCardinality(String),
  provider LowCardinality(String),
  request_model LowCardinality(String),
  model LowCardinality(String),
  metric LowCardinality(String),
  direction LowCardinality(String),
  onset DateTime64(6, 'UTC'),
  detected_at DateTime64(6, 'UTC'),
  closed_at Nullable(DateTime64(6, 'UTC')),
  transient Bool,
  confidence Float64,
  record String CODEC(ZSTD(3)),
  stored_at DateTime64(6, 'UTC'),
  first_wins UInt64 DEFAULT bitNot(toUInt64(toUnixTimestamp64Micro(stored_at))),
  INDEX ix_at at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(first_wins)
ORDER BY (id, seq)
SETTINGS non_replicated_deduplication_window = 10000;
