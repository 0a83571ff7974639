"""``POST /v1/costs/what-if``: what it answers, warns of, and refuses."""

from datetime import UTC, datetime
from decimal import Decimal
from secrets import token_bytes
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.auth import Access
from tests.api.client import client, problem
from tests.fixtures.store import call_rows
from watchkeeper.cli.catalogs import catalog_parts
from watchkeeper.clock import ManualClock
from watchkeeper.settings import Settings
from watchkeeper.storage.api_keys import NewKey, create_key
from watchkeeper.storage.client import Store
from watchkeeper.storage.key_ring import KeyRing

pytestmark = pytest.mark.clickhouse

NOW = datetime(2026, 11, 20, tzinfo=UTC)
PERIOD = {"start": "2026-05-28T00:00:00Z", "end": "2026-05-29T00:00:00Z"}
CATALOG = catalog_parts(Settings.load(), ManualClock(NOW))
HOSTING = {
    "gpu_usd_per_hour": 2,
    "gpus_per_replica": 1,
    "tokens_per_second": 2_000,
    "utilisation": 0.5,
    "engineer_hours_per_month": 0,
    "engineer_usd_per_hour": 0,
}
Answer = dict[str, Any]


@pytest.fixture(scope="module")
def api(_shared: Store) -> TestClient:
    return client(_shared, catalog=CATALOG, clock=ManualClock(NOW))


def asked(api: TestClient, question: Answer, **query: Any) -> Answer:
    answer = api.post("/v1/costs/what-if", json=question, params={**PERIOD, **query})
    assert answer.status_code == 200, answer.text
    found: Answer = answer.json()
    return found


def scenario(api: TestClient, **said: Any) -> Answer:
    (one,) = asked(api, {"scenarios": [said]})["scenarios"]
    found: Answer = one
    return found


def test_another_model_costs_its_own_list_price(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(10), "a")
    found = scenario(api, model="gpt-4o-mini")
    # 1,000 tokens in at 0.15 and 100 out at 0.60 dollars per million.
    assert (found["usd"], found["calls_priced"], found["provider"]) == ("0.002100000", 10, "openai")
    assert found["parts"] == {
        "input_usd": "0.001500000",
        "cache_read_usd": "0.000000000",
        "cache_write_usd": "0.000000000",
        "output_usd": "0.000600000",
    }
    assert found["compared"] == {
        "calls": 10,
        "observed_usd": "0.035000000",
        "usd": "0.002100000",
        "difference_usd": "-0.032900000",
        "difference_share": pytest.approx(-0.94),
    }
    assert any("Tokenizers" in sentence for sentence in found["assumptions"])
    assert found["warnings"] == []


def test_staying_costs_what_it_cost(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(10), "a")
    found = scenario(api)
    assert (found["name"], found["usd"], found["compared"]["difference_usd"]) == (
        "as it was",
        "0.035000000",
        "0.000000000",
    )
    assert found["too_large"] is None


@pytest.mark.parametrize(
    ("said", "usd"),
    [
        ({"tier": "batch"}, "0.017500000"),
        ({"cache": {"read_share": 0.5, "from_tokens": 1_000}}, "0.028750000"),
        ({"cache": {"read_share": 0.5, "from_tokens": 1_001}}, "0.035000000"),
        ({"cache": "none"}, "0.035000000"),
        ({"input_token_factor": 2, "output_token_factor": "0.5"}, "0.055000000"),
    ],
    ids=str,
)
def test_tier_cache_and_lengths(shared_store: Store, api: TestClient, said: Answer, usd: str) -> None:
    shared_store.insert_arrow("calls", call_rows(10), "a")
    (found,) = asked(api, {"scenarios": [said], "prices": "today"})["scenarios"]
    assert found["usd"] == usd


def test_prices_of_the_day_are_not_those_of_today(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(10), "a")
    # The list dates batch prices from October on; the calls are of May.
    then = scenario(api, tier="batch")
    assert (then["usd"], then["calls_unpriced"]) == (None, 10)
    assert "10 calls have no price there" in then["warnings"][0]


def test_calls_that_would_not_fit_are_told(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(3), "a")
    shared_store.insert_arrow("calls", call_rows(2, seed=1, input_tokens=200_000), "b")
    found = scenario(api, model="gpt-4o-mini")
    assert (found["calls"], found["calls_priced"], found["calls_too_large"]) == (5, 3, 2)
    large = found["too_large"]
    assert (large["context_tokens"], large["largest_call_tokens"], len(large["trace_ids"])) == (128_000, 200_100, 2)
    assert "2 calls would not fit" in found["warnings"][0]
    rows = shared_store.query_rows("SELECT lower(hex(trace_id)) AS id FROM calls WHERE input_tokens > 128000")
    assert sorted(large["trace_ids"]) == sorted(row["id"] for row in rows)


def test_limits_that_are_not_known_are_said_not_to_be_checked(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(3), "a")
    found = scenario(api, provider="vllm", model="nobody-knows")
    assert (found["calls_unpriced"], found["usd"], found["too_large"]["context_tokens"]) == (3, None, None)
    assert any("was not checked" in warning for warning in found["warnings"])


