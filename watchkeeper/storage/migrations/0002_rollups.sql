-- Calls by minute and by hour, filled by materialized views on insert. Both are fed from the raw rows, so each can be
-- rebuilt on its own. A row with calls = 0 completes an earlier call: it brings tokens and cost, but no call and no
-- duration. Sketches leave calls out whose span ended before the answer did. In the views columns are qualified, because the
-- alias of a sum would otherwise shadow the column it sums. The window on each target keeps a repeated insert out.
CREATE TABLE IF NOT EXISTS calls_1m (
  bucket DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
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
  calls SimpleAggregateFunction(sum, UInt64),
  calls_with_usage SimpleAggregateFunction(sum, UInt64),
  calls_unpriced SimpleAggregateFunction(sum, UInt64),
  format_valid_calls SimpleAggregateFunction(sum, UInt64),
  format_invalid_calls SimpleAggregateFunction(sum, UInt64),
  stream_calls SimpleAggregateFunction(sum, UInt64),
  input_tokens SimpleAggregateFunction(sum, UInt64),
  output_tokens SimpleAggregateFunction(sum, UInt64),
  cache_read_tokens SimpleAggregateFunction(sum, UInt64),
  cache_write_tokens SimpleAggregateFunction(sum, UInt64),
  reasoning_tokens SimpleAggregateFunction(sum, UInt64),
  duration_us_sum SimpleAggregateFunction(sum, UInt64),
  duration_us_max SimpleAggregateFunction(max, UInt64),
  cost_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_input_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_cache_read_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_cache_write_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_output_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_reported_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  duration_sketch AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), UInt64),
  ttft_sketch AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), UInt64),
  token_us_sketch AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(bucket)
PRIMARY KEY (service, model, bucket)
ORDER BY (
  service, model, bucket, environment, route, provider, request_model, operation, variant, outcome,
  gateway_cache_hit
)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS calls_1m_mv TO calls_1m AS
SELECT
  toStartOfMinute(c.ts) AS bucket,
  c.service AS service, c.environment AS environment, c.route AS route, c.provider AS provider,
  c.request_model AS request_model, c.model AS model, c.operation AS operation, c.variant AS variant,
  c.outcome AS outcome, c.gateway_cache_hit AS gateway_cache_hit,
  sum(c.calls) AS calls,
  countIf(c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL) AS calls_with_usage,
  countIf(c.cost_status = 'unpriced') AS calls_unpriced,
  countIf(c.calls = 1 AND c.format_valid = true) AS format_valid_calls,
  countIf(c.calls = 1 AND c.format_valid = false) AS format_invalid_calls,
  countIf(c.calls = 1 AND c.is_stream) AS stream_calls,
  sum(ifNull(c.input_tokens, 0)) AS input_tokens,
  sum(ifNull(c.output_tokens, 0)) AS output_tokens,
  sum(ifNull(c.cache_read_tokens, 0)) AS cache_read_tokens,
  sum(ifNull(c.cache_write_tokens, 0)) AS cache_write_tokens,
  sum(ifNull(c.reasoning_tokens, 0)) AS reasoning_tokens,
  sumIf(c.duration_us, c.calls = 1) AS duration_us_sum,
  maxIf(c.duration_us, c.calls = 1) AS duration_us_max,
  sum(ifNull(c.cost_usd, 0)) AS cost_usd,
  sum(ifNull(c.cost_input_usd, 0)) AS cost_input_usd,
  sum(ifNull(c.cost_cache_read_usd, 0)) AS cost_cache_read_usd,
  sum(ifNull(c.cost_cache_write_usd, 0)) AS cost_cache_write_usd,
  sum(ifNull(c.cost_output_usd, 0)) AS cost_output_usd,
  sum(ifNull(c.cost_reported_usd, 0)) AS cost_reported_usd,
  quantilesDDStateIf(0.01, 0.5, 0.9, 0.95, 0.99)(
    c.duration_us, c.calls = 1 AND c.duration_complete
  ) AS duration_sketch,
  quantilesDDStateIf(0.01, 0.5, 0.9, 0.95, 0.99)(
    assumeNotNull(c.ttft_us), c.calls = 1 AND c.ttft_us IS NOT NULL
  ) AS ttft_sketch,
  quantilesDDStateIf(0.01, 0.5, 0.9, 0.95, 0.99)(
    toUInt64(
      intDiv(c.duration_us - least(ifNull(c.ttft_us, 0), c.duration_us), greatest(ifNull(c.output_tokens, 0), 1))),
    c.calls = 1 AND c.duration_complete AND ifNull(c.output_tokens, 0) > 0
  ) AS token_us_sketch
