-- Every call is grouped once, by minute, and from those groups all rollups are filled: call_minutes keeps nothing, it
-- hands on what an insert brings. To group the rows of an insert four times, once for each rollup, cost more than to
-- store them. An insert into a rollup itself (a repricing, a repair) reaches that rollup alone.
--
-- Times are histograms in all rollups that have them: each counts calls by the logarithm of their microseconds to the
-- base 1.05, of those only whose time says something of the model. A row with calls = 0 completes an earlier call: it
-- brings tokens and cost, but no call and no duration. Columns are qualified, because the alias of a sum would
-- otherwise shadow the column it sums. The window on each target keeps a repeated insert out. Collectors stand still
-- meanwhile (docs/operations.md); begun again after an interruption, this begins anew.
CREATE TABLE IF NOT EXISTS call_minutes (
  bucket DateTime('UTC'),
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
  last_call SimpleAggregateFunction(max, DateTime('UTC')),
  duration_counts SimpleAggregateFunction(sumMap, Map(UInt16, UInt64)),
  ttft_counts SimpleAggregateFunction(sumMap, Map(UInt16, UInt64)),
  token_us_counts SimpleAggregateFunction(sumMap, Map(UInt16, UInt64))
)
ENGINE = Null;

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
  calls_with_cost SimpleAggregateFunction(sum, UInt64),
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

TRUNCATE TABLE calls_1h;

-- Sums of before. A call has a cost where it has tokens and a price, or came from a gateway's cache; health_1h knows it
-- exactly, as far as it reaches back.
INSERT INTO calls_1h (
  bucket, service, environment, route, provider, request_model, model, operation, variant, outcome, gateway_cache_hit,
  calls, calls_with_usage, calls_unpriced, format_valid_calls, format_invalid_calls, stream_calls, input_tokens,
  output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, duration_us_sum, duration_us_max, cost_usd,
  cost_input_usd, cost_cache_read_usd, cost_cache_write_usd, cost_output_usd, cost_reported_usd, calls_with_cost,
  last_call
)
SELECT
  h.bucket, h.service, h.environment, h.route, h.provider, h.request_model, h.model, h.operation, h.variant,
  h.outcome, h.gateway_cache_hit, h.calls, h.calls_with_usage, h.calls_unpriced, h.format_valid_calls,
  h.format_invalid_calls, h.stream_calls, h.input_tokens, h.output_tokens, h.cache_read_tokens, h.cache_write_tokens,
  h.reasoning_tokens, h.duration_us_sum, h.duration_us_max, h.cost_usd, h.cost_input_usd, h.cost_cache_read_usd,
  h.cost_cache_write_usd, h.cost_output_usd, h.cost_reported_usd,
  if(h.bucket < since, if(h.gateway_cache_hit, h.calls, h.calls_with_usage - h.calls_unpriced), 0), h.bucket
FROM calls_1h_before AS h
CROSS JOIN (SELECT if(count() = 0, toDateTime('2106-01-01 00:00:00', 'UTC'), min(bucket)) AS since FROM health_1h) AS s
SETTINGS insert_deduplicate = 0;

-- Histograms of before. What is older than health_1h has only sketches, which cannot be turned into counts.
INSERT INTO calls_1h (
  bucket, service, environment, route, provider, request_model, model, operation, variant, outcome, gateway_cache_hit,
  calls_with_cost, last_call, duration_counts, ttft_counts, token_us_counts
)
SELECT
  h.bucket, h.service, h.environment, h.route, h.provider, h.request_model, h.model, h.operation, h.variant,
  h.outcome, h.gateway_cache_hit, h.calls_with_cost, h.last_call, h.duration_counts, h.ttft_counts, h.token_us_counts
FROM health_1h AS h
SETTINGS insert_deduplicate = 0;

ALTER TABLE calls_1m
  DROP COLUMN IF EXISTS duration_sketch, DROP COLUMN IF EXISTS ttft_sketch, DROP COLUMN IF EXISTS token_us_sketch,
  DROP COLUMN IF EXISTS duration_counts, DROP COLUMN IF EXISTS ttft_counts, DROP COLUMN IF EXISTS token_us_counts;

