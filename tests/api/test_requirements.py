"""``/v1/routes/{route}/requirements``: stated, inferred, taken back."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.health.models import LatencyClass
from api.requirements.models import Requirements, RequirementsAnswer
from api.requirements.requirements_file import RequirementsFile
from tests.api.client import client, of_tenant, problem
from tests.fixtures.store import call_rows
from watchkeeper.storage import route_requirements
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

PATH = "/v1/routes/chat/requirements"
Item = dict[str, Any]


def asked(api: TestClient, path: str = PATH) -> Item:
    answer = api.get(path)
    assert answer.status_code == 200, answer.text
    found: Item = answer.json()
    assert RequirementsAnswer.model_validate(found).model_dump(mode="json") == found
    return found


def field(found: Item, name: str) -> tuple[Any, str]:
    (one,) = (one for one in found["fields"] if one["name"] == name)
    return one["value"], one["origin"]


def test_what_calls_show_is_inferred_and_says_from_what(shared_store: Store, api: TestClient) -> None:
    rows = call_rows(
        400, duration_us=900_000, input_tokens=1_000, output_type="json", finish_reason=["tool_call"] + ["stop"] * 399
    )
    shared_store.insert_arrow("calls", rows, "a")
    found = asked(api)
    assert (found["stated"], found["source"], found["version"]) == (None, None, None)
    assert field(found, "latency_class") == ("interactive", "inferred")
    assert field(found, "min_context_tokens") == (1_100, "inferred")
    assert field(found, "structured_output") == (True, "inferred")
    assert field(found, "tools") == (True, "inferred")
    assert field(found, "output_modalities") == (["text"], "inferred")
    # 400 calls of $0.0035, seen for less than a day, which counts as one.
    assert float(field(found, "max_usd_per_month")[0]) == pytest.approx(1.4 * 365 / 12, rel=1e-3)
    assert field(found, "input_modalities") == (None, "unknown")
    assert field(found, "accuracy") == ("good_enough", "assumed")
    assert field(found, "self_hosted_only") == (None, "unknown")
    assert all(one["why"] for one in found["fields"])


def test_few_calls_leave_the_latency_class_open(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(5, input_tokens=None, cost_usd=None), "a")
    found = asked(api)
    assert field(found, "latency_class") == (None, "unknown")
    assert field(found, "min_context_tokens") == (None, "unknown")
    assert field(found, "max_usd_per_month") == (None, "unknown")


def test_calls_to_machines_of_ones_own_are_to_stay_there(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(5, provider="vllm"), "a")
    assert field(asked(api), "self_hosted_only") == (True, "inferred")
    api.put(PATH, json={"self_hosted_only": False})
    assert field(asked(api), "self_hosted_only") == (False, "stated")


def test_what_is_stated_goes_first_and_can_be_taken_back(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", call_rows(400, duration_us=900_000), "a")
    made = api.put(PATH, json={"latency_class": "real_time", "max_usd_per_call": "0.25", "tools": False})
    assert made.status_code == 200, made.text
    found = asked(api)
    assert made.json() == found
    assert (found["source"], found["version"], found["changed_by"]) == ("api", 1, "local")
    assert field(found, "latency_class") == ("real_time", "stated")
    assert field(found, "max_usd_per_call") == ("0.25", "stated")
    assert field(found, "tools") == (False, "stated")
    assert field(found, "min_context_tokens")[1] == "inferred"
    api.put(PATH, json={"latency_class": "real_time", "max_usd_per_call": "0.25", "tools": False})
    assert asked(api)["version"] == 1
    api.put(PATH, json={"latency_class": "batch"})
    assert (asked(api)["version"], field(asked(api), "tools")) == (2, (False, "inferred"))
    assert api.delete(PATH).status_code == 204
    assert asked(api)["stated"] is None
    problem(api.delete(PATH), 404, "No such requirements")
    assert api.put(PATH, json={}).json()["version"] == 4


def test_routes_may_hold_slashes_and_need_no_calls(shared_store: Store, api: TestClient) -> None:
    path = "/v1/routes/shop/summary of all/requirements"
    assert api.put(path, json={"task_type": "summary"}).json()["route"] == "shop/summary of all"
    assert asked(api, path)["stated"]["task_type"] == "summary"
    assert "PUT states" in problem(api.get("/v1/routes/other/requirements"), 404, "No such route")["detail"]


def test_a_route_of_the_file_is_changed_there(shared_store: Store) -> None:
    file = RequirementsFile({"chat": Requirements(latency_class=LatencyClass.BATCH)})
    api = client(shared_store, requirements=file)
    found = asked(api)
    assert (found["source"], found["version"], field(found, "latency_class")) == ("file", None, ("batch", "stated"))
    for answer in (api.put(PATH, json={}), api.delete(PATH)):
        assert "WATCHKEEPER_REQUIREMENTS_FILE" in problem(answer, 409, "Stated in the file")["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"latency": "fast"},
        {"latency_class": "fast"},
        {"max_usd_per_call": "-1"},
        {"max_usd_per_month": "a lot"},
        {"min_context_tokens": 0},
        {"input_modalities": ["smell"]},
        {"providers": []},
        {"margins": {"latency": 0}},
        {"margins": {"speed": 0.1}},
        {"accuracy": "perfect"},
    ],
    ids=lambda body: next(iter(body)),
)
def test_what_does_not_fit_is_refused(shared_store: Store, api: TestClient, body: Item) -> None:
    assert next(iter(body)) in problem(api.put(PATH, json=body), 422)["detail"]


def test_who_sees_one_tenant_may_not(shared_store: Store) -> None:
    problem(of_tenant(shared_store, "acme").get(PATH), 403)


def test_there_is_a_most(shared_store: Store, api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.requirements.book.MOST_ROUTES", 1)
    assert api.put(PATH, json={}).status_code == 200
    problem(api.put("/v1/routes/other/requirements", json={}), 409, "Too many routes")
    assert len(route_requirements.all_requirements(shared_store)) == 1
