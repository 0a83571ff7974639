-- Who changed what through the API, and how it ended. Of a body only a digest is kept.
CREATE TABLE IF NOT EXISTS audit_log (
  id String,
  at DateTime64(6, 'UTC'),
  key_id String,
  key_name LowCardinality(String),
  method LowCardinality(String),
  path String CODEC(ZSTD(1)),
  status UInt16,
  body_digest String
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (at, id)
SETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1;
