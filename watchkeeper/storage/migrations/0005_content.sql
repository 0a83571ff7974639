-- Prompts and answers, where the operator has switched their capture on.
CREATE TABLE IF NOT EXISTS content (
  ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  trace_id FixedString(16) CODEC(ZSTD(1)),
  span_id FixedString(8) CODEC(ZSTD(1)),
  kind LowCardinality(String),
  attribute LowCardinality(String),
  text String CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(ts)
ORDER BY (trace_id, span_id, ts)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
