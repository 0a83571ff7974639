"""``GET /v1/advice`` over stored calls: situations of the table, end to end."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from pyarrow import csv

from api.advising.models import AdviceAnswer
from tests.api.advising.scenarios import SCENARIOS
from tests.api.client import NOW, client, of_tenant, problem
from tests.fixtures.store import FOREVER, call_rows
from watchkeeper.cli.catalogs import catalog_parts
from watchkeeper.clock import ManualClock
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.storage.migrate import Migrator
from watchkeeper.storage.regressions import TransitionRow, insert_transitions

pytestmark = pytest.mark.clickhouse

CATALOG = catalog_parts(Settings.load(), ManualClock(NOW))
BIG = {"provider": "openai", "request_model": "gpt-4o", "model": "gpt-4o-2024-08-06"}
MINI = {"provider": "openai", "request_model": "gpt-4o-mini", "model": "gpt-4o-mini-2024-07-18"}
AZURE = {**BIG, "provider": "azure.ai.openai"}
PER_MILLION = {"gpt-4o": (2_500, 10_000), "gpt-4o-mini": (150, 600)}
"""Nano-dollars a thousand tokens' thousandth: input and output."""
MANY, FEWER = 3_000, 2_500
DAYS = 4
PROVEN, WORSE, THIN, LIKE, UNLIKE, SICK, RARE = (10_000, 6_000, 4_000, 2_500, 1_500, 900, 500)
"""Input tokens of the calls of each route: those of one are not like those of another."""
LIMITED, SILENT = 250, 100


