-- What routes need of their model: a row for every version of each, the newest of which counts; a removed one is a version
-- that says so. The requirements are JSON, checked when written: a field that comes later needs no other table.
CREATE TABLE IF NOT EXISTS route_requirements (
  route String,
  version UInt32,
  removed Bool,
  requirements String,
  changed_by String,
  changed_at DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (route, version, changed_at)
SETTINGS non_replicated_deduplication_window = 1000;
