-- Keys of the API and the receivers; of each secret only a salted hash. A revocation, an earlier end and a use are rows
-- of their own, which the engine folds into the key's: in whatever order they come, the earliest end and the latest use count.
CREATE TABLE IF NOT EXISTS api_keys (
  id String,
  name SimpleAggregateFunction(any, String),
  salt SimpleAggregateFunction(any, String),
  hash SimpleAggregateFunction(any, String),
  scopes SimpleAggregateFunction(any, String),
  tenants SimpleAggregateFunction(any, String),
  created_at SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
  expires_at SimpleAggregateFunction(min, Nullable(DateTime64(6, 'UTC'))),
  revoked_at SimpleAggregateFunction(min, Nullable(DateTime64(6, 'UTC'))),
  used_at SimpleAggregateFunction(max, Nullable(DateTime64(6, 'UTC')))
)
ENGINE = AggregatingMergeTree
ORDER BY id
SETTINGS non_replicated_deduplication_window = 1000;