def some_bad(outcome: str) -> list[str]:
    """Of FEWER calls one in ten."""
    return [*[outcome] * 10, *["ok"] * 90] * (FEWER // 100)


CALLS: tuple[tuple[str, dict[str, str], int, dict[str, Any]], ...] = (
    ("proven", BIG, MANY, {"input_tokens": PROVEN}),
    ("proven", MINI, FEWER, {"input_tokens": PROVEN, "variant": "shadow"}),
    ("worse", BIG, MANY, {"input_tokens": WORSE}),
    ("worse", MINI, FEWER, {"input_tokens": WORSE, "outcome": some_bad("error")}),
    ("thin", BIG, MANY, {"input_tokens": THIN}),
    ("thin", MINI, 200, {"input_tokens": THIN}),
    ("indicated", BIG, MANY, {"input_tokens": LIKE}),
    ("elsewhere", BIG, MANY, {"input_tokens": LIKE}),
    ("elsewhere", MINI, FEWER, {"input_tokens": LIKE}),
    ("unlike", BIG, 300, {"input_tokens": UNLIKE}),
    ("sick", BIG, MANY, {"input_tokens": SICK}),
    ("sick", MINI, FEWER, {"input_tokens": SICK}),
    ("azure", AZURE, 100, {"input_tokens": SICK}),
    ("from small", MINI, 300, {"input_tokens": RARE}),
    ("rare", BIG, 10, {"input_tokens": RARE}),
    ("limited", BIG, MANY, {"input_tokens": LIMITED}),
    ("limited", MINI, FEWER, {"input_tokens": LIMITED, "outcome": some_bad("rate_limited")}),
    ("silent", BIG, MANY, {"input_tokens": SILENT}),
    ("silent", MINI, FEWER, {"input_tokens": SILENT, "outcome": some_bad("empty")}),
)
Item = dict[str, Any]


def _calls(number: int, route: str, model: Item, n: int, more: Item) -> pa.Table:
    """``n`` calls spread over the last days, each a little cheaper or dearer than the list says."""
    random = np.random.default_rng(number)
    first = int((NOW - timedelta(days=DAYS)).timestamp() * 1e6)
    times = pa.array((first + np.arange(n) * (DAYS * 86_400_000_000 // n)).astype(np.int64))
    inside, outside = PER_MILLION[model["request_model"]]
    list_price = more["input_tokens"] * inside + 100 * outside
    costs = (list_price * random.uniform(0.9, 1.1, n)).astype(int).tolist()
    return call_rows(n, seed=number, **{"ts": times, "route": route, "cost_usd": costs, **model, **more})


def _regression() -> TransitionRow:
    """Of the error rate of the big model on the route ``sick``."""
    return TransitionRow(
        id="r1", seq=1, kind="regression", severity="page", state="open", at=NOW, reason="more errors",
        series_id="s", service="shop", route="sick", metric="error", direction="up", **BIG,
        onset=NOW - timedelta(hours=1), detected_at=NOW, closed_at=None, transient=False, confidence=0.99,
        record=orjson.dumps({"size": {"text": "1 % → 9 % (7 to 11 %)"}}).decode(), stored_at=NOW,
    )  # fmt: skip


@pytest.fixture(scope="module")
def world(engine: Store) -> Iterator[Store]:
    """All routes in one store."""
    store = engine.beside("advice_world")
    Migrator(store, FOREVER).run()
    tables = [_calls(number, *one) for number, one in enumerate(CALLS)]
    store.insert_arrow("calls", pa.concat_tables(table.unify_dictionaries() for table in tables), "world")
    insert_transitions(store, [_regression()])
    yield store
    store.drop_database()
    store.close()


@pytest.fixture(scope="module")
def api(world: Store) -> TestClient:
    return client(world, catalog=CATALOG)


def answer(api: TestClient, **query: Any) -> Item:
    found = api.get("/v1/advice", params={"day_usd": 5, "min_saving_usd": 1, **query})
    assert found.status_code == 200, found.text
    told: Item = found.json()
    assert AdviceAnswer.model_validate(told).model_dump(mode="json") == told
    return told


def advised(api: TestClient, route: str, **query: Any) -> Item:
    (row,) = answer(api, route=route, **query)["rows"]
    found: Item = row
    return found


def as_in_the_table(found: Item, name: str) -> None:
    """Is the advice that of the pure scenario ``name``?"""
    expected = next(one for one in SCENARIOS if one.name == name)
    told = (found["decision"], found["reason"], found["evidence"], found["trial"] is not None)
    assert told == (expected.decision, expected.reason, expected.evidence, expected.tests), found["why"]


def considered(found: Item, model: str) -> Item:
    (one,) = (one for one in found["considered"] if f"{one['provider']}/{one['model']}" == model)
    item: Item = one
    return item


def test_a_cheaper_model_that_is_proven_here(api: TestClient) -> None:
    found = advised(api, "proven")
    as_in_the_table(found, "cheaper-proven")
    assert found["target"] == {"provider": "openai", "model": "gpt-4o-mini"}
    # $0.026 a call by the list, in four days.
    assert float(found["monthly_usd"]) == pytest.approx(MANY * 0.026 / DAYS * 365 / 12, rel=0.01)
    assert float(found["usd_per_useful_call"]) == pytest.approx(0.026, rel=0.01)
    saving = found["saving"]
    assert float(saving["low_usd"]) < float(saving["usd"]) < float(saving["high_usd"])
    assert (saving["share"], saving["basis"][:13]) == (pytest.approx(0.94, abs=0.01), "the cost of a")
    assert {one["verdict"] for one in found["changes"]} <= {"not_worse", "better"}
    assert "migrations" in found["next_step"]["command"] and "/v1/migrations" in found["next_step"]["request"]


def test_free_tiers_of_the_catalogue_are_no_candidates(api: TestClient) -> None:
    where = "/v1/routes/unlike/requirements"
    assert api.put(where, json={"providers": ["openai", "openrouter"]}).status_code == 200
    try:
        found = advised(api, "unlike")
    finally:
        assert api.delete(where).status_code == 204
    there = [one for one in found["considered"] if one["provider"] == "openrouter"]
    assert there and found["left_out"]["free"] > 0
    assert all(one["monthly_usd"] is None or float(one["monthly_usd"]) > 0 for one in there)


@pytest.mark.parametrize(("route", "metric"), [("worse", "error"), ("limited", "rate limit"), ("silent", "empty")])
def test_a_cheaper_model_that_fails_more_is_rejected(api: TestClient, route: str, metric: str) -> None:
    found = considered(advised(api, route), "openai/gpt-4o-mini")
    assert (found["status"], found["objections"][0]["constraint"]) == ("rejected", "evidence")
    assert f"worse on {metric}" in found["objections"][0]["reason"]


def test_few_calls_of_a_candidate_are_a_test(api: TestClient) -> None:
    found = advised(api, "thin")
    as_in_the_table(found, "cheaper-thin")
    assert found["trial"]["calls"] > 200


def test_a_candidate_that_was_seen_elsewhere(world: Store, api: TestClient) -> None:
    found = advised(api, "indicated")
    as_in_the_table(found, "cheaper-indicated")
    assert considered(found, "openai/gpt-4o-mini")["evidence_routes"] == ["elsewhere"]
    api.put("/v1/routes/indicated/requirements", json={"accuracy": "must_be_correct"})
    as_in_the_table(advised(api, "indicated"), "cheaper-indicated-must-be-correct")


def test_a_route_without_evidence_for_anything(api: TestClient) -> None:
    found = advised(api, "unlike")
    as_in_the_table(found, "cheaper-unproven")
    assert {one["evidence"] for one in found["considered"]} == {"catalogue_only"}
    assert all(not one["changes"] and one["thin"] for one in found["considered"])
    assert found["left_out"]


def test_degraded_with_the_same_model_elsewhere_and_with_a_proven_one(api: TestClient) -> None:
    found = advised(api, "sick")
    as_in_the_table(found, "degraded-same-model-elsewhere")
    assert found["target"] == {"provider": "azure.ai.openai", "model": "gpt-4o"}
    assert "r1" in found["move_back"]
    api.put("/v1/routes/sick/requirements", json={"providers": ["openai"]})
    found = advised(api, "sick")
    as_in_the_table(found, "degraded-proven-alternative")
    assert considered(found, "azure.ai.openai/gpt-4o")["objections"][0]["constraint"] == "providers"


def test_who_is_degraded_is_advised_nowhere(api: TestClient) -> None:
    objections = considered(advised(api, "from small"), "openai/gpt-4o")["objections"]
    assert [one["constraint"] for one in objections] == ["health"]


def test_a_model_that_ends_gets_a_plan(world: Store, tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(
        "version: mine\nmodels:\n"
        "  - {provider: openai, model: gpt-4o, retirement_date: 2026-08-01, replacement: gpt-4.1}\n"
    )
    api = client(world, catalog=catalog_parts(Settings.load(catalog_file=file), ManualClock(NOW)))
    found = advised(api, "rare")
    as_in_the_table(found, "retires-no-evidence")
    assert found["target"] == {"provider": "openai", "model": "gpt-4.1"}
    assert "2026-08-01" in found["why"] and found["trial"]["calls"] > 0


def test_stated_requirements_are_missed_or_reject(api: TestClient) -> None:
    api.put("/v1/routes/thin/requirements", json={"min_context_tokens": 500_000})
    found = advised(api, "thin")
    assert "openai/gpt-4o misses what is required: 128,000 tokens of context" in found["why"]
    assert considered(found, "openai/gpt-4o-mini")["objections"][0]["constraint"] == "context"
    assert {one["name"]: one["origin"] for one in found["requirements"]}["min_context_tokens"] == "stated"
    api.delete("/v1/routes/thin/requirements")


def test_routes_are_paged_the_dearest_first(api: TestClient) -> None:
    first = answer(api, limit=1)
    second = answer(api, limit=1, cursor=first["next_cursor"])
    assert [page["rows"][0]["route"] for page in (first, second)] == ["proven", "worse"]
    assert first["total"] == 12
    problem(api.get("/v1/advice", params={"cursor": first["next_cursor"], "day_usd": 1}), 422)


def test_advice_comes_as_a_table(api: TestClient) -> None:
    table = csv.read_csv(pa.BufferReader(api.get("/v1/advice?route=rare&format=csv").content))
    assert (table["route"].to_pylist(), table["reason"].to_pylist()) == (["rare"], ["few_calls"])


def test_routes_that_are_only_stated(api: TestClient) -> None:
    api.put("/v1/routes/a/b/requirements", json={"task_type": "summary"})
    assert advised(api, "a/b")["reason"] == "not_called"
    api.delete("/v1/routes/a/b/requirements")


def test_assumptions_are_told_and_decide(api: TestClient) -> None:
    assert advised(api, "proven", min_saving_usd=1_000_000)["reason"] == "minor_saving"
    found = answer(api, route="proven", day_usd="5000", max_payback_months=1)
    assert found["rows"][0]["reason"] == "pays_back_too_late"
    assert found["assumptions"]["day_usd"] == "5000"


def test_what_is_refused(world: Store, api: TestClient) -> None:
    assert "GET /v1/health" in problem(api.get("/v1/advice?route=nobody"), 404, "No such route")["detail"]
    problem(api.get("/v1/advice?day_usd=-1"), 422)
    problem(api.get("/v1/advice?period=soon"), 422)
    problem(api.get("/v1/advice?min_savings=1"), 422)
    problem(of_tenant(world, "acme", catalog=CATALOG).get("/v1/advice"), 403)


def test_a_migration_that_is_under_way_is_followed(api: TestClient) -> None:
    body = {"route": "elsewhere", "candidate": {"provider": "openai", "model": "gpt-4o-mini"}, "reason": "a test"}
    begun = api.post("/v1/migrations", json=body).json()
    row = advised(api, "elsewhere")
    assert (row["decision"], row["reason"]) == ("stay", "under_way")
    assert row["next_step"]["command"] == f"watchkeeper migrations show {begun['id']}"
    assert api.get(f"/v1/migrations/{begun['id']}").is_success
    assert api.post(f"/v1/migrations/{begun['id']}/cancel", json={"reason": "a test"}).is_success
    assert advised(api, "elsewhere")["reason"] != "under_way"
