-- What people said about regressions and findings: one row an action, never changed. Detectors read it in the order it was
-- stored, by whole seconds, so the engine's own clock writes stored_at.
CREATE TABLE IF NOT EXISTS regression_actions (
  id String,
  regression_id String,
  action LowCardinality(String),
  made_by String,
  at DateTime64(6, 'UTC'),
  comment String CODEC(ZSTD(1)),
  provider LowCardinality(String),
  request_model LowCardinality(String),
  members Array(Tuple(series String, metric String)) CODEC(ZSTD(3)),
  stored_at DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree
ORDER BY (stored_at, id)
SETTINGS non_replicated_deduplication_window = 10000;
