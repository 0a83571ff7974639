-- Calls by UTC day, for long periods: the columns of calls_1h that add up, a twenty-fourth of its rows at most. Filled from
-- the raw rows, as the other rollups are, so that the same mechanisms keep it right. What calls_1h holds is brought
-- over first; begun again after an interruption, this begins anew. Collectors stand still meanwhile (docs/operations.md).
CREATE TABLE IF NOT EXISTS calls_1d (
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
  input_tokens SimpleAggregateFunction(sum, UInt64),
  output_tokens SimpleAggregateFunction(sum, UInt64),
  cache_read_tokens SimpleAggregateFunction(sum, UInt64),
  cache_write_tokens SimpleAggregateFunction(sum, UInt64),
  reasoning_tokens SimpleAggregateFunction(sum, UInt64),
  duration_us_sum SimpleAggregateFunction(sum, UInt64),
  cost_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_input_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_cache_read_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_cache_write_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_output_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_reported_usd SimpleAggregateFunction(sum, Decimal(38, 9))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(bucket)
PRIMARY KEY (bucket, service, model)
ORDER BY (
  bucket, service, model, environment, route, provider, request_model, operation, variant, outcome,
  gateway_cache_hit
)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

TRUNCATE TABLE calls_1d;

INSERT INTO calls_1d (
  bucket, service, environment, route, provider, request_model, model, operation, variant, outcome,
  gateway_cache_hit, calls, calls_with_usage, calls_unpriced, input_tokens, output_tokens, cache_read_tokens,
  cache_write_tokens, reasoning_tokens, duration_us_sum, cost_usd, cost_input_usd, cost_cache_read_usd,
  cost_cache_write_usd, cost_output_usd, cost_reported_usd
)
SELECT
  toStartOfDay(h.bucket) AS bucket,
  h.service AS service, h.environment AS environment, h.route AS route, h.provider AS provider,
  h.request_model AS request_model, h.model AS model, h.operation AS operation, h.variant AS variant,
  h.outcome AS outcome, h.gateway_cache_hit AS gateway_cache_hit,
  sum(h.calls) AS calls, sum(h.calls_with_usage) AS calls_with_usage, sum(h.calls_unpriced) AS calls_unpriced,
  sum(h.input_tokens) AS input_tokens, sum(h.output_tokens) AS output_tokens,
  sum(h.cache_read_tokens) AS cache_read_tokens, sum(h.cache_write_tokens) AS cache_write_tokens,
  sum(h.reasoning_tokens) AS reasoning_tokens, sum(h.duration_us_sum) AS duration_us_sum,
  sum(h.cost_usd) AS cost_usd, sum(h.cost_input_usd) AS cost_input_usd,
  sum(h.cost_cache_read_usd) AS cost_cache_read_usd, sum(h.cost_cache_write_usd) AS cost_cache_write_usd,
  sum(h.cost_output_usd) AS cost_output_usd, sum(h.cost_reported_usd) AS cost_reported_usd
FROM calls_1h AS h
GROUP BY
  bucket, service, environment, route, provider, request_model, model, operation, variant, outcome,
  gateway_cache_hit;

CREATE MATERIALIZED VIEW IF NOT EXISTS calls_1d_mv TO calls_1d AS
SELECT
  toStartOfDay(c.ts) AS bucket,
  c.service AS service, c.environment AS environment, c.route AS route, c.provider AS provider,
  c.request_model AS request_model, c.model AS model, c.operation AS operation, c.variant AS variant,
  c.outcome AS outcome, c.gateway_cache_hit AS gateway_cache_hit,
  sum(c.calls) AS calls,
  countIf(c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL) AS calls_with_usage,
  countIf(c.cost_status = 'unpriced') AS calls_unpriced,
  sum(ifNull(c.input_tokens, 0)) AS input_tokens,
  sum(ifNull(c.output_tokens, 0)) AS output_tokens,
  sum(ifNull(c.cache_read_tokens, 0)) AS cache_read_tokens,
  sum(ifNull(c.cache_write_tokens, 0)) AS cache_write_tokens,
  sum(ifNull(c.reasoning_tokens, 0)) AS reasoning_tokens,
  sumIf(c.duration_us, c.calls = 1) AS duration_us_sum,
  sum(ifNull(c.cost_usd, 0)) AS cost_usd,
  sum(ifNull(c.cost_input_usd, 0)) AS cost_input_usd,
  sum(ifNull(c.cost_cache_read_usd, 0)) AS cost_cache_read_usd,
  sum(ifNull(c.cost_cache_write_usd, 0)) AS cost_cache_write_usd,
  sum(ifNull(c.cost_output_usd, 0)) AS cost_output_usd,
  sum(ifNull(c.cost_reported_usd, 0)) AS cost_reported_usd
FROM calls AS c
GROUP BY
  bucket, service, environment, route, provider, request_model, model, operation, variant, outcome,
  gateway_cache_hit;
