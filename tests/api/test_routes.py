"""``/v1/routes``: reading, setting and the tags in between."""

import itertools
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.access import Scope
from api.auth import Access
from api.routing.items import version_fits, whole_percent
from api.routing.models import WeightsBody
from api.tags import tag_fits
from tests.api.client import NOW, client, of_tenant, problem
from tests.api.route_server import served
from tests.fixtures.store import call_rows
from watchkeeper.clock import ManualClock
from watchkeeper.storage.api_keys import NewKey, create_key
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_ring import KeyRing
from watchkeeper.storage.model_migrations import MigrationDecision, ModelMigration, Served, begin, decide
from watchkeeper.storage.route_weights import Target, read

pytestmark = pytest.mark.clickhouse

A, B = {"provider": "openai", "model": "gpt-4o"}, {"provider": "openai", "model": "gpt-4.1-mini"}
SPLIT = {"targets": [{**A, "weight": 95}, {**B, "weight": 5}]}
NAMES = ["chat", "shop/answer", "a/b/c", "ünï/cödé 💬👩‍💻", "50% off?", "x#y&z=1", "a//b", "export", "a+b", "%2F", " "]


def test_weights_that_were_set_are_read(api: TestClient) -> None:
    body = {**SPLIT, "shadow": [{"model": "m"}], "fallbacks": [{"provider": "x", "model": "y"}], "reason": "why"}
    made = api.put("/v1/routes/chat", json=body)
    assert (made.status_code, made.headers["etag"]) == (200, '"1"')
    assert made.json() == {
        "route": "chat",
        "source": "weights",
        "version": 1,
        "targets": [{**A, "weight": 95, "variant": "primary"}, {**B, "weight": 5, "variant": "canary"}],
        "shadow": [{"provider": "", "model": "m", "weight": 100, "variant": "shadow"}],
        "fallbacks": [{"provider": "x", "model": "y", "weight": 0, "variant": "primary"}],
        "reason": "why",
        "migration_id": None,
        "changed_by": "local",
        "changed_at": NOW.isoformat().replace("+00:00", "Z"),
        "calls": None,
    }
    assert api.get("/v1/routes/chat").json() == made.json()
    assert api.get("/v1/routes").json() == {"rows": [made.json()], "complete": True}


def test_a_route_may_have_any_name(shared_store: Store) -> None:
    with served(shared_store) as at:
        for name in NAMES:
            path = f"/v1/routes/{quote(name, safe='')}"
            assert at.http.put(path, json=SPLIT).status_code == 200, name
            assert read(shared_store, name) is not None, name
            named = at.http.get("/v1/routes", params={"route": name}).json()["rows"]
            assert [row["route"] for row in named] == [name]
            if name != "export":
                assert at.http.get(path).json() == named[0]
                assert at.http.get(f"{path}/export").json()["model_list"][0]["model_name"] == name


def test_without_weights_it_is_what_was_observed(shared_store: Store) -> None:
    models = ["gpt-4o"] * 20 + ["gpt-4.1-mini"] * 10
    shared_store.insert_arrow("calls", call_rows(30, request_model=models), "a")
    api = client(shared_store)
    seen = api.get("/v1/routes/chat")
    assert seen.json()["source"] == "observed"
    assert (seen.json()["version"], seen.json()["calls"], seen.json()["changed_at"]) == (0, 30, None)
    assert [(one["model"], one["weight"]) for one in seen.json()["targets"]] == [("gpt-4o", 67), ("gpt-4.1-mini", 33)]
    assert api.get("/v1/routes").json()["rows"] == [seen.json()]
    assert api.get("/v1/routes?observed=false").json()["rows"] == []
    assert api.get("/v1/routes/chat", headers={"If-None-Match": seen.headers["etag"]}).status_code == 304
    set_now = api.put("/v1/routes/chat", json=SPLIT, headers={"If-Match": seen.headers["etag"]})
    assert set_now.json()["version"] == 1
    assert api.get("/v1/routes").json()["rows"] == [set_now.json()]


def test_what_is_observed_has_another_tag_when_the_shares_are_others(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(10), "a")
    before = client(shared_store).get("/v1/routes/chat").headers["etag"]
    shared_store.insert_arrow("calls", call_rows(30, seed=1, request_model="other"), "b")
    after = client(shared_store).get("/v1/routes/chat").headers["etag"]
    assert before != after and before.startswith('"0-')


def test_what_nobody_knows_is_not_there(api: TestClient) -> None:
    assert "PUT sets weights" in problem(api.get("/v1/routes/none"), 404, "No such route")["detail"]
    problem(api.get("/v1/routes/none/export"), 404, "No such route")


@pytest.mark.parametrize(
    ("header", "fits"),
    [('"1"', True), ('W/"1"', True), ('"7", "1"', True), ("*", True), ('"2"', False), ("1", False), ("", False)],
)
def test_which_if_none_match_fits(header: str, fits: bool) -> None:
    assert tag_fits(header, '"1"') is fits
    assert not tag_fits(None, '"1"')


