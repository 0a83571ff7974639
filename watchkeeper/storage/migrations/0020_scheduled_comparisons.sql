-- Comparisons that recur: a row for every version of each, the newest of which counts; a removed one says so.
CREATE TABLE IF NOT EXISTS scheduled_comparisons (
  name String,
  version UInt32,
  removed Bool,
  every LowCardinality(String),
  request String,
  changed_by String,
  changed_at DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (name, version, changed_at)
SETTINGS non_replicated_deduplication_window = 1000;

-- What they found, one row for each time they were due: of two runs for the same time the first stays.
CREATE TABLE IF NOT EXISTS comparison_results (
  name String,
  scheduled_at DateTime64(6, 'UTC'),
  version UInt32,
  at DateTime64(6, 'UTC'),
  verdict LowCardinality(String),
  sentence String,
  open_notice String,
  answer String CODEC(ZSTD(1)),
  first_wins UInt64 DEFAULT bitNot(toUInt64(toUnixTimestamp64Micro(at)))
)
ENGINE = ReplacingMergeTree(first_wins)
ORDER BY (name, scheduled_at)
SETTINGS non_replicated_deduplication_window = 1000;
