-- Which model serves a route, by weight: a row for every version, the newest of which counts. Of the same version written
-- twice the first stays; the engine's own clock says which that was, should the token of the insert be forgotten.
CREATE TABLE IF NOT EXISTS route_weights (
  route String,
  version UInt32,
  targets Array(Tuple(provider String, model String, weight UInt8, variant String)),
  shadow Array(Tuple(provider String, model String, weight UInt8, variant String)),
  fallbacks Array(Tuple(provider String, model String, weight UInt8, variant String)),
  reason String,
  migration_id String,
  changed_by String,
  changed_at DateTime64(6, 'UTC'),
  stored_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (route, version, stored_at)
SETTINGS non_replicated_deduplication_window = 10000;
