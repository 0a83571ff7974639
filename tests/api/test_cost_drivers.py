"""``GET /v1/costs/drivers``: stored calls whose cost moved for a known reason."""

import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from pyarrow import csv, parquet

from tests.api.client import NOW, problem
from tests.fixtures.store import call_rows
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

DAY_US = 86_400_000_000
NOW_US = int(NOW.timestamp() * 1e6)
WEEK = 7 * DAY_US
PRICES = {"input": 2_500, "cache_read": 1_250, "output": 10_000}
"""Nano-dollars a token."""
TWO_ROUTES = {"chat": 3, "search": 1}


def calls(age_us: int, n: int = 400, **changed: Any) -> pa.Table:
    """``n`` calls from ``age_us`` before now on; ``changed`` is how they differ from the usual."""
    usual = {"input": 1_000, "output": 100, "cached": 0.2, "factor": 1.0, "routes": TWO_ROUTES, "wasted": 1}
    how = {**usual, **changed}
    names = [name for name, weight in how["routes"].items() for _ in range(weight)]
    routes = [names[place % len(names)] for place in range(n)]
    # The routes differ in length, so that a change of their mix costs something.
    size = np.array([3.0 if route == "search" else 1.0 for route in routes])
    tokens = (size * how["input"]).astype(int)
    read = (tokens * how["cached"]).astype(int)
    output = (size * how["output"]).astype(int)
    price = {name: int(nano * how["factor"]) for name, nano in PRICES.items()}
    fresh, cached, written = (tokens - read) * price["input"], read * price["cache_read"], output * price["output"]
    return call_rows(
        n,
        ts=pa.array(NOW_US - age_us + 1 + np.arange(n) * 1_000_000),
        route=routes,
        model=[f"model-{route}" for route in routes],
        outcome=["truncated" if place // 4 % 20 < how["wasted"] else "ok" for place in range(n)],
        input_tokens=tokens.tolist(),
        cache_read_tokens=read.tolist(),
        output_tokens=output.tolist(),
        cost_usd=(fresh + cached + written).tolist(),
        cost_input_usd=fresh.tolist(),
        cost_cache_read_usd=cached.tolist(),
        cost_output_usd=written.tolist(),
    )


def two_weeks(store: Store, **changed: Any) -> None:
    """A week as usual, then one that is changed; ``more`` is calls that come on top."""
    store.insert_arrow("calls", calls(2 * WEEK), "before")
    more = changed.pop("more", None)
    store.insert_arrow("calls", calls(WEEK, **changed), "after")
    if more:
        store.insert_arrow("calls", calls(WEEK, **more), "more")


def asked(api: TestClient, **query: Any) -> dict[str, Any]:
    answer = api.get("/v1/costs/drivers", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def amounts(answer: dict[str, Any]) -> dict[str, Decimal]:
    return {item["driver"]: Decimal(item["amount_usd"]) for item in answer["drivers"]}


@pytest.mark.parametrize(
    ("changed", "drivers", "said"),
    [
        ({"n": 800}, ["volume"], "Useful answers went from 54.3 to 109 a day (+100.0%): added $1.95."),
        ({"routes": {"chat": 1, "search": 3}}, ["route_mix"], "shop/chat: from 75.0% to 25.0% of all answers"),
        ({"input": 1_500}, ["input_length"], "tokens a call (+50.0%)"),
        ({"output": 50}, ["output_length"], "tokens a call (-50.0%): saved $"),
        ({"cached": 0.8}, ["cache"], "from 20.0% to 80.0% of its input read from the cache: saved $"),
        ({"factor": 0.8}, ["unit_price"], "output tokens from $10.00 to $8.00 a million (-20.0%): saved $"),
        ({"more": {"n": 40, "wasted": 20}}, ["waste"], "from 5.26 to 15.79 for every 100 useful answers"),
    ],
    ids=["volume", "mix", "input length", "output length", "cache", "price", "waste"],
)
def test_a_single_cause_is_found_and_said(
    shared_store: Store, api: TestClient, changed: dict[str, Any], drivers: list[str], said: str
) -> None:
    two_weeks(shared_store, **changed)
    answer = asked(api)
    parts = amounts(answer)
    assert sum(parts.values()) == Decimal(answer["difference_usd"]) != 0
    own = abs(sum((parts[name] for name in drivers), Decimal(0)))
    others = sum((abs(amount) for name, amount in parts.items() if name not in drivers), Decimal(0))
    assert own / (own + others) >= Decimal("0.95")
    first = answer["drivers"][0]
    assert first["driver"] == drivers[0]
    assert said in first["sentence"]
    assert drivers[0].replace("_", " ") in answer["summary"]


def test_every_part_adds_up_slice_by_slice_and_in_the_waterfall(shared_store: Store, api: TestClient) -> None:
    two_weeks(shared_store, n=570, input=1_300, cached=0.5, factor=0.9, wasted=2, routes={"chat": 1, "search": 2})
    answer = asked(api)
    difference = Decimal(answer["difference_usd"])
    assert difference == Decimal(answer["period"]["cost_usd"]) - Decimal(answer["versus"]["cost_usd"])
    assert sum(amounts(answer).values()) == difference
    for item in answer["slices"]:
        assert sum(map(Decimal, item["parts"].values())) == Decimal(item["difference_usd"])
        assert Decimal(item["after_usd"]) - Decimal(item["before_usd"]) == Decimal(item["difference_usd"])
    for driver, amount in amounts(answer).items():
        assert sum(Decimal(item["parts"][driver]) for item in answer["slices"]) == amount
    steps = answer["waterfall"]
    assert [step["step"] for step in (steps[0], steps[-1])] == ["before", "after"]
    assert all(one["to_usd"] == two["from_usd"] for one, two in zip(steps, steps[1:-1], strict=False))
    assert Decimal(steps[-2]["to_usd"]) == Decimal(steps[-1]["to_usd"]) == Decimal(answer["period"]["cost_usd"])


def test_slices_beyond_the_limit_are_summed_up(shared_store: Store, api: TestClient) -> None:
    two_weeks(shared_store, input=1_500)
    assert asked(api)["other_slices"] is None
    answer = asked(api, limit=1)
    (item,), others = answer["slices"], answer["other_slices"]
    assert (item["model"], others["slices"]) == ("model-chat", 1)
    assert Decimal(item["difference_usd"]) + Decimal(others["difference_usd"]) == Decimal(answer["difference_usd"])
    assert sum(map(Decimal, others["parts"].values())) == Decimal(others["difference_usd"])


def test_a_new_price_is_listed_by_token_type(shared_store: Store, api: TestClient) -> None:
    two_weeks(shared_store, factor=0.8)
    changes = asked(api, route="chat")["price_changes"]
    assert [(one["route"], one["token_type"]) for one in changes] == [
        ("chat", "input"),
        ("chat", "cache_read"),
        ("chat", "output"),
    ]
    prices = [price for one in changes for price in (one["before_usd"], one["after_usd"])]
    assert prices == pytest.approx([2.5, 2.0, 1.25, 1.0, 10.0, 8.0])


def test_calls_without_a_price_are_said_beside_and_move_the_coverage(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", calls(2 * WEEK), "before")
    stored = calls(WEEK)
    half = stored.num_rows // 2
    nothing = pa.nulls(half, pa.decimal128(18, 9))
    unpriced = stored.slice(half)
    for name in ("cost_usd", "cost_input_usd", "cost_cache_read_usd", "cost_output_usd"):
        unpriced = unpriced.set_column(unpriced.schema.get_field_index(name), name, nothing)
    status = pa.array(["unpriced"] * half).dictionary_encode()
    unpriced = unpriced.set_column(unpriced.schema.get_field_index("cost_status"), "cost_status", status)
    shared_store.insert_arrow("calls", stored.slice(0, half), "priced")
    shared_store.insert_arrow("calls", unpriced, "unpriced")
    answer = asked(api)
    assert (answer["period"]["unpriced_calls"], answer["versus"]["unpriced_calls"]) == (200, 0)
    assert answer["drivers"][0]["driver"] == "coverage"
    assert answer["drivers"][0]["share"] == pytest.approx(1, abs=0.06)
    assert "which moves the sum and not the bill" in answer["drivers"][0]["sentence"]
    assert any("200 calls without a price are in no sum" in note for note in answer["notes"])


def test_where_no_cost_is_known_it_cannot_tell(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", calls(2 * WEEK), "before")
    unknown = call_rows(10, cost_usd=None, cost_input_usd=None, cost_output_usd=None, cost_status="unpriced")
    shared_store.insert_arrow("calls", unknown, "after")
    answer = asked(api)
    assert (answer["certainty"], answer["difference_usd"], answer["period"]["cost_usd"]) == ("cannot_tell", None, None)
    assert (answer["drivers"], answer["slices"], answer["waterfall"]) == ([], [], [])
    assert answer["summary"].startswith("Cannot tell")


def test_a_slice_without_any_price_is_unknown_and_not_free(shared_store: Store, api: TestClient) -> None:
    two_weeks(shared_store)
    times = pa.array([int(NOW.timestamp() * 1e6) - DAY_US] * 3)
    nothing: Any = dict.fromkeys(("cost_usd", "cost_input_usd", "cost_output_usd"))
    unpriced = call_rows(3, ts=times, route="new", cost_status="unpriced", **nothing)
    shared_store.insert_arrow("calls", unpriced, "unpriced")
    (item,) = [one for one in asked(api)["slices"] if one["route"] == "new"]
    assert (item["before_usd"], item["after_usd"], item["difference_usd"]) == ("0", None, None)
    assert {Decimal(part) for part in item["parts"].values()} == {Decimal(0)}
    shown, others = (asked(api, limit=1)[name] for name in ("slices", "other_slices"))
    difference = sum((Decimal(one["difference_usd"]) for one in (*shown, others)), Decimal(0))
    assert (others["slices"], difference) == (2, Decimal(asked(api)["difference_usd"]))


def test_an_empty_store_has_nothing_to_explain(api: TestClient) -> None:
    answer = asked(api)
    assert answer["summary"] == "Cost did not change: $0.00."
    assert (answer["difference_usd"], answer["slices"]) == ("0", [])
    assert set(amounts(answer).values()) == {Decimal(0)}


def test_a_period_that_starts_from_nothing_is_volume(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", calls(WEEK), "after")
    answer = asked(api)
    assert amounts(answer)["volume"] == Decimal(answer["difference_usd"]) == Decimal("1.95")
    assert "One of the periods has no calls: the whole difference is volume." in answer["notes"]


def test_unequal_periods_are_told_apart_from_volume(shared_store: Store, api: TestClient) -> None:
    shared_store.insert_arrow("calls", calls(WEEK + 2 * DAY_US), "before")
    shared_store.insert_arrow("calls", calls(WEEK, n=1_400), "after")
    end, day = NOW - timedelta(days=7), timedelta(days=1)
    answer = asked(api, period="7d", versus_start=(end - 2 * day).isoformat(), versus_end=end.isoformat())
    assert answer["versus"]["days"] == 2
    assert answer["drivers"][0]["driver"] == "period_length"
    assert answer["drivers"][0]["share"] == pytest.approx(1, abs=0.01)
    assert "7 days long against 2" in answer["drivers"][0]["sentence"]


@pytest.mark.parametrize("form", ["csv", "arrow", "parquet"])
def test_slices_as_a_table(shared_store: Store, api: TestClient, form: str) -> None:
    two_weeks(shared_store, input=1_500)
    answer = api.get("/v1/costs/drivers", params={"format": form, "limit": 1})
    readers = {
        "csv": lambda raw: csv.read_csv(io.BytesIO(raw)),
        "arrow": lambda raw: pa.ipc.open_stream(raw).read_all(),
        "parquet": lambda raw: parquet.read_table(io.BytesIO(raw)),
    }
    table = readers[form](answer.content)
    assert table.column_names[:7] == [
        *("service", "route", "provider", "model"),
        *("before_usd", "after_usd", "difference_usd"),
    ]
    assert table["route"].to_pylist() == ["chat", "search"]
    assert [float(value) for value in table["parts_input_length"].to_pylist()] == pytest.approx([0.32, 0.32], rel=0.3)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"period": "soon"}, "period is 'soon'"),
        ({"period": "7d", "start": "2026-05-01T00:00:00Z"}, "not both"),
        ({"versus": "3d"}, "overlap: versus is 2026-05-"),
        ({"versus": "3d"}, "'3d' is counted from now, not from the period: leave versus out"),
        (
            {"start": "2026-05-01T00:00:00Z", "end": "2026-05-03T00:00:00Z", "versus_start": "2026-05-02T00:00:00Z"}
            | {"versus_end": "2026-05-04T00:00:00Z"},
            "versus is 2026-05-02 00:00 to 2026-05-04 00:00 UTC, the period is 2026-05-01 00:00 to 2026-05-03 00:00",
        ),
        ({"versus": "2026-06"}, "still to come"),
        ({"period": "2026-06"}, "still to come"),
        ({"versus_start": "2026-05-01T00:00:00"}, "start needs a zone"),
        ({"versus": "yesterday", "versus_end": "2026-05-01T00:00:00Z"}, "not both"),
        ({"start": "0001-01-02T00:00:00Z", "end": "0001-01-09T00:00:00Z"}, "give versus"),
        ({"start": "1900-01-01T00:00:00Z"}, "Too much"),
        ({"limit": "0"}, "limit"),
        ({"tag": "team"}, "NAME=VALUE"),
    ],
)
def test_bad_questions_are_refused_with_what_to_do(api: TestClient, query: dict[str, str], named: str) -> None:
    answer = api.get("/v1/costs/drivers", params=query)
    assert answer.status_code in (400, 422), answer.text
    document = problem(answer, answer.status_code)
    assert named in document["detail"] + document["title"]