ALTER TABLE calls_1m
  ADD COLUMN IF NOT EXISTS duration_counts SimpleAggregateFunction(sumMap, Map(UInt16, UInt64)),
  ADD COLUMN IF NOT EXISTS ttft_counts SimpleAggregateFunction(sumMap, Map(UInt16, UInt64)),
  ADD COLUMN IF NOT EXISTS token_us_counts SimpleAggregateFunction(sumMap, Map(UInt16, UInt64));

-- Histograms of minutes whose calls are still there; those of older minutes stay empty.
INSERT INTO calls_1m (
  bucket, service, environment, route, provider, request_model, model, operation, variant, outcome, gateway_cache_hit,
  duration_counts, ttft_counts, token_us_counts
)
WITH
  c.calls = 1 AND NOT c.gateway_cache_hit AND c.outcome NOT IN ('error', 'rate_limited', 'cancelled') AS timed
SELECT
  toStartOfMinute(c.ts) AS bucket,
  c.service AS service, c.environment AS environment, c.route AS route, c.provider AS provider,
  c.request_model AS request_model, c.model AS model, c.operation AS operation, c.variant AS variant,
  c.outcome AS outcome, c.gateway_cache_hit AS gateway_cache_hit,
  sumMapIf(
    map(toUInt16(log(greatest(c.duration_us, 1)) / log(1.05)), toUInt64(1)), timed AND c.duration_complete
  ) AS duration_counts,
  sumMapIf(
    map(toUInt16(log(greatest(ifNull(c.ttft_us, 1), 1)) / log(1.05)), toUInt64(1)), timed AND c.ttft_us IS NOT NULL
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
    timed AND c.duration_complete AND ifNull(c.output_tokens, 0) > 0
  ) AS token_us_counts
FROM calls AS c
GROUP BY
  bucket, service, environment, route, provider, request_model, model, operation, variant, outcome, gateway_cache_hit
SETTINGS insert_deduplicate = 0, max_bytes_before_external_group_by = 1000000000;

CREATE MATERIALIZED VIEW IF NOT EXISTS calls_1m_fill TO calls_1m AS
SELECT
  b.bucket AS bucket,
  b.service AS service, b.environment AS environment, b.route AS route, b.provider AS provider,
  b.request_model AS request_model, b.model AS model, b.operation AS operation, b.variant AS variant,
  b.outcome AS outcome, b.gateway_cache_hit AS gateway_cache_hit,
  b.calls AS calls, b.calls_with_usage AS calls_with_usage, b.calls_unpriced AS calls_unpriced,
  b.format_valid_calls AS format_valid_calls, b.format_invalid_calls AS format_invalid_calls,
  b.stream_calls AS stream_calls, b.input_tokens AS input_tokens, b.output_tokens AS output_tokens,
  b.cache_read_tokens AS cache_read_tokens, b.cache_write_tokens AS cache_write_tokens,
  b.reasoning_tokens AS reasoning_tokens, b.duration_us_sum AS duration_us_sum, b.cost_usd AS cost_usd,
  b.cost_input_usd AS cost_input_usd, b.cost_cache_read_usd AS cost_cache_read_usd,
  b.cost_cache_write_usd AS cost_cache_write_usd, b.cost_output_usd AS cost_output_usd,
  b.cost_reported_usd AS cost_reported_usd, b.duration_us_max AS duration_us_max,
  b.duration_counts AS duration_counts, b.ttft_counts AS ttft_counts, b.token_us_counts AS token_us_counts
FROM call_minutes AS b;