def test_what_is_known_is_not_sent_again(api: TestClient) -> None:
    api.put("/v1/routes/chat", json=SPLIT)
    for header, status in (('"1"', 304), ('"2"', 200)):
        answer = api.get("/v1/routes/chat", headers={"If-None-Match": header})
        assert (answer.status_code, answer.headers["etag"]) == (status, '"1"')
        assert answer.headers["cache-control"] == "no-cache"
        assert bool(answer.content) == (status == 200)


def test_the_tag_of_the_list_changes_with_each_of_its_routes_alone(api: TestClient) -> None:
    api.put("/v1/routes/a", json=SPLIT)
    api.put("/v1/routes/b", json=SPLIT)
    all_tag, a_tag = (api.get("/v1/routes", params=query).headers["etag"] for query in ({}, {"route": "a"}))
    api.put("/v1/routes/b", json={"targets": [{**A, "weight": 100}]})
    assert api.get("/v1/routes", headers={"If-None-Match": all_tag}).status_code == 200
    assert api.get("/v1/routes?route=a", headers={"If-None-Match": a_tag}).status_code == 304


@pytest.mark.parametrize(
    ("header", "fits"),
    [('"1"', True), ('W/"1"', True), ("*", True), ('"0"', False), ('"2"', False), ('"0-1"', False), ("", False)],
)
def test_which_if_match_fits(header: str, fits: bool) -> None:
    assert version_fits(header, 1) is fits


def test_if_match_guards_against_lost_updates(api: TestClient) -> None:
    api.put("/v1/routes/chat", json=SPLIT)
    other = {"targets": [{**B, "weight": 100}]}
    refused = api.put("/v1/routes/chat", json=other, headers={"If-Match": '"0"'})
    assert "version 1" in problem(refused, 412, "They were changed")["detail"]
    assert api.get("/v1/routes/chat").json()["version"] == 1
    assert api.put("/v1/routes/chat", json=other, headers={"If-Match": '"1"'}).json()["version"] == 2


def test_a_route_that_has_no_weights_does_not_match_anything(api: TestClient) -> None:
    problem(api.put("/v1/routes/chat", json=SPLIT, headers={"If-Match": "*"}), 412)
    assert api.put("/v1/routes/chat", json=SPLIT, headers={"If-Match": '"0"'}).status_code == 200


def test_the_same_weights_again_are_no_new_version(api: TestClient) -> None:
    api.put("/v1/routes/chat", json=SPLIT)
    assert api.put("/v1/routes/chat", json=SPLIT).json()["version"] == 1
    assert api.put("/v1/routes/chat", json={**SPLIT, "reason": "another"}).json()["version"] == 2


