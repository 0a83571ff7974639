-- What the detectors have learnt, with the place of their input up to which they have; the highest step counts.
CREATE TABLE IF NOT EXISTS detector_state (
  owner String,
  topic String,
  partition UInt16,
  version String,
  step UInt64,
  position UInt64,
  state String CODEC(NONE),
  saved_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(step)
ORDER BY (owner, topic, partition, version)
SETTINGS non_replicated_deduplication_window = 1000;