CREATE MATERIALIZED VIEW IF NOT EXISTS calls_1h_fill TO calls_1h AS
SELECT
  toStartOfHour(b.bucket) AS bucket,
  b.service AS service, b.environment AS environment, b.route AS route, b.provider AS provider,
  b.request_model AS request_model, b.model AS model, b.operation AS operation, b.variant AS variant,
  b.outcome AS outcome, b.gateway_cache_hit AS gateway_cache_hit,
  sum(b.calls) AS calls, sum(b.calls_with_usage) AS calls_with_usage, sum(b.calls_with_cost) AS calls_with_cost,
  sum(b.calls_unpriced) AS calls_unpriced, sum(b.format_valid_calls) AS format_valid_calls,
  sum(b.format_invalid_calls) AS format_invalid_calls, sum(b.stream_calls) AS stream_calls,
  sum(b.input_tokens) AS input_tokens, sum(b.output_tokens) AS output_tokens,
  sum(b.cache_read_tokens) AS cache_read_tokens, sum(b.cache_write_tokens) AS cache_write_tokens,
  sum(b.reasoning_tokens) AS reasoning_tokens, sum(b.duration_us_sum) AS duration_us_sum, sum(b.cost_usd) AS cost_usd,
  sum(b.cost_input_usd) AS cost_input_usd, sum(b.cost_cache_read_usd) AS cost_cache_read_usd,
  sum(b.cost_cache_write_usd) AS cost_cache_write_usd, sum(b.cost_output_usd) AS cost_output_usd,
  sum(b.cost_reported_usd) AS cost_reported_usd, max(b.duration_us_max) AS duration_us_max,
  max(b.last_call) AS last_call, sumMap(b.duration_counts) AS duration_counts, sumMap(b.ttft_counts) AS ttft_counts,
  sumMap(b.token_us_counts) AS token_us_counts
FROM call_minutes AS b
GROUP BY
  bucket, service, environment, route, provider, request_model, model, operation, variant, outcome, gateway_cache_hit;

CREATE MATERIALIZED VIEW IF NOT EXISTS calls_1d_fill TO calls_1d AS
SELECT
  toStartOfDay(b.bucket) AS bucket,
  b.service AS service, b.environment AS environment, b.route AS route, b.provider AS provider,
  b.request_model AS request_model, b.model AS model, b.operation AS operation, b.variant AS variant,
  b.outcome AS outcome, b.gateway_cache_hit AS gateway_cache_hit,
  sum(b.calls) AS calls, sum(b.calls_with_usage) AS calls_with_usage, sum(b.calls_unpriced) AS calls_unpriced,
  sum(b.input_tokens) AS input_tokens, sum(b.output_tokens) AS output_tokens,
  sum(b.cache_read_tokens) AS cache_read_tokens, sum(b.cache_write_tokens) AS cache_write_tokens,
  sum(b.reasoning_tokens) AS reasoning_tokens, sum(b.duration_us_sum) AS duration_us_sum, sum(b.cost_usd) AS cost_usd,
  sum(b.cost_input_usd) AS cost_input_usd, sum(b.cost_cache_read_usd) AS cost_cache_read_usd,
  sum(b.cost_cache_write_usd) AS cost_cache_write_usd, sum(b.cost_output_usd) AS cost_output_usd,
  sum(b.cost_reported_usd) AS cost_reported_usd
FROM call_minutes AS b
GROUP BY
  bucket, service, environment, route, provider, request_model, model, operation, variant, outcome, gateway_cache_hit;

CREATE MATERIALIZED VIEW IF NOT EXISTS call_minutes_fill TO call_minutes AS
WITH
  c.calls = 1 AND NOT c.gateway_cache_hit AND c.outcome NOT IN ('error', 'rate_limited', 'cancelled') AS timed
SELECT
  toStartOfMinute(c.ts) AS bucket,
  c.service AS service, c.environment AS environment, c.route AS route, c.provider AS provider,
  c.request_model AS request_model, c.model AS model, c.operation AS operation, c.variant AS variant,
  c.outcome AS outcome, c.gateway_cache_hit AS gateway_cache_hit,
  sum(c.calls) AS calls,
  countIf(c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL) AS calls_with_usage,
  countIf(c.cost_usd IS NOT NULL) AS calls_with_cost,
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
  max(toDateTime(c.ts, 'UTC')) AS last_call,
  sumMapIf(
    map(toUInt16(log(greatest(c.duration_us, 1)) / log(1.05)), toUInt64(1)), timed AND c.duration_complete
  ) AS duration_counts,
  sumMapIf(
    map(toUInt16(log(greatest(ifNull(c.ttft_us, 1), 1)) / log(1.05)), toUInt64(1)), timed AND c.ttft_us IS NOT NULL
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
    timed AND c.duration_complete AND ifNull(c.output_tokens, 0) > 0
  ) AS token_us_counts
FROM calls AS c
GROUP BY
  bucket, service, environment, route, provider, request_model, model, operation, variant, outcome, gateway_cache_hit;
