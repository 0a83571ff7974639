"""The dead-letter routes: list, read, replay."""

from base64 import b64decode
from collections.abc import Sequence
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from tests.api.client import client, problem
from tests.watchkeeper.storage.test_dead_letters import BODY, letter, put
from watchkeeper.storage.client import Store
from watchkeeper.storage.dead_letters import DeadLetter

pytestmark = pytest.mark.clickhouse

NOBODY = UUID(int=99)


def test_listed_newest_first_and_without_their_bytes(shared_store: Store, api: TestClient) -> None:
    put(shared_store, letter(1), letter(2, reason="malformed_json", replayed_at=letter(3)["received_at"]))
    found = api.get("/v1/dead-letters").json()
    assert [(item["id"], item["reason"]) for item in found] == [
        (str(UUID(int=2)), "malformed_json"),
        (str(UUID(int=1)), "truncated"),
    ]
    assert found[1] == {
        "id": str(UUID(int=1)),
        "source": "otlp_spans",
        "partition": 3,
        "offset": 1,
        "signal": "traces",
        "encoding": "protobuf",
        "reason": "truncated",
        "detail": "",
        "received_at": "2026-11-20T12:01:00Z",
        "stored_at": "2026-11-20T12:00:00Z",
        "replayed_at": None,
        "body_base64": "",
    }
    assert [item["offset"] for item in api.get("/v1/dead-letters?waiting=true").json()] == [1]
    assert [item["offset"] for item in api.get("/v1/dead-letters?reason=malformed_json").json()] == [2]
    assert [item["offset"] for item in api.get("/v1/dead-letters?limit=1").json()] == [2]


def test_one_letter_comes_with_its_bytes(shared_store: Store, api: TestClient) -> None:
    put(shared_store, letter(1))
    assert b64decode(api.get(f"/v1/dead-letters/{UUID(int=1)}").json()["body_base64"]) == BODY


def test_replay_sends_the_letters_asked_for(shared_store: Store) -> None:
    put(shared_store, letter(1), letter(2))
    sent: list[DeadLetter] = []

    def replay(letters: Sequence[DeadLetter]) -> Sequence[str]:
        sent.extend(letters)
        return ["", "malformed_protobuf"]

    api = client(shared_store, replay=replay)
    asked = {"ids": [str(UUID(int=2)), str(UUID(int=1))]}
    answer = api.post("/v1/dead-letters/replay", json=asked)
    assert answer.json() == {"failures": ["", "malformed_protobuf"]}
    assert [(one.offset, one.body) for one in sent] == [(2, BODY), (1, BODY)]


def test_without_a_pipeline_nothing_can_be_replayed(shared_store: Store, api: TestClient) -> None:
    put(shared_store, letter(1))
    problem(api.post("/v1/dead-letters/replay", json={"ids": [str(UUID(int=1))]}), 409, "Not here")


def test_letters_that_are_not_there_or_no_ids_are_named(shared_store: Store) -> None:
    api = client(shared_store, replay=lambda letters: [""] * len(letters))
    assert str(NOBODY) in problem(api.get(f"/v1/dead-letters/{NOBODY}"), 404)["detail"]
    assert str(NOBODY) in problem(api.post("/v1/dead-letters/replay", json={"ids": [str(NOBODY)]}), 404)["detail"]
    assert "path.letter_id" in problem(api.get("/v1/dead-letters/7"), 422)["detail"]
    assert "body.ids" in problem(api.post("/v1/dead-letters/replay", json={}), 422)["detail"]
    assert "query.limit" in problem(api.get("/v1/dead-letters?limit=0"), 422)["detail"]
    too_many = {"ids": [str(NOBODY)] * 1_001}
    assert "1000" in problem(api.post("/v1/dead-letters/replay", json=too_many), 422)["detail"]
