-- Moving routes from one model to another: a row for each such migration, numbered within its route. Of the same number
-- written twice the first counts, so that a route has one at a time; the engine's own clock says which that was.
CREATE TABLE IF NOT EXISTS model_migrations (
  route String,
  number UInt32,
  id String,
  baseline_provider String,
  baseline_model String,
  candidate_provider String,
  candidate_model String,
  limits Map(String, Float64),
  gates Map(String, Float64),
  score String,
  advice String,
  reason String,
  targets Array(Tuple(provider String, model String, weight UInt8, variant String)),
  shadow Array(Tuple(provider String, model String, weight UInt8, variant String)),
  fallbacks Array(Tuple(provider String, model String, weight UInt8, variant String)),
  created_by String,
  created_at DateTime64(6, 'UTC'),
  stored_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (route, number, stored_at)
SETTINGS non_replicated_deduplication_window = 10000;

-- What was decided about each, one row a decision, never changed; the last one is how it stands. Of two decisions with the
-- same number the first counts.
CREATE TABLE IF NOT EXISTS migration_decisions (
  migration_id String,
  seq UInt32,
  decision_id String,
  step LowCardinality(String),
  phase LowCardinality(String),
  phase_began_at DateTime64(6, 'UTC'),
  paused Bool,
  reason String,
  warnings Map(String, String),
  decided_by String,
  decided_at DateTime64(6, 'UTC'),
  weights_version UInt32,
  facts Map(String, Nullable(Float64)),
  stored_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (migration_id, seq, stored_at)
SETTINGS non_replicated_deduplication_window = 10000;
