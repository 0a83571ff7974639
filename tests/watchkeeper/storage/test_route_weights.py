"""Versions of route weights: the first writer of a version wins, and learns it."""

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from watchkeeper.storage.client import Store
from watchkeeper.storage.route_weights import (
    RouteWeights,
    Target,
    count_routes,
    count_versions,
    is_stored,
    newest_versions,
    read,
    read_all,
    write,
)

pytestmark = pytest.mark.clickhouse

AT = datetime(2026, 5, 1, 12, 30, 0, 123_456, tzinfo=UTC)
WEIGHTS = RouteWeights(
    "shop/answer 'ünïcode' \\ 💬",
    1,
    (Target("openai", "gpt-4o", 75, "primary"), Target("", "it's", 25, "canary")),
    (Target("vllm", "m", 10, "shadow"),),
    (Target("anthropic", "c", 0, "primary"),),
    "because\tof it",
    None,
    "somebody",
    AT,
)


def test_weights_come_back_as_they_were_written(shared_store: Store) -> None:
    assert read(shared_store, WEIGHTS.route) is None
    other = replace(WEIGHTS, route="b", shadow=(), fallbacks=(), migration_id="m-1")
    for one in (WEIGHTS, other):
        write(shared_store, one)
        assert read(shared_store, one.route) == one
    assert read_all(shared_store) == [other, WEIGHTS]
    assert read(shared_store, "shop") is None


def test_the_newest_version_counts(shared_store: Store) -> None:
    versions = [replace(WEIGHTS, version=number, reason=str(number)) for number in (2, 1, 10)]
    for number, one in enumerate(versions, 1):
        write(shared_store, one)
        assert count_versions(shared_store) == number
    assert read(shared_store, WEIGHTS.route) == versions[2]
    assert read_all(shared_store) == [versions[2]]
    assert count_routes(shared_store) == 1
    write(shared_store, replace(WEIGHTS, route="another"))
    assert newest_versions(shared_store) == {WEIGHTS.route: 10, "another": 1}


def test_of_many_writers_of_one_version_exactly_one_wins_and_all_learn_it(shared_store: Store) -> None:
    wanted = [replace(WEIGHTS, changed_by=str(number)) for number in range(8)]
    threads = [threading.Thread(target=write, args=(shared_store, one)) for one in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [one for one in wanted if is_stored(shared_store, one)]
    assert [read(shared_store, WEIGHTS.route)] == winners
    write(shared_store, replace(WEIGHTS, version=2))
    assert is_stored(shared_store, winners[0])


def test_the_first_stays_though_its_token_is_forgotten(shared_store: Store) -> None:
    write(shared_store, WEIGHTS)
    columns = "route, version, targets, shadow, fallbacks, migration_id, changed_by, changed_at"
    shared_store.command(
        f"INSERT INTO route_weights ({columns}, reason, stored_at) "
        f"SELECT {columns}, 'later', stored_at + 1 FROM route_weights"
    )
    assert count_versions(shared_store) == 2
    assert read(shared_store, WEIGHTS.route) == WEIGHTS
    assert read_all(shared_store) == [WEIGHTS]
    assert not is_stored(shared_store, replace(WEIGHTS, reason="later"))


def test_a_write_that_is_repeated_is_one(shared_store: Store) -> None:
    write(shared_store, WEIGHTS)
    write(shared_store, WEIGHTS)
    assert count_versions(shared_store) == 1
    assert is_stored(shared_store, WEIGHTS)
    assert not is_stored(shared_store, replace(WEIGHTS, version=2))
