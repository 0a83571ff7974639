-- Budgets: a row for every version of each, the newest of which counts; a removed one is a version that says so.
CREATE TABLE IF NOT EXISTS budgets (
  name String,
  version UInt32,
  removed Bool,
  period LowCardinality(String),
  time_zone LowCardinality(String),
  limit_usd Decimal(38, 9),
  warn_percent Array(UInt16),
  scope Map(String, Array(String)),
  changed_by String,
  changed_at DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (name, version, changed_at)
SETTINGS non_replicated_deduplication_window = 1000;

-- Warn levels that were reached, each once a period: of the same one written twice the first stays.
CREATE TABLE IF NOT EXISTS budget_events (
  budget String,
  period_start DateTime64(6, 'UTC'),
  percent UInt16,
  version UInt32,
  at DateTime64(6, 'UTC'),
  spent_usd Decimal(38, 9),
  limit_usd Decimal(38, 9),
  first_wins UInt64 DEFAULT bitNot(toUInt64(toUnixTimestamp64Micro(at)))
)
ENGINE = ReplacingMergeTree(first_wins)
ORDER BY (budget, period_start, percent)
SETTINGS non_replicated_deduplication_window = 1000;
