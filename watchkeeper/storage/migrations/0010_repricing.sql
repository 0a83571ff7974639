CREATE TABLE IF NOT EXISTS reprice_runs (
  run_id String,
  step UInt64,
  at DateTime64(6, 'UTC'),
  begin_at DateTime64(6, 'UTC'),
  end_at DateTime64(6, 'UTC'),
  model String,
  done_until DateTime64(6, 'UTC'),
  finished Bool,
  slice_id String,
  slice_end DateTime64(6, 'UTC')
) ENGINE = MergeTree ORDER BY (run_id, step)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS repriced_calls (
  slice_id String,
  ts DateTime64(6, 'UTC'),
  trace_id FixedString(16),
  span_id FixedString(8),
  service LowCardinality(String),
  environment LowCardinality(String),
  route LowCardinality(String),
  provider LowCardinality(String),
  request_model LowCardinality(String),
  model LowCardinality(String),
  operation LowCardinality(String),
  variant LowCardinality(String),
  outcome LowCardinality(String),
  gateway_cache_hit Bool,
  old_cost_usd Nullable(Decimal(18, 9)),
  old_cost_input_usd Nullable(Decimal(18, 9)),
  old_cost_cache_read_usd Nullable(Decimal(18, 9)),
  old_cost_cache_write_usd Nullable(Decimal(18, 9)),
  old_cost_output_usd Nullable(Decimal(18, 9)),
  old_cost_status LowCardinality(String),
  old_price_version LowCardinality(String),
  new_cost_usd Nullable(Decimal(18, 9)),
  new_cost_input_usd Nullable(Decimal(18, 9)),
  new_cost_cache_read_usd Nullable(Decimal(18, 9)),
  new_cost_cache_write_usd Nullable(Decimal(18, 9)),
  new_cost_output_usd Nullable(Decimal(18, 9)),
  new_cost_status LowCardinality(String),
  new_price_version LowCardinality(String)
) ENGINE = MergeTree ORDER BY (slice_id, trace_id, span_id)
SETTINGS non_replicated_deduplication_window = 1000;
