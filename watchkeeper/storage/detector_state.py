"""Table ``detector_state``: what the detectors have learnt, always together with how far they have read."""

import uuid
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from watchkeeper.storage.client import Store

DETECTOR_STATE_SCHEMA: pa.Schema = pa.schema(
    [
        ("owner", pa.string()),
        ("topic", pa.string()),
        ("partition", pa.uint16()),
        ("version", pa.string()),
        ("step", pa.uint64()),
        ("position", pa.uint64()),
        ("state", pa.binary()),
        ("saved_at", pa.timestamp("us", tz="UTC")),
    ]
)
"""As it is written."""

_LOAD = """
SELECT step, position, state
FROM detector_state
WHERE owner = {owner:String} AND topic = {topic:String} AND partition = {partition:UInt16}
  AND version = {version:String}
ORDER BY step DESC
LIMIT 1
"""
_STEP = """
SELECT step
FROM detector_state
WHERE owner = {owner:String} AND topic = {topic:String} AND partition = {partition:UInt16}
  AND version = {version:String}
ORDER BY step DESC
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class StatePlace:
    """Whose state: a consumer group and one partition it reads, as one version of the program understands it."""

    owner: str
    topic: str
    partition: int
    version: str


@dataclass(frozen=True, slots=True)
class DetectorState:
    """``state`` holds everything learnt from the input before ``position``.

    ``step`` orders the states of one place; of two, the one with the higher step has read on.
    """

    step: int
    position: int
    state: bytes


def save_state(store: Store, place: StatePlace, saved: DetectorState, at: datetime) -> None:
    """Keep ``saved``. One with a lower step than what is kept changes nothing."""
    row = {
        "owner": place.owner,
        "topic": place.topic,
        "partition": place.partition,
        "version": place.version,
        "step": saved.step,
        "position": saved.position,
        "state": saved.state,
        "saved_at": at,
    }
    # Repetitions are harmless here, so that no token needs to be known again.
    store.insert_arrow("detector_state", pa.Table.from_pylist([row], DETECTOR_STATE_SCHEMA), uuid.uuid4().hex)


def saved_step(store: Store, place: StatePlace) -> int | None:
    """The highest step that is kept, or None: has there been a save since?"""
    parameters = {name: getattr(place, name) for name in StatePlace.__slots__}
    rows = store.query_rows(_STEP, parameters)
    return int(rows[0]["step"]) if rows else None


def load_state(store: Store, place: StatePlace) -> DetectorState | None:
    """The state with the highest step, or None."""
    parameters = {name: getattr(place, name) for name in StatePlace.__slots__}
    found = store.query_arrow(_LOAD, parameters)
    if not found.num_rows:
        return None
    state: bytes = found["state"].cast(pa.binary())[0].as_py()
    return DetectorState(found["step"][0].as_py(), found["position"][0].as_py(), state)
