-- Messages that could not be read, byte for byte. Marking one as replayed writes it again with a higher revision.
CREATE TABLE IF NOT EXISTS dead_letters (
  id UUID,
  revision UInt32,
  source LowCardinality(String),
  partition UInt16,
  offset UInt64,
  signal LowCardinality(String),
  encoding LowCardinality(String),
  reason LowCardinality(String),
  detail String CODEC(ZSTD(1)),
  body String CODEC(ZSTD(1)),
  received_at DateTime64(6, 'UTC'),
  stored_at DateTime64(6, 'UTC'),
  replayed_at Nullable(DateTime64(6, 'UTC')),
  INDEX ix_id id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toDate(received_at)
ORDER BY (received_at, id)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
