-- Mutes that people set; one that is lifted has another row that says so, and stays lifted.
CREATE TABLE IF NOT EXISTS alert_mutes (
  id String,
  lifted Bool,
  mute String CODEC(ZSTD(1)),
  until Nullable(DateTime64(6, 'UTC')),
  by String,
  at DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (id, at)
SETTINGS non_replicated_deduplication_window = 1000;
