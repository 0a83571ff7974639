"""``POST /v1/costs/reconcile``: every likely reason from a bill that was made to have it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from tests.api import bills
from tests.api.client import client, problem
from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.clock import ManualClock
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

MODEL = "gpt-4o-2024-08-06"
LATER = datetime(2026, 6, 20, tzinfo=UTC)
DAY_US = 86_400_000_000
NOTHING: dict[str, Any] = dict.fromkeys(("cost_usd", "cost_input_usd", "cost_output_usd"))
Answer = dict[str, Any]


@pytest.fixture(scope="module")
def api(_shared: Store) -> TestClient:
    """Three weeks after the calls: nothing is young any more."""
    return client(_shared, clock=ManualClock(LATER))


def store_calls(store: Store, n: int, **overrides: Any) -> None:
    number = store.query_rows("SELECT count() AS n FROM calls")[0]["n"]
    store.insert_arrow("calls", call_rows(n, seed=number + 1, **overrides), f"token-{number}-{n}")


def usage(requests: int = 10, **more: Any) -> dict[str, Any]:
    """What OpenAI tells of so many of the calls that ``call_rows`` makes."""
    return {
        "model": MODEL,
        "num_model_requests": requests,
        "input_tokens": 1_000 * requests,
        "output_tokens": 100 * requests,
        **more,
    }


def compared(api: TestClient, bill: bytes, **query: Any) -> Answer:
    answer = api.post("/v1/costs/reconcile", content=bill, params=query)
    assert answer.status_code == 200, answer.text
    found: Answer = answer.json()
    return found


def why(row: Mapping[str, Any]) -> list[str]:
    return [reason["reason"] for reason in row["reasons"]]


def test_what_is_the_same_agrees(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 10)
    answer = compared(api, bills.openai_usage(usage()), export_of="openai")
    assert (answer["verdict"], answer["provider"]) == ("agrees", "openai")
    assert (answer["start"], answer["end"]) == ("2026-05-28T00:00:00Z", "2026-05-29T00:00:00Z")
    assert answer["difference"] == {
        "requests": 0,
        "input_tokens": 0,
        "cache_read_tokens": None,
        "cache_write_tokens": None,
        "output_tokens": 0,
        "usd": None,
    }
    assert [(row["agrees"], row["reasons"]) for row in answer["rows"]] == [(True, [])]
    assert answer["notes"][0].startswith("The export has no amounts")
    assert (
        compared(api, bills.openai_costs((f"{MODEL}, input", 0.025), (f"{MODEL}, output", 0.01)))["verdict"] == "agrees"
    )


@pytest.mark.parametrize(("here", "verdict"), [(99, "agrees"), (97, "differs")])
def test_a_tolerance_is_a_part_of_the_larger_number(
    shared_store: Store, api: TestClient, here: int, verdict: str
) -> None:
    store_calls(shared_store, here)
    assert compared(api, bills.openai_usage(usage(100)), tolerance="0.02")["verdict"] == verdict


def test_calls_that_are_not_instrumented(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 6)
    answer = compared(api, bills.openai_usage(usage(8), usage(2, model="o3")))
    assert answer["verdict"] == "differs"
    assert [(row["model"], why(row)) for row in answer["rows"]] == [
        (MODEL, ["not_instrumented"]),
        ("o3", ["not_instrumented"]),
    ]
    assert answer["reasons"][0]["rows"] == 2
    assert answer["reasons"][0]["difference_tokens"] == 4 * 1_100
    assert answer["sentence"] == (
        "The provider counts 11,000 tokens, stored calls 6,600. The most of it: 25.0% of the provider's tokens are in "
        "no stored call: applications that are not instrumented, or sampling."
    )


def test_calls_without_usage_explain_tokens_that_are_missing(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 6)
    nothing = {**NOTHING, "input_tokens": None, "output_tokens": None}
    store_calls(shared_store, 4, is_stream=True, cost_status="no_usage", **nothing)
    (row,) = compared(api, bills.openai_usage(usage(10)))["rows"]
    assert why(row) == ["usage_not_reported"]
    assert row["reasons"][0]["sentence"].startswith("4 stored calls told no tokens")


def test_unpriced_calls_are_missing_from_our_sum_not_free(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 10, cost_status="unpriced", **NOTHING)
    (row,) = compared(api, bills.openai_costs((f"{MODEL}, input", 0.035)))["rows"]
    assert (row["stored"]["usd"], row["agrees"], why(row)[0]) == (None, False, "unpriced")
    answer = compared(api, bills.openai_costs((f"{MODEL}, input", 0.025), (f"{MODEL}, output", 0.01)))
    assert answer["reasons"][0]["difference_usd"] == "0.035"


@pytest.mark.parametrize(
    ("factor", "extra", "reason"),
    [
        (Decimal("0.5"), {}, "batch_discount"),
        (Decimal("0.85"), {}, "price_differs"),
        (Decimal("1.7"), {"service_tier": "priority"}, "tier_price"),
    ],
    ids=["half", "discount", "priority"],
)
def test_prices_that_differ(
    shared_store: Store, api: TestClient, factor: Decimal, extra: Mapping[str, Any], reason: str
) -> None:
    store_calls(shared_store, 10)
    page = bills.anthropic_page()
    results = [
        {"object": "organization.usage.completions.result", **usage(), **extra},
        {
            "object": "organization.costs.result",
            "amount": {"value": float(Decimal("0.035") * factor), "currency": "usd"},
            "line_item": f"{MODEL}, input",
        },
    ]
    page = bills.openai_usage(*results)
    (row,) = compared(api, page, tolerance_usd="0.0001")["rows"]
    assert why(row) == [reason]


def test_cached_tokens_left_out_or_split_otherwise(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 10, cache_read_tokens=600)
    (left_out,) = compared(api, bills.openai_usage(usage(input_tokens=4_000)))["rows"]
    assert why(left_out) == ["cache_counted_differently"]
    (split,) = compared(api, bills.openai_usage(usage(input_cached_tokens=1_000)))["rows"]
    assert (split["agrees"], why(split)) == (False, ["cache_counted_differently"])
    assert split["difference"]["cache_read_tokens"] == -5_000


def test_days_that_are_cut_elsewhere(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 10)
    store_calls(shared_store, 10, ts=pa.array([FIRST_TS_US + DAY_US + i for i in range(10)]))
    first, second = usage(16), usage(4)
    pages = (
        b"[" + bills.openai_usage(first) + b"," + bills.openai_usage(second, day=bills.DAY + timedelta(days=1)) + b"]"
    )
    answer = compared(api, pages)
    assert [why(row)[0] for row in answer["rows"]] == ["day_boundaries"] * 2
    assert answer["difference"]["input_tokens"] == 0


def test_days_of_the_export_are_days_here(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 10)
    # Calls of 20:26 belong to the day that begins at 21:00 of the day before.
    day = datetime(2026, 5, 27, 21, tzinfo=UTC)
    answer = compared(api, bills.openai_usage(usage(), day=day))
    assert (answer["verdict"], answer["start"]) == ("agrees", "2026-05-27T21:00:00Z")
    assert "days begin 21:00:00 h after midnight" in answer["notes"][0]
    half = compared(api, bills.openai_usage(usage(), day=day - timedelta(minutes=30)))
    assert half["verdict"] == "agrees"


def test_a_young_day_may_be_reported_later(shared_store: Store) -> None:
    store_calls(shared_store, 10)
    (row,) = compared(client(shared_store), bills.openai_usage(usage(4)))["rows"]
    assert why(row) == ["reported_later", "not_in_export"]


def test_answers_stored_twice_are_repeated_calls(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 12, response_id=[f"chatcmpl-{i % 10}" for i in range(12)])
    two_days = bills.openai_usage(usage(10)), bills.openai_usage(day=bills.DAY + timedelta(days=9))
    (row,) = compared(api, b"[" + b",".join(two_days) + b"]")["rows"]
    assert why(row) == ["repeated_calls", "not_in_export"]
    assert row["reasons"][0]["sentence"].startswith("2 answers")


def test_models_that_the_export_lacks(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 10)
    store_calls(shared_store, 3, model="o3", request_model="o3")
    answer = compared(api, bills.openai_usage(usage(10)))
    assert {row["model"]: (row["agrees"], why(row)) for row in answer["rows"]} == {
        "o3": (False, ["reported_later", "not_in_export"]),
        MODEL: (True, []),
    }


def test_other_providers_and_what_gateways_answered_are_not_on_the_bill(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 10)
    store_calls(shared_store, 5, gateway_cache_hit=True)
    store_calls(shared_store, 5, provider="anthropic", model="claude-sonnet-4-5")
    store_calls(shared_store, 5, provider="azure.ai.openai")
    assert compared(api, bills.openai_usage(usage(10)))["verdict"] == "agrees"
    store_calls(shared_store, 2, provider="litellm", model="openai/" + MODEL)
    assert compared(api, bills.openai_usage(usage(12)))["verdict"] == "agrees"


def test_a_model_has_several_spellings(shared_store: Store, api: TestClient) -> None:
    sonnet = {"provider": "anthropic", "model": "claude-sonnet-4-5-20250929", "cost_usd": 13_000_000}
    store_calls(shared_store, 10, **sonnet)
    line = ("2026-05-28", "Claude Sonnet 4.5", "", "", "message", "", "output", "0.13", "", "token", "", "")
    answer = compared(api, bills.table(bills.ANTHROPIC_COSTS, line), export_of="anthropic")
    assert answer["verdict"] == "agrees"
    (row,) = answer["rows"]
    assert (row["model"], row["models_here"], row["models_there"]) == (
        "claude-sonnet-4-5",
        ["claude-sonnet-4-5-20250929"],
        ["claude-sonnet-4-5"],
    )


def test_versions_that_both_name_stay_apart(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 10)
    store_calls(shared_store, 10, model="gpt-4o-2024-05-13")
    answer = compared(api, bills.openai_usage(usage(10), usage(10, model="gpt-4o-2024-05-13")))
    assert sorted(row["model"] for row in answer["rows"]) == ["gpt-4o-2024-05-13", MODEL]
    merged = compared(api, bills.openai_usage(usage(20, model="gpt-4o")))
    assert [(row["model"], row["agrees"]) for row in merged["rows"]] == [("gpt-4o", True)]


def test_a_bill_without_models_is_compared_by_day(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 10)
    store_calls(shared_store, 10, model="o3")
    answer = compared(api, bills.openai_costs((None, 0.07), ("web search tool calls", 0.25)))
    assert answer["verdict"] == "agrees"
    assert answer["other_items"] == [{"item": "web search tool calls", "usd": "0.25"}]
    assert any("does not tell models" in note for note in answer["notes"])
    assert any("0.25 $ are for other things" in note for note in answer["notes"])


def test_amounts_alone_cannot_tell_missing_calls_from_prices(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 10)
    (row,) = compared(api, bills.openai_costs((f"{MODEL}, input", 0.9)))["rows"]
    assert why(row) == ["tokens_not_in_export"]


@pytest.mark.usefixtures("shared_store")
def test_without_any_call_nothing_can_be_told(api: TestClient) -> None:
    answer = compared(api, bills.openai_usage(usage(10)))
    assert answer["verdict"] == "cannot_tell"
    assert answer["sentence"].startswith("No call to this provider is stored")


def test_history_that_is_gone_is_said(shared_store: Store) -> None:
    store_calls(shared_store, 10)
    answer = compared(
        client(shared_store, clock=ManualClock(datetime(2085, 1, 1, tzinfo=UTC))), bills.openai_usage(usage(10))
    )
    assert (answer["verdict"], answer["complete_since"] > answer["start"]) == ("cannot_tell", True)


def test_filters_choose_the_calls_of_one_project(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 10)
    store_calls(shared_store, 5, environment="staging")
    assert compared(api, bills.openai_usage(usage(10)), environment="test")["verdict"] == "agrees"
    refused = api.post("/v1/costs/reconcile", content=bills.openai_usage(usage(10)), params={"tenant": "acme"})
    assert "hourly sums" in problem(refused, 422)["detail"]


def test_tables_hold_every_row(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 10)
    bill = bills.openai_usage(usage(10), usage(2, model="o3"))
    assert len(compared(api, bill, limit=1)["rows"]) == 1
    answer = api.post("/v1/costs/reconcile", content=bill, params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(answer.text.splitlines()) == 3


def test_a_file_that_is_no_export_is_a_problem(api: TestClient) -> None:
    detail = problem(api.post("/v1/costs/reconcile", content=b"hello"), 422, "The export cannot be read")["detail"]
    assert "What can be read: OpenAI" in detail


def test_a_further_page_is_asked_for(shared_store: Store, api: TestClient) -> None:
    store_calls(shared_store, 10)
    answer = compared(api, bills.openai_usage(usage(10), has_more=True))
    assert any("further pages exist" in note for note in answer["notes"])
