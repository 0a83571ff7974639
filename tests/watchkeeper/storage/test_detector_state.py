"""States of detectors: byte for byte, the highest step counts."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from watchkeeper.storage.client import Store
from watchkeeper.storage.detector_state import DetectorState, StatePlace, load_state, save_state

pytestmark = pytest.mark.clickhouse

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PLACE = StatePlace("watchkeeper-detectors", "llm_calls", 3, "1")
ALL_BYTES = bytes(range(256)) * 8


def test_a_state_comes_back_byte_for_byte(shared_store: Store) -> None:
    assert load_state(shared_store, PLACE) is None
    saved = DetectorState(2**63 + 7, 2**40, ALL_BYTES)
    save_state(shared_store, PLACE, saved, NOON)
    assert load_state(shared_store, PLACE) == saved


def test_the_highest_step_counts_whenever_it_was_saved(shared_store: Store) -> None:
    for step, position in ((1, 10), (3, 5), (2, 20)):
        save_state(shared_store, PLACE, DetectorState(step, position, b"%d" % step), NOON)
    assert load_state(shared_store, PLACE) == DetectorState(3, 5, b"3")
    shared_store.command("OPTIMIZE TABLE detector_state FINAL")
    assert load_state(shared_store, PLACE) == DetectorState(3, 5, b"3")
    (count,) = shared_store.query_rows("SELECT count() AS rows FROM detector_state")
    assert count["rows"] == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(PLACE, owner="embedded"),
        replace(PLACE, topic="calls"),
        replace(PLACE, partition=4),
        replace(PLACE, version="2"),
    ],
)
def test_places_are_apart(shared_store: Store, other: StatePlace) -> None:
    save_state(shared_store, PLACE, DetectorState(1, 1, b"x"), NOON)
    assert load_state(shared_store, other) is None


def test_a_large_state_is_kept(shared_store: Store) -> None:
    large = DetectorState(1, 1, ALL_BYTES * 10_000)
    save_state(shared_store, PLACE, large, NOON)
    assert load_state(shared_store, PLACE) == large
