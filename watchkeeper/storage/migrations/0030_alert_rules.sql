-- Alert rules that were set through the API: a row for every version, the newest of which counts. Of the same version
-- written twice the first stays. Secrets stand here by name only.
CREATE TABLE IF NOT EXISTS alert_rules (
  version UInt32,
  rules String CODEC(ZSTD(3)),
  changed_by String,
  changed_at DateTime64(6, 'UTC'),
  stored_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (version, stored_at)
SETTINGS non_replicated_deduplication_window = 1000;