def test_every_call_is_one_of_five(shared_store: Store, api: TestClient) -> None:
    nothing: Answer = dict.fromkeys(("input_tokens", "output_tokens", "cost_usd", "cost_input_usd", "cost_output_usd"))
    shared_store.insert_arrow("calls", call_rows(3), "a")
    shared_store.insert_arrow("calls", call_rows(2, seed=1, gateway_cache_hit=True, cost_usd=0), "b")
    shared_store.insert_arrow("calls", call_rows(4, seed=2, cost_status="no_usage", outcome="error", **nothing), "c")
    shared_store.insert_arrow("calls", call_rows(1, seed=3, input_tokens=500_000), "d")
    found = scenario(api, model="gpt-4o-mini")
    kinds = ("calls_priced", "calls_too_large", "calls_unpriced", "calls_without_usage", "gateway_hits")
    assert [found[kind] for kind in kinds] == [3, 1, 0, 4, 2]
    assert found["calls"] == 10


def test_groups_add_up_and_come_as_a_table(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(3, route="chat"), "a")
    shared_store.insert_arrow("calls", call_rows(2, seed=1, route="search"), "b")
    question = {"scenarios": [{"model": "gpt-4o-mini"}, {"tier": "standard"}], "group_by": ["route", "service"]}
    answer = asked(api, question)
    assert [(row["scenario"], row["group"]["route"], row["calls"]) for row in answer["rows"]] == [
        ("gpt-4o-mini", "chat", 3),
        ("gpt-4o-mini", "search", 2),
        ("standard", "chat", 3),
        ("standard", "search", 2),
    ]
    mini = [row for row in answer["rows"] if row["scenario"] == "gpt-4o-mini"]
    assert sum(Decimal(row["usd"]) for row in mini) == Decimal(answer["scenarios"][0]["usd"])
    table = api.post("/v1/costs/what-if", json=question, params={**PERIOD, "format": "csv"})
    assert len(table.text.splitlines()) == 5
    assert asked(api, {**question, "group_by": []}, route="search")["observed"]["calls"] == 2


def test_a_cut_off_history_is_never_shown_as_whole(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(3), "a")
    assert asked(api, {})["is_complete"] is True
    far = asked(api, {}, start="1971-06-01T00:00:00Z", end="1972-06-01T00:00:00Z")
    assert far["is_complete"] is False
    assert far["complete_since"] > far["start"]
    assert (far["observed"]["usd"], far["scenarios"]) == (None, [])


def test_self_hosting_against_what_is_observed(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(100), "a")
    hosting = asked(api, {"self_hosting": HOSTING})["self_hosting"]
    assert hosting["missing"] == {}
    assert (hosting["tokens_per_call"], hosting["api_usd_per_call"]) == (1_100, "0.003500000")
    # 48 dollars a day for the GPU, at 0.0035 dollars a call.
    assert hosting["break_even_calls_per_day"] == 13_715
    assert hosting["verdict"] == "the API is cheaper at today's traffic; self-hosting pays from 13,715 calls a day"
    # All calls fall into the time from the first one (20:26:40) to the end of the day.
    assert hosting["calls_per_day"] == pytest.approx(100 * 86_400 / 12_800)


def test_what_self_hosting_lacks_is_asked_for(shared_store: Store, api: TestClient) -> None:
    hosting = asked(api, {"self_hosting": {"gpu_usd_per_hour": 2}})["self_hosting"]
    assert sorted(hosting["missing"]) == sorted(
        {*HOSTING, "calls_per_day", "tokens_per_call", "api_usd_per_call"} - {"gpu_usd_per_hour"}
    )
    assert (hosting["verdict"], hosting["break_even_calls_per_day"]) == ("cannot tell: see missing", None)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"scenarios": [{"modell": "x"}]}, "modell: Extra inputs"),
        ({"scenarios": [{}] * 6}, "at most 5 items"),
        ({"scenarios": [{"model": ""}]}, "model"),
        ({"scenarios": [{"input_token_factor": 0}]}, "input_token_factor"),
        ({"scenarios": [{"cache": {"read_share": 0.9, "write_share": 0.2}}]}, "together at most 1"),
        ({"self_hosting": {"utilisation": 2}}, "utilisation"),
        ({"group_by": ["a", "b", "c", "d", "e"]}, "group_by"),
    ],
    ids=range(7),
)
def test_what_makes_no_sense_is_told(api: TestClient, question: Answer, said: str) -> None:
    assert said in problem(api.post("/v1/costs/what-if", json=question), 422)["detail"]


def test_what_nobody_can_group_by_is_told(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(1), "a")
    answer = api.post("/v1/costs/what-if", json={"group_by": ["mood"]}, params=PERIOD)
    assert "cannot group by 'mood': use service" in problem(answer, 400)["detail"]


def test_a_key_of_a_tenant_sees_its_calls_only(shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(3, tenant="acme"), "a")
    shared_store.insert_arrow("calls", call_rows(2, seed=1, tenant="other"), "b")
    clock = ManualClock(NOW)
    key = create_key(shared_store, NewKey("reader", ("read",), ("acme",)), NOW, token_bytes)
    ring = KeyRing(shared_store, clock)
    ring.refresh()
    api = client(shared_store, catalog=CATALOG, clock=clock, access=Access(keys=ring, guarded=True))
    api.headers["Authorization"] = f"Bearer {key.text}"
    assert asked(api, {})["observed"]["calls"] == 3
    problem(api.post("/v1/costs/what-if", json={}, params={**PERIOD, "tenant": "other"}), 403)
    # A bill is of all tenants.
    problem(api.post("/v1/costs/reconcile", content=b"{}"), 403)
