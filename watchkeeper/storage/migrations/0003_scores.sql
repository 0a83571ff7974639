-- Feedback and evaluation results, joined to calls by response id or span id.
CREATE TABLE IF NOT EXISTS scores (
  ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  name LowCardinality(String),
  value Nullable(Float64) CODEC(ZSTD(1)),
  label LowCardinality(String),
  source LowCardinality(String),
  response_id String CODEC(ZSTD(1)),
  trace_id FixedString(16) CODEC(ZSTD(1)),
  span_id FixedString(8) CODEC(ZSTD(1)),
  service LowCardinality(String),
  explanation_present Bool,
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  stored_at DateTime('UTC') DEFAULT now(),
  INDEX ix_trace_id trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_response_id response_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (service, name, ts)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
