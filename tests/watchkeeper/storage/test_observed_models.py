"""What routes ask for, from their calls."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.storage.client import Store
from watchkeeper.storage.observed_models import ObservedModel, observed_models

pytestmark = pytest.mark.clickhouse

BEGIN = datetime.fromtimestamp(FIRST_TS_US // 3_600_000_000 * 3_600, UTC)
END = BEGIN + timedelta(hours=1)


def put(store: Store, token: str, n: int, **overrides: object) -> None:
    store.insert_arrow("calls", call_rows(n, seed=len(token), **overrides), token)


def test_by_route_the_models_asked_for_most_come_first(shared_store: Store) -> None:
    put(shared_store, "a", 5, route="a/b", request_model="small")
    put(shared_store, "bb", 7, route="a/b", request_model="large", provider="azure.ai.openai")
    put(shared_store, "ccc", 2, route="c", request_model="", model="served")
    put(shared_store, "dddd", 9, route="c", variant="shadow", request_model="tried")
    put(shared_store, "eeeee", 9, route="c", operation="embeddings", request_model="vectors")
    found = observed_models(shared_store, BEGIN, END)
    assert found == {
        "a/b": [ObservedModel("azure.ai.openai", "large", 7), ObservedModel("openai", "small", 5)],
        "c": [ObservedModel("openai", "served", 2)],
    }
    assert observed_models(shared_store, BEGIN, END, ["c", "none"]) == {"c": found["c"]}
    assert observed_models(shared_store, END, END + timedelta(hours=1)) == {}


def test_models_of_a_route_are_bounded(shared_store: Store) -> None:
    put(shared_store, "many", 300, route="many", request_model=[f"m{number % 25:02}" for number in range(300)])
    assert [one.model for one in observed_models(shared_store, BEGIN, END)["many"]] == [f"m{n:02}" for n in range(20)]
