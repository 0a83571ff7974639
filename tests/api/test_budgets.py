"""``/v1/budgets`` and ``GET /v1/costs/forecast`` over stored calls."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from pyarrow import csv

from api.auth import Access
from tests.api.client import NOW, client, problem
from tests.fixtures.store import call_rows
from watchkeeper.clock import ManualClock
from watchkeeper.storage.api_keys import NewKey, create_key
from watchkeeper.storage.budgets import BudgetEvent, insert_budget_events
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_ring import KeyRing

pytestmark = pytest.mark.clickhouse

HOUR_US = 3_600_000_000
DAYS = 30
BUDGET = {"limit_usd": "80"}


@pytest.fixture
def spent(shared_store: Store) -> Store:
    """30 days of a call every hour, at ten cents each, for two tenants in turn."""
    n = DAYS * 24
    first = int((NOW - timedelta(days=DAYS)).timestamp() * 1e6)
    times = pa.array(first + np.arange(n) * HOUR_US)
    tenants = ["acme" if place % 2 else "zeta" for place in range(n)]
    shared_store.insert_arrow("calls", call_rows(n, ts=times, tenant=tenants, cost_usd=100_000_000), "a")
    return shared_store


def put(api: TestClient, name: str, **body: Any) -> dict[str, Any]:
    answer = api.put(f"/v1/budgets/{name}", json={**BUDGET, **body})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def bound(store: Store, *scopes: str) -> TestClient:
    """A client whose key sees the tenant acme alone."""
    clock = ManualClock(NOW)
    made = create_key(store, NewKey("acme-key", scopes, ("acme",), None), NOW, lambda size: b"\1" * size)
    ring = KeyRing(store, clock)
    ring.refresh()
    api = client(store, access=Access(keys=ring, guarded=True))
    api.headers["Authorization"] = f"Bearer {made.text}"
    return api


def test_a_budget_is_made_changed_and_removed(shared_store: Store, api: TestClient) -> None:
    made = put(api, "team", scope={"route": ["chat", "chat"], "tag": ["team=x"]}, warn_percent=[100, 50, 50])
    assert (made["version"], made["limit_usd"], made["period"], made["changed_by"]) == (
        *(1, "80.000000000", "month"),
        "local",
    )
    assert (made["scope"], made["warn_percent"]) == ({"route": ["chat"], "tag": ["team=x"]}, [50, 100])
    assert put(api, "team", scope={"tag": ["team=x"], "route": ["chat"]}, warn_percent=[50, 100]) == made
    assert put(api, "team", period="day")["version"] == 2
    assert api.get("/v1/budgets/team").json()["budget"]["period"] == "day"
    assert api.delete("/v1/budgets/team").status_code == 204
    assert "GET /v1/budgets" in problem(api.get("/v1/budgets/team"), 404, "No such budget")["detail"]
    problem(api.delete("/v1/budgets/team"), 404)
    versions = api.get("/v1/budgets/team/versions").json()["rows"]
    assert [(one["version"], one["removed"]) for one in versions] == [(3, True), (2, False), (1, False)]
    assert put(api, "team")["version"] == 4


def test_the_status_of_a_month(spent: Store, api: TestClient) -> None:
    put(api, "all")
    start = "2026-05-01T00:00:00Z"
    status = api.get("/v1/budgets/all").json()["status"]
    assert (status["period_start"], status["period_end"]) == (start, "2026-06-01T00:00:00Z")
    assert float(status["spent_usd"]) == pytest.approx(66.9)
    assert (status["share"], status["level"]) == (pytest.approx(66.9 / 80), 80)
    assert float(status["expected"]["expected_usd"]) == pytest.approx(74.4, abs=0.2)
    assert (status["chance_above_limit"], status["limit_at"], status["reached"]) == (0, None, [])


def test_the_status_follows_scope_period_and_zone(spent: Store, api: TestClient) -> None:
    put(api, "acme", scope={"tenant": ["acme"]})
    put(api, "today", period="day", limit_usd=2.3)
    put(api, "there", period="day", time_zone="Asia/Kolkata", limit_usd=5)
    rows = {row["budget"]["name"]: row["status"] for row in api.get("/v1/budgets").json()["rows"]}
    assert float(rows["acme"]["spent_usd"]) == pytest.approx(33.4, abs=0.11)
    today = rows["today"]
    assert (today["spent_usd"], today["level"]) == ("2.100000000", 80)
    assert today["limit_at"][:13] in ("2026-05-28T22", "2026-05-28T23")
    assert today["chance_above_limit"] > 0.5
    assert rows["there"]["period_start"] == "2026-05-28T18:30:00Z"
    assert rows["there"]["spent_usd"] == "0.200000000"


def test_reported_levels_are_shown(spent: Store, api: TestClient) -> None:
    put(api, "all")
    start = NOW.replace(day=1, hour=0, minute=0)
    event = BudgetEvent("all", start, 50, 1, NOW - timedelta(days=9), Decimal(40), Decimal(80))
    insert_budget_events(spent, [event])
    (reached,) = api.get("/v1/budgets/all").json()["status"]["reached"]
    assert (reached["percent"], reached["at"], reached["spent_usd"]) == (50, "2026-05-19T21:00:00Z", "40.000000000")


def test_budgets_are_paged_and_come_as_a_table(shared_store: Store, api: TestClient) -> None:
    for name in ("a", "b", "c"):
        put(api, name)
    first = api.get("/v1/budgets", params={"limit": 2, "status": False}).json()
    second = api.get("/v1/budgets", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    names = [[row["budget"]["name"] for row in page["rows"]] for page in (first, second)]
    assert (names, second["next_cursor"], first["rows"][0]["status"]) == ([["a", "b"], ["c"]], None, None)
    table = csv.read_csv(pa.BufferReader(api.get("/v1/budgets?format=csv").content))
    assert table["budget_name"].to_pylist() == ["a", "b", "c"]
    problem(api.get("/v1/budgets?cursor=%F0%9F"), 422)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"limit_usd": 0}, "body.limit_usd"),
        ({"limit_usd": "NaN"}, "body.limit_usd"),
        ({"limit_usd": "0.0000000001"}, "body.limit_usd"),
        ({"period": "year"}, "body.period"),
        ({"time_zone": "Mars"}, "Europe/Berlin"),
        ({"warn_percent": []}, "body.warn_percent"),
        ({"warn_percent": [0]}, "body.warn_percent"),
        ({"scope": {"prompt": ["x"]}}, "cannot filter on prompt"),
        ({"scope": {"gateway_cache_hit": ["yes"]}}, "cannot filter on gateway_cache_hit"),
        ({"scope": {"tag": ["team"]}}, "NAME=VALUE"),
        ({"scope": {"model": []}}, "body.scope.model"),
        ({"owner": "me"}, "body.owner"),
    ],
)
def test_what_cannot_be_a_budget_is_refused(api: TestClient, body: dict[str, Any], named: str) -> None:
    answer = api.put("/v1/budgets/team", json={**BUDGET, **body})
    assert named in problem(answer, 422, "A parameter does not fit")["detail"]
    assert api.get("/v1/budgets").json()["rows"] == []


@pytest.mark.parametrize("name", ["-x", "a b", "x" * 65, "é"])
def test_names_are_plain(api: TestClient, name: str) -> None:
    assert "path.name" in problem(api.put(f"/v1/budgets/{name}", json=BUDGET), 422)["detail"]


def test_there_are_only_so_many(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.routes.budgets.MOST_BUDGETS", 1)
    put(api, "a")
    problem(api.put("/v1/budgets/b", json=BUDGET), 409, "Too many budgets")
    assert put(api, "a", limit_usd=3)["version"] == 2


def test_a_key_of_one_tenant_sees_and_changes_budgets_of_that_tenant_alone(spent: Store, api: TestClient) -> None:
    put(api, "all")
    put(api, "both", scope={"tenant": ["acme", "zeta"]})
    put(api, "theirs", scope={"tenant": ["acme"]})
    own = bound(spent, "operate")
    assert [row["budget"]["name"] for row in own.get("/v1/budgets").json()["rows"]] == ["theirs"]
    assert put(own, "mine")["scope"] == {"tenant": ["acme"]}
    for name in ("all", "both"):
        problem(own.get(f"/v1/budgets/{name}"), 404)
        problem(own.delete(f"/v1/budgets/{name}"), 404)
        problem(own.get(f"/v1/budgets/{name}/versions"), 404)
        problem(own.put(f"/v1/budgets/{name}", json=BUDGET), 409, "The name is taken")
    problem(own.put("/v1/budgets/more", json={**BUDGET, "scope": {"tenant": ["zeta"]}}), 403)


def test_reading_needs_one_scope_and_writing_another(spent: Store, api: TestClient) -> None:
    put(api, "theirs", scope={"tenant": ["acme"]})
    own = bound(spent, "read")
    assert own.get("/v1/budgets/theirs").status_code == 200
    problem(own.put("/v1/budgets/theirs", json=BUDGET), 403)
    problem(own.delete("/v1/budgets/theirs"), 403)


def test_costs_of_a_tenants_key_are_those_of_the_tenant(spent: Store, api: TestClient) -> None:
    own = bound(spent, "read")
    every, part = (one.get("/v1/costs/forecast").json() for one in (api, own))
    assert float(part["spent_usd"]) == pytest.approx(float(every["spent_usd"]) / 2, abs=0.11)
    every, part = (one.get("/v1/costs/drivers").json()["period"]["cost_usd"] for one in (api, own))
    assert float(part) == pytest.approx(float(every) / 2)
    for path in ("forecast", "drivers"):
        problem(own.get(f"/v1/costs/{path}?tenant=zeta"), 403)


def test_the_forecast_of_the_month(spent: Store, api: TestClient) -> None:
    answer = api.get("/v1/costs/forecast").json()
    assert (answer["certainty"], answer["start"], answer["until"]) == (
        *("forecast", "2026-05-01T00:00:00Z"),
        "2026-06-01T00:00:00Z",
    )
    assert answer["spent_usd"] == "66.900000000"
    total = {name: float(amount) for name, amount in answer["total"].items()}
    assert total["expected_usd"] == pytest.approx(74.4, abs=0.2)
    assert 66.9 < total["low_95_usd"] < total["low_80_usd"] < total["high_80_usd"] < total["high_95_usd"] < 80
    assert [day["day"] for day in answer["days"]] == ["2026-05-28", "2026-05-29", "2026-05-30", "2026-05-31"]
    assert answer["whole_days_of_history"] == 29
    assert answer["summary"].startswith("Expected by 2026-06-01 00:00 UTC: $74.")


def test_a_forecast_until_another_time_and_of_some_calls(spent: Store, api: TestClient) -> None:
    answer = api.get("/v1/costs/forecast?until=2026-06-10T00:00:00Z&tenant=acme&zone=Europe/Berlin").json()
    assert float(answer["total"]["expected_usd"]) == pytest.approx(33.4 + 12.3 * 1.2, abs=0.5)
    assert answer["start"] == "2026-04-30T22:00:00Z"
    table = csv.read_csv(pa.BufferReader(api.get("/v1/costs/forecast?format=csv").content))
    assert [str(day) for day in table["day"].to_pylist()][-1] == "2026-05-31"


def test_a_forecast_without_history_says_what_is_missing(shared_store: Store, api: TestClient) -> None:
    answer = api.get("/v1/costs/forecast").json()
    assert (answer["certainty"], answer["total"], answer["days"], answer["spent_usd"]) == ("cannot_tell", None, [], "0")
    assert "No call" in answer["missing"]
    shared_store.insert_arrow("calls", call_rows(5, cost_usd=None, cost_status="unpriced"), "a")
    answer = api.get("/v1/costs/forecast").json()
    assert (answer["spent_usd"], answer["unpriced_calls"]) == (None, 5)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("until=2026-05-28T20:00:00Z", "within the next 366 days"),
        ("until=2028-05-28T20:00:00Z", "within the next 366 days"),
        ("until=2026-06-28T20:00:00", "needs a zone"),
        ("zone=Mars", "Europe/Berlin"),
        ("until=soon", "query.until"),
    ],
)
def test_bad_questions_for_a_forecast_are_refused(api: TestClient, query: str, named: str) -> None:
    answer = api.get(f"/v1/costs/forecast?{query}")
    assert answer.status_code in (400, 422)
    assert named in problem(answer, answer.status_code)["detail"]