def test_who_is_second_is_told(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read version 0, and both write version 1."""
    api = client(shared_store)
    reads = itertools.chain([None, None], itertools.repeat(None))
    monkeypatch.setattr("api.routing.change.read", lambda *_: next(reads))
    assert api.put("/v1/routes/chat", json=SPLIT).status_code == 200
    second = api.put("/v1/routes/chat", json={"targets": [{**B, "weight": 100}]})
    assert "version 1 is theirs" in problem(second, 409, "Somebody was faster")["detail"]
    kept = read(shared_store, "chat")
    assert kept is not None and kept.targets[0] == Target("openai", "gpt-4o", 95, "primary")


MIGRATION = ModelMigration(
    "m-1", "chat", 1, Served("openai", "a"), Served("openai", "b"), {}, {}, "", "", "", (), (), (), "me", NOW
)
STEP = MigrationDecision("m-1", 1, "d-1", "start", "canary_5", NOW, False, "", {}, "me", NOW, 1, {})


def test_a_migration_under_way_keeps_its_weights_unless_forced(shared_store: Store) -> None:
    api = client(shared_store)
    assert begin(shared_store, MIGRATION)
    assert "m-1" in problem(api.put("/v1/routes/chat", json=SPLIT), 409, "A migration is under way")["detail"]
    assert decide(shared_store, STEP)
    problem(api.put("/v1/routes/chat", json=SPLIT), 409, "A migration is under way")
    assert api.put("/v1/routes/other", json=SPLIT).status_code == 200
    assert api.put("/v1/routes/chat?force=true", json=SPLIT).status_code == 200


def test_a_migration_that_ended_is_none(shared_store: Store) -> None:
    begin(shared_store, MIGRATION)
    decide(
        shared_store,
        MigrationDecision("m-1", 1, "d-1", "roll_back", "rolled_back", NOW, False, "", {}, "me", NOW, 1, {}),
    )
    assert client(shared_store).put("/v1/routes/chat", json=SPLIT).status_code == 200


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"targets": []}, "targets"),
        ({"targets": [{**A, "weight": 99}]}, "add up to 99"),
        ({"targets": [{**A, "weight": 50}, {**A, "weight": 50}]}, "names a model twice"),
        ({"targets": [{**A, "weight": 0}, {**B, "weight": 100}]}, "weight"),
        ({"targets": [{**A, "weight": 99.5}]}, "weight"),
        ({"targets": [{**A, "weight": 100, "variant": "shadow"}]}, "variant"),
        ({"targets": [{"model": "", "weight": 100}]}, "model"),
        ({"targets": [{"model": "a\nb", "weight": 100}]}, "model"),
        ({"targets": [{**A, "weight": 100, "temperature": 1}]}, "temperature"),
        ({**SPLIT, "shadows": []}, "shadows"),
        ({**SPLIT, "fallbacks": [B, B]}, "fallbacks names a model twice"),
        ({**SPLIT, "reason": "x" * 501}, "reason"),
        ({"targets": [{"model": f"m{n}", "weight": 1} for n in range(100)]}, "targets"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_bodies_that_do_not_fit_are_named(body: Mapping[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        WeightsBody.model_validate(body)


def test_what_does_not_fit_is_refused_and_changes_nothing(api: TestClient) -> None:
    wrong = api.put("/v1/routes/chat", json={"targets": [{**A, "weight": 99}]})
    assert "add up to 99: make it 100" in problem(wrong, 422)["detail"]
    for name in ("", "a\x00b", "a\tb", "x" * 301):
        problem(api.put(f"/v1/routes/{quote(name, safe='')}", json=SPLIT), 422)
    assert api.get("/v1/routes").json()["rows"] == []


def test_routes_with_weights_are_bounded(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.routing.change.MOST_ROUTES", 1)
    api.put("/v1/routes/a", json=SPLIT)
    assert "1 have weights" in problem(api.put("/v1/routes/b", json=SPLIT), 409, "Too many routes")["detail"]
    assert api.put("/v1/routes/a", json={**SPLIT, "reason": "again"}).status_code == 200


def test_what_comes_behind_a_route_is_found_first(api: TestClient, shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(5, route="a/b"), "a")
    api.put("/v1/routes/a%2Fb", json=SPLIT)
    stated = api.get("/v1/routes/a%2Fb/requirements")
    assert stated.status_code == 200 and "targets" not in stated.json()
    assert api.put("/v1/routes/a%2Fb/requirements", json=SPLIT).status_code == 422
    assert [row["route"] for row in api.get("/v1/routes").json()["rows"]] == ["a/b"]


def test_rows_beyond_the_limit_are_told(api: TestClient) -> None:
    for name in "abc":
        api.put(f"/v1/routes/{name}", json=SPLIT)
    answer = api.get("/v1/routes?limit=2").json()
    assert ([row["route"] for row in answer["rows"]], answer["complete"]) == (["a", "b"], False)


def test_as_a_table(api: TestClient) -> None:
    api.put("/v1/routes/chat", json=SPLIT)
    table = api.get("/v1/routes?format=csv")
    assert table.text.splitlines()[1].startswith('"chat","weights",1,"[{""provider"":""openai"",')
    assert table.headers["etag"] == api.get("/v1/routes").headers["etag"]


def test_who_may_do_what_and_writes_are_recorded(shared_store: Store) -> None:
    ring = KeyRing(shared_store, ManualClock(NOW))
    keys = {
        scope: create_key(shared_store, NewKey(f"a-{scope}", (scope,)), NOW, secrets.token_bytes).text
        for scope in (Scope.READ, Scope.OPERATE, Scope.ADMIN)
    }
    ring.refresh()
    api = client(shared_store, access=Access(keys=ring))

    def put(scope: Scope) -> Any:
        return api.put("/v1/routes/chat", json=SPLIT, headers={"Authorization": f"Bearer {keys[scope]}"})

    problem(put(Scope.READ), 403, "Not with this key")
    assert put(Scope.OPERATE).json()["changed_by"] == "a-operate"
    log = api.get("/v1/audit", headers={"Authorization": f"Bearer {keys[Scope.ADMIN]}"}).json()
    written = [(row["key_name"], row["path"], row["status"]) for row in log]
    assert ("a-operate", "/v1/routes/chat", 200) in written


def test_a_key_of_one_tenant_sees_no_routes(shared_store: Store) -> None:
    asked = of_tenant(shared_store, "acme")
    for path in ("/v1/routes", "/v1/routes/chat", "/v1/routes/export"):
        problem(asked.get(path), 403, "Not with this key")


@given(st.lists(st.integers(0, 10**12), max_size=20))
def test_whole_percent_adds_up_and_is_off_by_less_than_one(counts: list[int]) -> None:
    shares = whole_percent(counts)
    total = sum(counts)
    assert sum(shares) == (100 if total else 0)
    assert all(
        abs(share - 100 * count / total) < 1 + 1e-9 for share, count in zip(shares, counts, strict=True) if total
    )
