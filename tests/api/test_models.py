"""``/v1/models``: spans of served models, re-points, fingerprints, end of life, spend."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from api.catalog.parts import CatalogParts
from api.timeline.models import ModelDetail, ModelsAnswer
from api.timeline.served_spans import repoints, served_spans, serving_now
from tests.api.client import client, of_tenant, problem
from tests.api.test_series_health import transition
from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.catalog.catalog import Catalog
from watchkeeper.catalog.facts import ModelFacts
from watchkeeper.series_id import ANY
from watchkeeper.storage.client import Store
from watchkeeper.storage.model_timeline import ServedDay
from watchkeeper.storage.regressions import insert_transitions

pytestmark = pytest.mark.clickhouse

DAY_US = 86_400_000_000
OLD, NEW = "gpt-4o-2024-08-06", "gpt-4o-2024-11-20"
RETIRES = date(2026, 6, 7)


def add(store: Store, n: int, days_ago: float = 0, **columns: Any) -> None:
    ts = pa.array([FIRST_TS_US - int(days_ago * DAY_US) + number * 1_000 for number in range(n)])
    store.insert_arrow("calls", call_rows(n, ts=ts, **columns), f"{n}/{days_ago}/{columns}")


def catalog() -> CatalogParts:
    """One model that retires soon; no prices are asked for here."""
    known = ModelFacts("openai", NEW, retirement_date=RETIRES, replacement="gpt-5", sources=("catalogue file",))
    return CatalogParts(lambda: Catalog([known]), tuple, prices=None)  # type: ignore[arg-type]


def models(api: TestClient, **query: Any) -> list[dict[str, Any]]:
    answer = api.get("/v1/models", params=query)
    assert answer.status_code == 200, answer.text
    ModelsAnswer.model_validate_json(answer.content)
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def test_an_alias_that_was_pointed_elsewhere(shared_store: Store) -> None:
    add(shared_store, 6, 3, model=OLD)
    add(shared_store, 2, 1, model=OLD)
    add(shared_store, 8, 1 - 0.01, model=NEW, system_fingerprint=["fp_1"] * 6 + ["fp_2"] * 2)
    add(shared_store, 4, 0, model=NEW, route="other", system_fingerprint="fp_2")
    add(shared_store, 5, 0, model="gpt-4o", outcome="error", cost_usd=None, cost_status="unpriced")
    about = (ANY, ANY, "openai", "gpt-4o", ANY)
    insert_transitions(
        shared_store,
        [
            transition("change", about, kind="served_model_change"),
            transition("slower", about),
            transition("elsewhere", (ANY, ANY, "openai", "gpt-5", ANY), kind="served_model_change"),
        ],
    )
    (row,) = models(client(shared_store, catalog=catalog()))
    assert (row["provider"], row["request_model"], row["answers"]) == ("openai", "gpt-4o", 20)
    assert [(one["model"], one["calls"], one["share"]) for one in row["served"]] == [(OLD, 8, 0.5), (NEW, 12, 0.857143)]
    assert row["served"][0]["first_seen"] == "2026-05-25T20:00:00Z"
    assert row["served"][0]["last_seen"] == "2026-05-27T20:26:40Z"
    assert row["serving_now"] == [NEW]
    assert [(one["before"], one["after"], one["at"]) for one in row["repoints"]] == [(OLD, NEW, "2026-05-27T20:00:00Z")]
    assert [one["id"] for one in row["findings"]] == ["change"]
    (life,) = row["end_of_life"]
    assert (life["model"], life["retirement_date"], life["days_left"], life["replacement"]) == (
        NEW,
        "2026-06-07",
        10,
        "gpt-5",
    )
    assert (row["calls_30d"], row["cost_30d_usd"], row["unpriced_calls_30d"]) == (25, "0.070000000", 5)
    assert [(use["route"], use["calls"], use["unpriced_calls"]) for use in row["routes_30d"]] == [
        ("chat", 21, 5),
        ("other", 4, 0),
    ]


def test_one_model_with_its_fingerprints(shared_store: Store) -> None:
    add(shared_store, 3, 1, system_fingerprint="fp_1")
    add(shared_store, 1, 0, system_fingerprint="fp_2")
    add(shared_store, 4, 0, model="gpt-4o", outcome="error", system_fingerprint="fp_3")
    answer = client(shared_store).get("/v1/models/openai/gpt-4o?period=7d")
    ModelDetail.model_validate_json(answer.content)
    found = answer.json()
    prints = [(one["model"], one["fingerprint"], one["calls"], one["share"]) for one in found["fingerprints"]]
    assert prints == [(OLD, "fp_1", 3, 0.75), (OLD, "fp_2", 1, 0.25)]
    assert found["fingerprints"][0]["first_seen"] == "2026-05-27T20:26:40Z"
    assert found["end_of_life"] == []


def test_names_with_slashes_are_found_and_others_are_not(shared_store: Store, api: TestClient) -> None:
    add(shared_store, 1, request_model="org/model:free")
    assert api.get("/v1/models/openai/org/model:free").json()["answers"] == 1
    assert "/v1/models lists what was" in problem(api.get("/v1/models/openai/gpt-9"), 404)["detail"]


def test_the_most_expensive_come_first_and_pages_hold_each_once(shared_store: Store, api: TestClient) -> None:
    for number in range(5):
        add(shared_store, 1 + number, request_model=f"m{number}")
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = api.get("/v1/models", params={"limit": 2, "cursor": cursor}).json()
        found += [row["request_model"] for row in answer["rows"]]
        cursor = answer["next_cursor"]
    assert found == ["m4", "m3", "m2", "m1", "m0"]


def test_a_filter_and_a_key_of_a_tenant_read_single_calls(shared_store: Store, api: TestClient) -> None:
    add(shared_store, 2, tenant="a", request_model="x")
    add(shared_store, 3, tenant="b", request_model="y")
    insert_transitions(shared_store, [transition("c", (ANY, ANY, "openai", "y", ANY), kind="served_model_change")])
    assert [row["request_model"] for row in models(api, tenant="a")] == ["x"]
    own = of_tenant(shared_store, "b")
    (row,) = models(own)
    assert (row["request_model"], row["calls_30d"], row["findings"]) == ("y", 3, [])
    assert own.get("/v1/models").json()["source"] == ["calls"]
    problem(own.get("/v1/models/openai/x"), 404)


def test_models_as_a_table(shared_store: Store, api: TestClient) -> None:
    add(shared_store, 2)
    text = api.get("/v1/models?format=csv").text
    assert text.startswith('"provider","request_model","answers","served"') and text.count("\r\n") == 2


def served(model: str, day: int, calls: int) -> ServedDay:
    noon = datetime(2026, 5, day, 12, tzinfo=UTC)
    return ServedDay("p", "asked", model, noon.date(), calls, noon, noon + timedelta(hours=day % 3))


def test_a_span_ends_where_others_answered_but_not_where_nobody_did() -> None:
    days = [
        served("a", 1, 5),
        served("a", 2, 5),
        served("b", 4, 9),
        served("a", 6, 1),
        served("b", 6, 3),
        served("b", 9, 2),
    ]
    spans = [(one.model, one.first_seen.day, one.last_seen.day, one.calls, one.share) for one in served_spans(days)]
    assert spans == [("a", 1, 2, 10, 1.0), ("b", 4, 9, 14, 0.933333), ("a", 6, 6, 1, 0.25)]
    assert [(one.before, one.after, one.at.day) for one in repoints(days)] == [("a", "b", 4)]
    assert serving_now(days) == ["b"]


def test_a_mixed_fleet_names_all_who_answer() -> None:
    days = [served("a", 1, 5), served("a", 2, 4), served("b", 2, 6)]
    assert serving_now(days) == ["b", "a"]
    assert (serving_now([]), served_spans([]), repoints([])) == ([], [], [])
