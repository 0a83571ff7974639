"""``/v1/migrations`` over stored calls."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.client import client, of_tenant, problem
from tests.api.migrating.world import BEGIN, ROUTE, Law, World
from watchkeeper.storage import notices, route_weights
from watchkeeper.storage.client import Store
from watchkeeper.storage.route_weights import RouteWeights, Target

pytestmark = pytest.mark.clickhouse

BODY = {"route": ROUTE, "candidate": {"provider": "openai", "model": "new"}, "reason": "cheaper"}


@pytest.fixture
def world(shared_store: Store) -> World:
    made = World(shared_store)
    made.past()
    return made


@pytest.fixture
def asked(world: World) -> TestClient:
    return client(world.store, clock=world.clock)


def begin(asked: TestClient, **body: Any) -> dict[str, Any]:
    answer = asked.post("/v1/migrations", json={**BODY, **body})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def act(asked: TestClient, migration: dict[str, Any], action: str) -> dict[str, Any]:
    answer = asked.post(f"/v1/migrations/{migration['id']}/{action}", json={"reason": "because"})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_migration_goes_through_its_phases_by_hand_and_weights_follow(world: World, asked: TestClient) -> None:
    made = begin(asked)
    assert (made["phase"], made["baseline"], made["active"]) == (
        *("evaluation", {"provider": "openai", "model": "old"}),
        True,
    )
    assert world.shares() == {"old": 100}
    shares = []
    for _ in range(7):
        world.clock.sleep(60)
        made = act(asked, made, "promote")
        shares.append((made["phase"], world.shares().get("new", 0)))
    assert shares == [
        ("shadow", 0),
        ("canary_5", 5),
        ("canary_25", 25),
        ("canary_50", 50),
        ("full", 100),
        ("optimise", 100),
        ("done", 100),
    ]
    weights = route_weights.read(world.store, ROUTE)
    assert weights is not None
    assert [(one.model, one.weight) for one in weights.fallbacks] == [("old", 0)]
    assert (weights.migration_id, weights.changed_by, weights.shadow) == (made["id"], "local", ())
    problem(asked.post(f"/v1/migrations/{made['id']}/promote", json={"reason": "x"}), 409, "It has ended")
    told = notices.read(world.store, BEGIN.replace(year=2020), 100)
    assert [one.severity for one in told] == ["info"] * 8
    assert "new goes on to done" in told[-1].title


def test_shadows_are_sent_in_their_phase(world: World, asked: TestClient) -> None:
    begin(asked, begin_with="shadow", gates={"shadow.shadow_percent": 35})
    weights = route_weights.read(world.store, ROUTE)
    assert weights is not None
    assert weights.shadow == (Target("openai", "new", 35, "shadow"),)
    assert world.shares() == {"old": 100}


def test_weights_of_before_come_back_with_all_that_was_there(world: World, asked: TestClient) -> None:
    world.laws["third"] = Law()
    targets = (Target("openai", "old", 70, "primary"), Target("openai", "third", 30, "primary"))
    fallbacks = (Target("azure", "spare", 0, "primary"),)
    route_weights.write(world.store, RouteWeights(ROUTE, 1, targets, (), fallbacks, "r", None, "me", BEGIN))
    made = begin(asked, begin_with="canary_5")
    assert world.shares() == {"old": 66, "new": 4, "third": 30}
    back = act(asked, made, "rollback")
    assert (back["phase"], back["active"], back["last_reason"]) == ("rolled_back", False, "local: because")
    weights = route_weights.read(world.store, ROUTE)
    assert weights is not None
    assert (weights.version, weights.targets, weights.fallbacks) == (3, targets, fallbacks)


def test_a_route_has_one_migration_at_a_time(world: World, asked: TestClient) -> None:
    first = begin(asked)
    detail = problem(asked.post("/v1/migrations", json=BODY), 409, "A migration is under way")["detail"]
    assert first["id"] in detail
    act(asked, first, "cancel")
    second = begin(asked)
    rows = asked.get("/v1/migrations").json()["rows"]
    assert [(row["id"], row["phase"]) for row in rows] in (
        [(second["id"], "evaluation"), (first["id"], "cancelled")],
        [(first["id"], "cancelled"), (second["id"], "evaluation")],
    )
    assert [row["id"] for row in asked.get("/v1/migrations?active=true").json()["rows"]] == [second["id"]]
    assert asked.get("/v1/migrations?route=other").json()["rows"] == []
    assert asked.get("/v1/migrations?format=csv").text.splitlines()[0].startswith('"id","route","baseline_provider"')


def test_the_detail_says_what_the_phase_still_needs(world: World, asked: TestClient) -> None:
    made = begin(asked, begin_with="canary_5", limits={"error_ratio": 3}, gates={"canary_5.calls": 10})
    world.spend(600, 300)
    answer = asked.get(f"/v1/migrations/{made['id']}").json()
    assert answer["outlook"]["step"] == "hold"
    assert "more hours" in answer["outlook"]["reason"] and "a verdict" in answer["outlook"]["reason"]
    assert answer["outlook"]["facts"]["minutes.candidate.calls"] > 0
    assert (answer["limits"]["error_ratio"], answer["limits"]["p95_ratio"]) == (3, 1.5)
    assert [one["weight"] for one in answer["targets"]] == [95, 5]
    assert [one["step"] for one in answer["decisions"]] == ["start"]
    assert asked.get(f"/v1/migrations/{made['id']}?outlook=false").json()["outlook"] is None


def test_pause_and_resume(world: World, asked: TestClient) -> None:
    made = begin(asked)
    assert act(asked, made, "pause")["paused"]
    problem(asked.post(f"/v1/migrations/{made['id']}/pause", json={"reason": "x"}), 409, "It is so already")
    assert "somebody to resume it" in asked.get(f"/v1/migrations/{made['id']}").json()["outlook"]["reason"]
    assert not act(asked, made, "resume")["paused"]


def test_the_report_tells_each_phase_in_markdown_and_json(world: World, asked: TestClient) -> None:
    world.laws["new"] = Law(cost_nano=500_000, latency_s=2.0)
    made = begin(asked, begin_with="canary_5", reason="a | pipe and *stars*")
    world.spend(3600, 400)
    act(asked, made, "promote")
    world.spend(3600, 400)
    act(asked, made, "cancel")
    answer = asked.get(f"/v1/migrations/{made['id']}/report").json()
    assert [(one["phase"], one["hours"]) for one in answer["phases"]] == [("canary_5", 1.0), ("canary_25", 1.0)]
    arm = answer["phases"][1]["candidate"]
    assert arm["error_rate_low"] <= arm["error_rate"] <= arm["error_rate_high"]
    assert arm["satisfaction"] is None
    assert any("cost per useful call" in point for point in answer["went_well"])
    assert any("p95 latency" in point for point in answer["went_badly"])
    assert any("left canary_5 before its gate was passed" in point for point in answer["went_badly"])
    text = asked.get(f"/v1/migrations/{made['id']}/report?format=markdown")
    assert text.headers["content-type"].startswith("text/markdown")
    assert "a \\| pipe and \\*stars\\*" in text.text
    assert text.text.count("| canary 25 | 1.0 |") == 2


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"candidate": {"provider": "openai", "model": "old"}}, "it is the baseline"),
        ({"baseline": {"provider": "openai", "model": "none"}}, "asked for were: openai old"),
        ({"route": "quiet"}, "no calls of quiet"),
        ({"begin_with": "full"}, "begin_with: choose one of evaluation, shadow, canary_5"),
        ({"begin_with": "now"}, "body.begin_with"),
        ({"limits": {"errors": 2}}, "there is no limit 'errors'"),
        ({"limits": {"p95_ratio": 0.5}}, "limit p95_ratio is 0.5: choose from 1.01"),
        ({"gates": {"canary_5.percent": 2}}, "there is no gate 'canary_5.percent'"),
        ({"gates": {"full.hours": 1e9}}, "gate full.hours is 1e+09: choose from 0 to 2,160"),
        ({"gates": {"canary_5.calls": 1e99}}, "gate canary_5.calls is 1e+99: choose from 0 to 10,000,000"),
        ({"gates": {"shadow.shadow_percent": 1.7}}, "gate shadow.shadow_percent is 1.7: choose a whole number"),
        ({"limits": {"least_calls": 20.5}}, "limit least_calls is 20.5: choose a whole number"),
        ({"candidate": {"provider": "openai", "model": "new\x1b[2J"}}, "body.candidate.model"),
        ({"reason": "a\nb"}, "body.reason"),
        ({"reason": " "}, "body.reason"),
        ({"phase": "full"}, "body.phase"),
    ],
)
def test_what_cannot_be_a_migration_is_refused(asked: TestClient, body: dict[str, Any], named: str) -> None:
    answer = asked.post("/v1/migrations", json={**BODY, **body})
    assert named in problem(answer, 422, "A parameter does not fit")["detail"]
    assert asked.get("/v1/migrations").json()["rows"] == []


def test_a_candidate_with_calls_already_and_a_baseline_without_weight_are_refused(
    world: World, asked: TestClient
) -> None:
    targets = (Target("openai", "third", 60, "primary"), Target("openai", "new", 40, "primary"))
    route_weights.write(world.store, RouteWeights(ROUTE, 1, targets, (), (), "r", None, "me", BEGIN))
    old = {"baseline": {"provider": "openai", "model": "old"}}
    assert "do not go to old" in problem(asked.post("/v1/migrations", json={**BODY, **old}), 422)["detail"]
    world.laws["third"] = Law()
    world.write("third", BEGIN, 60, 5)
    assert "has calls of chat already" in problem(asked.post("/v1/migrations", json=BODY), 422)["detail"]


def test_weights_and_calls_of_any_name_are_told_what_to_mend(world: World, asked: TestClient) -> None:
    nobody = (Target("", "old", 100, "primary"),)
    route_weights.write(world.store, RouteWeights(ROUTE, 1, nobody, (), (), "r", None, "me", BEGIN))
    assert "asked for were: openai old" in problem(asked.post("/v1/migrations", json=BODY), 422)["detail"]
    other, long = World(world.store, "another", world.clock), "m" * 300
    other.laws[long] = Law()
    other.write(long, BEGIN, 60, 5)
    assert begin(asked, route="another")["baseline"]["model"] == long


def test_a_list_that_is_cut_says_so(world: World, asked: TestClient) -> None:
    act(asked, begin(asked), "cancel")
    begin(asked)
    for limit, complete in ((1, False), (2, True)):
        answer = asked.get(f"/v1/migrations?limit={limit}").json()
        assert (len(answer["rows"]), answer["complete"]) == (limit, complete)


def test_who_may(world: World, asked: TestClient) -> None:
    problem(asked.get("/v1/migrations/nothing"), 404, "No such migration")
    problem(asked.post("/v1/migrations/nothing/pause", json={"reason": "x"}), 404, "No such migration")
    bound = of_tenant(world.store, "acme")
    problem(bound.get("/v1/migrations"), 403)
    problem(bound.post("/v1/migrations", json=BODY), 403)
