"""What holds for every route: errors as problem documents, everything described."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.routes.reprice import RepriceChange, RepriceOrder
from tests.api.client import client, problem
from watchkeeper.errors import ConfigError
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

PERIOD = {"begin": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"}
CHANGE = RepriceChange(
    provider="openai",
    model="gpt-4o",
    calls=3,
    changed=2,
    newly_priced=1,
    no_longer_priced=0,
    old_usd=Decimal("0.1"),
    new_usd=Decimal("0.2"),
)


def test_unknown_pages_and_methods_are_problems(api: TestClient) -> None:
    problem(api.get("/v1/nothing"), 404, "No such page")
    answer = api.delete("/v1/summary")
    problem(answer, 405, "Not this method")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("written", [True, False])
def test_reprice_shows_the_difference_and_writes_only_when_told(shared_store: Store, written: bool) -> None:
    orders: list[RepriceOrder] = []

    def reprice(order: RepriceOrder) -> Sequence[RepriceChange]:
        orders.append(order)
        return [CHANGE]

    api = client(shared_store, reprice=reprice)
    asked = {**PERIOD, "dry_run": False} if written else PERIOD
    answer = api.post("/v1/reprice", json=asked).json()
    assert answer["written"] is written
    assert (answer["changes"][0]["calls"], answer["changes"][0]["new_usd"]) == (3, "0.2")
    begin, end = (datetime.fromisoformat(PERIOD[name]) for name in ("begin", "end"))
    assert orders == [RepriceOrder(begin, end, "", not written)]


def test_what_a_repricing_cannot_do_is_a_problem(shared_store: Store) -> None:
    def busy(_: RepriceOrder) -> Sequence[RepriceChange]:
        raise ConfigError("a repricing is under way; wait until it is done")

    api = client(shared_store, reprice=busy)
    assert "under way" in problem(api.post("/v1/reprice", json=PERIOD), 400)["detail"]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    for inner in part if isinstance(part, list) else ():
        yield from references(inner)


def test_the_openapi_document_is_whole_and_describes_every_route(shared_store: Store) -> None:
    document = client(shared_store, reprice=lambda _: ()).get("/openapi.json").json()
    assert document["openapi"].startswith("3.")
    assert {reference.removeprefix("#/components/schemas/") for reference in references(document)} <= set(
        document["components"]["schemas"]
    )
    described = dict(operations(document))
    assert {"get /healthz", "get /v1/summary", "post /v1/keys", "get /v1/audit"} <= set(described)
    assert all(operation["summary"] and operation["tags"] for operation in described.values())
    ids = [operation["operationId"] for operation in described.values()]
    assert len(set(ids)) == len(ids)
