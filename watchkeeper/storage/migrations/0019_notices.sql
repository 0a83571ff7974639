-- What the chat alerts tell besides regressions. Of one notice and state written twice the first stays.
CREATE TABLE IF NOT EXISTS notices (
  notice_id String,
  state LowCardinality(String),
  kind LowCardinality(String),
  subject String,
  severity LowCardinality(String),
  title String,
  facts String,
  at DateTime64(6, 'UTC'),
  first_wins UInt64 DEFAULT bitNot(toUInt64(toUnixTimestamp64Micro(at)))
)
ENGINE = ReplacingMergeTree(first_wins)
ORDER BY (notice_id, state)
SETTINGS non_replicated_deduplication_window = 1000;
