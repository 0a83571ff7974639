-- Calls by hour once more, in the order of time: what a question about all series in the last day reads of calls_1h is a
-- whole month, and to add up its sketches costs a hundred times as much as to add up these counts. Each histogram counts
-- calls by the logarithm of their microseconds to the base 1.05, so that any quantile is known to about 2 %; only calls
-- whose time says something of the model are in them. Filled from the raw rows like the other rollups.
DROP VIEW IF EXISTS health_1h_mv;

CREATE TABLE IF NOT EXISTS health_1h (
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
  calls_with_cost SimpleAggregateFunction(sum, UInt64),
  calls_unpriced SimpleAggregateFunction(sum, UInt64),
  input_tokens SimpleAggregateFunction(sum, UInt64),
  output_tokens SimpleAggregateFunction(sum, UInt64),
  duration_us_sum SimpleAggregateFunction(sum, UInt64),
  cost_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_input_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_cache_read_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_cache_write_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  cost_output_usd SimpleAggregateFunction(sum, Decimal(38, 9)),
  last_call SimpleAggregateFunction(max, DateTime('UTC')),
  duration_counts SimpleAggregateFunction(sumMap, Map(UInt16, UInt64)),
  ttft_counts SimpleAggregateFunction(sumMap, Map(UInt16, UInt64)),
  token_us_counts SimpleAggregateFunction(sumMap, Map(UInt16, UInt64))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(bucket)
PRIMARY KEY (bucket, service, route)
ORDER BY (
  bucket, service, route, provider, request_model, model, environment, operation, variant, outcome, gateway_cache_hit
)
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- A run of this file that was cut off is begun anew: nothing may be counted twice.
TRUNCATE TABLE health_1h;

CREATE MATERIALIZED VIEW IF NOT EXISTS health_1h_mv TO health_1h AS
SELECT
  toStartOfHour(c.ts) AS bucket,
  c.service AS service, c.environment AS environment, c.route AS route, c.provider AS provider,
  c.request_model AS request_model, c.model AS model, c.operation AS operation, c.variant AS variant,
  c.outcome AS outcome, c.gateway_cache_hit AS gateway_cache_hit,
  sum(c.calls) AS calls,
  countIf(c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL) AS calls_with_usage,
  countIf(c.cost_usd IS NOT NULL) AS calls_with_cost,
  countIf(c.cost_status = 'unpriced') AS calls_unpriced,
  sum(ifNull(c.input_tokens, 0)) AS input_tokens,
  sum(ifNull(c.output_tokens, 0)) AS output_tokens,
  sumIf(c.duration_us, c.calls = 1) AS duration_us_sum,
  sum(ifNull(c.cost_usd, 0)) AS cost_usd,
  sum(ifNull(c.cost_input_usd, 0)) AS cost_input_usd,
  sum(ifNull(c.cost_cache_read_usd, 0)) AS cost_cache_read_usd,
  sum(ifNull(c.cost_cache_write_usd, 0)) AS cost_cache_write_usd,
  sum(ifNull(c.cost_output_usd, 0)) AS cost_output_usd,
  max(toDateTime(c.ts, 'UTC')) AS last_call,
  sumMapIf(
    map(toUInt16(log(greatest(c.duration_us, 1)) / log(1.05)), toUInt64(1)),
    c.calls = 1 AND c.duration_complete AND NOT c.gateway_cache_hit
      AND c.outcome NOT IN ('error', 'rate_limited', 'cancelled')
  ) AS duration_counts,
  sumMapIf(
    map(toUInt16(log(greatest(ifNull(c.ttft_us, 1), 1)) / log(1.05)), toUInt64(1)),
    c.calls = 1 AND c.ttft_us IS NOT NULL AND NOT c.gateway_cache_hit
      AND c.outcome NOT IN ('error', 'rate_limited', 'cancelled')
  ) AS ttft_counts,
  sumMapIf(
    map(
      toUInt16(
        log(
          greatest(
            (c.duration_us - least(ifNull(c.ttft_us, 0), c.duration_us)) / greatest(ifNull(c.output_tokens, 0), 1), 1
          )
        ) / log(1.05)
      ),
      toUInt64(1)
    ),
    c.calls = 1 AND c.duration_complete AND ifNull(c.output_tokens, 0) > 0 AND NOT c.gateway_cache_hit
      AND c.outcome NOT IN ('error', 'rate_limited', 'cancelled')
  ) AS token_us_counts
FROM calls AS c
GROUP BY
  bucket, service, environment, route, provider, request_model, model, operation, variant, outcome,
  gateway_cache_hit;

-- The calls of before, which the view has not seen. Collectors stand still meanwhile (docs/operations.md).
INSERT INTO health_1h
SELECT
  toStartOfHour(c.ts) AS bucket,
  c.service AS service, c.environment AS environment, c.route AS route, c.provider AS provider,
  c.request_model AS request_model, c.model AS model, c.operation AS operation, c.variant AS variant,
  c.outcome AS outcome, c.gateway_cache_hit AS gateway_cache_hit,
  sum(c.calls) AS calls,
  countIf(c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL) AS calls_with_usage,
  countIf(c.cost_usd IS NOT NULL) AS calls_with_cost,
  countIf(c.cost_status = 'unpriced') AS calls_unpriced,
  sum(ifNull(c.input_tokens, 0)) AS input_tokens,
  sum(ifNull(c.output_tokens, 0)) AS output_tokens,
  sumIf(c.duration_us, c.calls = 1) AS duration_us_sum,
  sum(ifNull(c.cost_usd, 0)) AS cost_usd,
  sum(ifNull(c.cost_input_usd, 0)) AS cost_input_usd,
  sum(ifNull(c.cost_cache_read_usd, 0)) AS cost_cache_read_usd,
  sum(ifNull(c.cost_cache_write_usd, 0)) AS cost_cache_write_usd,
  sum(ifNull(c.cost_output_usd, 0)) AS cost_output_usd,
  max(toDateTime(c.ts, 'UTC')) AS last_call,
  sumMapIf(
    map(toUInt16(log(greatest(c.duration_us, 1)) / log(1.05)), toUInt64(1)),
    c.calls = 1 AND c.duration_complete AND NOT c.gateway_cache_hit
      AND c.outcome NOT IN ('error', 'rate_limited', 'cancelled')
  ) AS duration_counts,
  sumMapIf(
    map(toUInt16(log(greatest(ifNull(c.ttft_us, 1), 1)) / log(1.05)), toUInt64(1)),
    c.calls = 1 AND c.ttft_us IS NOT NULL AND NOT c.gateway_cache_hit
      AND c.outcome NOT IN ('error', 'rate_limited', 'cancelled')
  ) AS ttft_counts,
  sumMapIf(
    map(
      toUInt16(
        log(
          greatest(
            (c.duration_us - least(ifNull(c.ttft_us, 0), c.duration_us)) / greatest(ifNull(c.output_tokens, 0), 1), 1
          )
        ) / log(1.05)
      ),
      toUInt64(1)
    ),
    c.calls = 1 AND c.duration_complete AND ifNull(c.output_tokens, 0) > 0 AND NOT c.gateway_cache_hit
      AND c.outcome NOT IN ('error', 'rate_limited', 'cancelled')
  ) AS token_us_counts
FROM calls AS c
WHERE c.ingested_at < (
  SELECT max(metadata_modification_time) FROM system.tables WHERE database = currentDatabase() AND name = 'health_1h_mv'
)
GROUP BY
  bucket, service, environment, route, provider, request_model, model, operation, variant, outcome,
  gateway_cache_hit
SETTINGS insert_deduplicate = 0, max_bytes_before_external_group_by = 1000000000;
