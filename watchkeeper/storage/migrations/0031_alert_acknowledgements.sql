-- Who looks after what has no regression to acknowledge: notices, and what the clock noticed. `event` is its id.
CREATE TABLE IF NOT EXISTS alert_acknowledgements (
  event String,
  at DateTime64(6, 'UTC'),
  made_by String,
  comment String CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (event, at)
SETTINGS non_replicated_deduplication_window = 1000;