FROM calls AS c
GROUP BY
  bucket, service, environment, route, provider, request_model, model, operation, variant, outcome,
  gateway_cache_hit;

CREATE TABLE IF NOT EXISTS calls_1h (
  bucket DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
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
  calls SimpleAggregateFunction(sum, UInt64),
  calls_with_usage SimpleAggregateFunction(sum, UInt64),
  calls_unpriced SimpleAggregateFunction(sum, UInt64),
  format_valid_calls SimpleAggregateFunction(sum, UInt64),
  format_invalid_calls SimpleAggregateFunction(sum, UInt64),
  stream_calls SimpleAggregateFunction(sum, UInt64),
  input_tokens SimpleAggregateFunction(sum, UInt64),
  output_tokens SimpleAggregateFunction(sum, UInt64),
  cache_read_tokens SimpleAggregateFunction(sum, UInt64),
  cache_write_tokens SimpleAggregateFunction(sum, UInt64),
  reasoning_tokens SimpleAggregateFunction(sum, UInt64),
  duration_us_sum SimpleAggregateFunction(sum, UInt64),
  duration_us_max SimpleAggregateFunction(max, UInt64),
  cost_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_input_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_cache_read_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_cache_write_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_output_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_reported_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  duration_sketch AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), UInt64),
  ttft_sketch AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), UInt64),
  token_us_sketch AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(bucket)
PRIMARY KEY (service, model, bucket)
ORDER BY (
  service, model, bucket, environment, route, provider, request_model, operation, variant, outcome,
  gateway_cache_hit
)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS calls_1h_mv TO calls_1h AS
SELECT
  toStartOfHour(c.ts) AS bucket,
  c.service AS service, c.environment AS environment, c.route AS route, c.provider AS provider,
  c.request_model AS request_model, c.model AS model, c.operation AS operation, c.variant AS variant,
  c.outcome AS outcome, c.gateway_cache_hit AS gateway_cache_hit,
  sum(c.calls) AS calls,
  countIf(c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL) AS calls_with_usage,
  countIf(c.cost_status = 'unpriced') AS calls_unpriced,
  countIf(c.calls = 1 AND c.format_valid = true) AS format_valid_calls,
  countIf(c.calls = 1 AND c.format_valid = false) AS format_invalid_calls,
  countIf(c.calls = 1 AND c.is_stream) AS stream_calls,
  sum(ifNull(c.input_tokens, 0)) AS input_tokens,
  sum(ifNull(c.output_tokens, 0)) AS output_tokens,
  sum(ifNull(c.cache_read_tokens, 0)) AS cache_read_tokens,
  sum(ifNull(c.cache_write_tokens, 0)) AS cache_write_tokens,
  sum(ifNull(c.reasoning_tokens, 0)) AS reasoning_tokens,
  sumIf(c.duration_us, c.calls = 1) AS duration_us_sum,
  maxIf(c.duration_us, c.calls = 1) AS duration_us_max,
  sum(ifNull(c.cost_usd, 0)) AS cost_usd,
  sum(ifNull(c.cost_input_usd, 0)) AS cost_input_usd,
  sum(ifNull(c.cost_cache_read_usd, 0)) AS cost_cache_read_usd,
  sum(ifNull(c.cost_cache_write_usd, 0)) AS cost_cache_write_usd,
  sum(ifNull(c.cost_output_usd, 0)) AS cost_output_usd,
  sum(ifNull(c.cost_reported_usd, 0)) AS cost_reported_usd,
  quantilesDDStateIf(0.01, 0.5, 0.9, 0.95, 0.99)(
    c.duration_us, c.calls = 1 AND c.duration_complete
  ) AS duration_sketch,
  quantilesDDStateIf(0.01, 0.5, 0.9, 0.95, 0.99)(
    assumeNotNull(c.ttft_us), c.calls = 1 AND c.ttft_us IS NOT NULL
  ) AS ttft_sketch,
  quantilesDDStateIf(0.01, 0.5, 0.9, 0.95, 0.99)(
    toUInt64(
      intDiv(c.duration_us - least(ifNull(c.ttft_us, 0), c.duration_us), greatest(ifNull(c.output_tokens, 0), 1))),
    c.calls = 1 AND c.duration_complete AND ifNull(c.output_tokens, 0) > 0
  ) AS token_us_sketch
FROM calls AS c
GROUP BY
  bucket, service, environment, route, provider, request_model, model, operation, variant, outcome,
  gateway_cache_hit;
