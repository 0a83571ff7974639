"""Whose states of detectors are stored."""

from watchkeeper.storage.client import Store
from watchkeeper.storage.detector_state import StatePlace

_PLACES = """
SELECT owner, topic, partition
FROM detector_state
WHERE version = {version:String}
GROUP BY owner, topic, partition
ORDER BY max(saved_at) DESC, owner, topic, partition
LIMIT {limit:UInt32}
"""
MOST_PLACES = 10_000


def state_places(store: Store, version: str) -> list[StatePlace]:
    """Every place with a state that this version understands, the one saved last first."""
    rows = store.query_rows(_PLACES, {"version": version, "limit": MOST_PLACES})
    return [StatePlace(row["owner"], row["topic"], int(row["partition"]), version) for row in rows]
