"""``POST /v1/compare`` over stored calls."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from math import exp
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient
from pyarrow import csv

from benchmarks.compare_traffic import Law, drawn
from tests.api.client import NOW, client, of_tenant, problem
from tests.api.comparing.stored_calls import rows_of
from tests.fixtures.store import FIRST_TS_US, FOREVER, call_rows
from watchkeeper.clock import ManualClock
from watchkeeper.storage.client import Store
from watchkeeper.storage.migrate import Migrator
from watchkeeper.storage.scores import SCORES_SCHEMA

pytestmark = pytest.mark.clickhouse

CALLS = 3_000
LATER = NOW + timedelta(days=1)
LAWS = {"now": Law(wander=0.02), "slow": Law(wander=0.02, slower=0.3), "cheap": Law(wander=0.02, dearer=-0.4)}
BOTH: dict[str, Any] = {"baseline": {"where": {"model": ["now"]}}, "candidate": {"where": {"model": ["slow"]}}}


@cache
def rows(model: str) -> pa.Table:
    random = np.random.default_rng(sorted(LAWS).index(model))
    return rows_of(drawn(LAWS[model], CALLS, 5.0, random), model=model, tenant="acme" if model != "cheap" else "zeta")


@pytest.fixture(scope="module")
def stored(engine: Store) -> Iterator[Store]:
    """Thirteen hours of calls of three models; what a test adds to them is its own model's."""
    store = engine.beside("compared")
    Migrator(store, FOREVER).run()
    for model in LAWS:
        store.insert_arrow("calls", rows(model), model)
    yield store
    store.drop_database()
    store.close()


@pytest.fixture(scope="module")
def api(stored: Store) -> TestClient:
    return client(stored, clock=ManualClock(LATER))


def against(candidate: str, **more: Any) -> dict[str, Any]:
    return {**BOTH, "candidate": {"where": {"model": [candidate]}}, **more}


def asked(api: TestClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post("/v1/compare", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def row(answer: dict[str, Any], metric: str) -> dict[str, Any]:
    (found,) = (one for one in answer["rows"] if one["metric"] == metric)
    return dict(found)


def test_a_slower_model_is_worse_by_as_much_as_it_is(api: TestClient) -> None:
    answer = asked(api, BOTH)
    latency = row(answer, "latency")
    assert (answer["verdict"], latency["verdict"], latency["unit"]) == ("worse", "worse", "ratio")
    assert latency["low"] < exp(0.3) < latency["high"]
    assert latency["margin"] == pytest.approx(1.1)
    assert latency["candidate"] / latency["baseline"] == pytest.approx(latency["difference"])
    assert answer["sentence"].startswith("The candidate is worse: latency x1.")
    assert answer["level_per_metric"] == pytest.approx(0.05 / 6)
    assert (answer["baseline"]["calls"], answer["candidate"]["calls"]) == (CALLS, CALLS)
    (caveat,) = answer["caveats"]
    assert "Choose by request_model where failures count" in caveat
    split = [("baseline", "acme"), ("candidate", "zeta")]
    by_tenant = {place: {"where": {"tenant": [tenant]}} for place, tenant in split}
    assert not any("request_model" in told for told in asked(api, by_tenant)["caveats"])


def test_rates_are_in_percentage_points_and_say_what_is_needed(api: TestClient) -> None:
    error = row(asked(api, BOTH), "error")
    assert (error["unit"], error["verdict"], error["worse_when"]) == ("percentage_points", "cannot_tell", "higher")
    assert 0.005 < error["baseline"] < 0.04
    assert error["low"] < error["difference"] < error["high"]
    assert error["difference"] == pytest.approx(100 * (error["candidate"] - error["baseline"]), abs=1e-9)
    assert error["margin"] >= 0.5
    assert error["calls_needed"] > CALLS > error["baseline_calls"] > 0.9 * CALLS


def test_cost_is_told_in_dollars_besides_the_ratio(api: TestClient) -> None:
    answer = asked(api, against("cheap", metrics=["cost_per_useful_call"]))
    cost = row(answer, "cost_per_useful_call")
    assert (answer["verdict"], cost["low"] < exp(-0.4) < cost["high"]) == ("better", True)
    low, middle, high = (Decimal(cost[name]) for name in ("low_usd", "difference_usd", "high_usd"))
    assert low < middle < high < 0
    assert float(middle) == pytest.approx(cost["candidate"] - cost["baseline"], rel=1e-6)
    assert "-$0.00" in answer["sentence"]


def test_margins_and_level_are_those_asked_for(api: TestClient) -> None:
    wide = {"metrics": ["latency"], "margins": {"latency": {"relative": 1.0}}, "level": 0.01}
    answer = asked(api, {**BOTH, **wide})
    assert (answer["verdict"], answer["level"], answer["level_per_metric"]) == ("not_worse", 0.01, 0.01)
    assert row(answer, "latency")["margin"] == pytest.approx(2.0)


def test_periods_apart_are_a_caveat(api: TestClient) -> None:
    begin = datetime.fromtimestamp(FIRST_TS_US / 1e6, UTC)
    halves = [(begin, begin + timedelta(hours=6)), (begin + timedelta(hours=6), begin + timedelta(hours=13))]
    sides = [{"start": a.isoformat(), "end": b.isoformat(), "where": {"model": ["now"]}} for a, b in halves]
    answer = asked(api, {"baseline": sides[0], "candidate": sides[1]})
    assert answer["verdict"] != "worse"
    assert any("different times" in caveat for caveat in answer["caveats"])


def test_a_period_may_end_some_time_ago(api: TestClient) -> None:
    answer = asked(api, {"baseline": {"period": "24h", "ago": "7d"}, "candidate": {"period": "24h"}})
    assert (answer["baseline"]["start"], answer["baseline"]["end"]) == ("2026-05-21T21:00:00Z", "2026-05-22T21:00:00Z")
    assert answer["baseline"]["calls"] == 0
    assert "No calls fit the baseline: check its where and period." in answer["caveats"]


def test_an_empty_cohort_cannot_be_told(api: TestClient) -> None:
    answer = asked(api, against("nobody"))
    assert answer["verdict"] == "cannot_tell"
    latency = row(answer, "latency")
    assert (latency["difference"], latency["low"], latency["margin"], latency["calls_needed"]) == (None,) * 4
    assert "0 comparable calls" in latency["reason"]


def test_steady_calls_need_no_hour(shared_store: Store) -> None:
    api = client(shared_store, clock=ManualClock(LATER))
    times = pa.array(FIRST_TS_US + np.arange(1_000) * 100_000)
    for model, slower in (("now", 1), ("slow", 2)):
        durations = (slower * np.random.default_rng(slower).lognormal(13, 0.5, 1_000)).astype(np.uint64)
        shared_store.insert_arrow(
            "calls", call_rows(1_000, ts=times, model=model, duration_us=pa.array(durations)), model
        )
    body = {**BOTH, "metrics": ["latency"]}
    answer = asked(api, body)
    assert (answer["verdict"], "1 blocks of time" in row(answer, "latency")["reason"]) == ("cannot_tell", True)
    steady = asked(api, {**body, "steady": True})
    assert steady["verdict"] == "worse"
    assert any("steady" in caveat for caveat in steady["caveats"])


def scored(store: Store, model: str, name: str, mean: float) -> None:
    """A score of every call of ``model``."""
    calls, random = rows(model), np.random.default_rng(7)
    n = calls.num_rows
    columns = {
        "ts": calls["ts"],
        "name": [name] * n,
        "value": mean + 0.2 * random.standard_normal(n),
        "response_id": calls["response_id"],
        "trace_id": [bytes(16)] * n,
        "span_id": [bytes(8)] * n,
    }
    empty: dict[str, Any] = {"label": [""] * n, "source": ["judge"] * n, "service": ["x"] * n}
    rest = {"explanation_present": [False] * n, "attributes": [[]] * n}
    every = {**columns, **empty, **rest}
    store.insert_arrow(
        "scores", pa.table([every[one] for one in SCORES_SCHEMA.names], schema=SCORES_SCHEMA), name + model
    )


@pytest.mark.parametrize(
    ("name", "worse_when", "verdict"), [("helpful", "lower", "worse"), ("complaints", "higher", "better")]
)
def test_of_scores_the_direction_counts(
    stored: Store, api: TestClient, name: str, worse_when: str, verdict: str
) -> None:
    stored.command("TRUNCATE TABLE scores")
    for model, mean in (("now", 0.8), ("slow", 0.6)):
        scored(stored, model, name, mean)
    for metric in (f"score:{name}", "score:*"):
        answer = asked(api, {**BOTH, "metrics": [metric]})
        found = row(answer, f"score:{name}")
        assert (answer["verdict"], found["worse_when"], found["unit"]) == (verdict, worse_when, "score")
        assert (found["baseline"], found["candidate"]) == (pytest.approx(0.8, abs=0.05), pytest.approx(0.6, abs=0.05))
        assert found["low"] < -0.2 < found["high"] < 0
        assert abs(found["margin"]) == pytest.approx(0.04, rel=0.1)
        assert (found["margin"] < 0) == (worse_when == "lower")


def test_a_format_checked_in_one_cohort_only_is_a_caveat(shared_store: Store) -> None:
    api = client(shared_store, clock=ManualClock(LATER))
    for model, valid in (("now", True), ("slow", None)):
        shared_store.insert_arrow("calls", call_rows(60, model=model, format_valid=valid), model)
    caveats = asked(api, BOTH)["caveats"]
    assert any("100% of the baseline's and 0% of the candidate's" in caveat for caveat in caveats)


def test_formats_checked_when_broken_only_are_rates_of_all_answers(shared_store: Store) -> None:
    """What says nothing of good answers must not make every checked answer a broken one."""
    api = client(shared_store, clock=ManualClock(LATER))
    for model, broken in (("now", 2), ("slow", 40)):
        outcomes = ["format_invalid"] * broken + ["ok"] * (200 - broken)
        columns: dict[str, Any] = {"outcome": outcomes, "format_valid": [False] * broken + [None] * (200 - broken)}
        shared_store.insert_arrow("calls", call_rows(200, model=model, **columns), model)
    found = row(asked(api, {**BOTH, "metrics": ["format_failure"]}), "format_failure")
    assert (found["baseline"], found["candidate"]) == (pytest.approx(0.01), pytest.approx(0.2))


def test_as_a_table(api: TestClient) -> None:
    answer = api.post("/v1/compare", params={"format": "csv"}, json={**BOTH, "metrics": ["latency", "error"]})
    table = csv.read_csv(pa.BufferReader(answer.content))
    assert table["metric"].to_pylist() == ["latency", "error"]
    assert '"verdict":"worse"' in answer.headers["watchkeeper-answer"]


def test_a_key_of_a_tenant_compares_its_own_calls(stored: Store) -> None:
    acme = of_tenant(stored, "acme")
    day = {"start": "2026-05-28T00:00:00Z", "end": "2026-05-30T00:00:00Z"}
    body = {place: {**day, "where": side["where"]} for place, side in BOTH.items()}
    answer = asked(acme, body)
    assert answer["candidate"]["calls"] == CALLS
    assert answer["candidate"]["where"] == {"model": ["slow"], "tenant": ["acme"]}
    body["candidate"] = {**day, "where": {"model": ["cheap"]}}
    assert asked(acme, body)["candidate"]["calls"] == 0
    body["candidate"] = {**day, "where": {"tenant": ["zeta"]}}
    assert "candidate: the key sees other" in problem(acme.post("/v1/compare", json=body), 403)["detail"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"baseline": {}, "candidate": {}}, "same calls"),
        ({**BOTH, "candidate": {"where": {"route": ["chat"]}}}, "calls are in both cohorts"),
        ({**BOTH, "metrics": ["speed"]}, "'speed' is none: use error"),
        ({**BOTH, "metrics": ["score:"]}, "'score:' is none"),
        ({**BOTH, "metrics": []}, "metrics"),
        ({**BOTH, "margins": {"empty": {"relative": 0.1}}}, "'empty' is not among the metrics"),
        ({**BOTH, "margins": {"error": {}}}, "that of error is 0"),
        ({**BOTH, "margins": {"latency": {"absolute": 0.1}}}, "give relative alone"),
        ({**BOTH, "level": 0.5}, "level"),
        ({**BOTH, "baseline": {"period": "soon"}}, "baseline: period is 'soon'"),
        ({**BOTH, "baseline": {"start": "2026-05-01T00:00:00"}}, "baseline: start needs a zone"),
        ({**BOTH, "baseline": {"ago": "7d", "start": "2026-05-01T00:00:00Z"}}, "ago goes with a period"),
        ({**BOTH, "baseline": {"ago": "soon"}}, "ago"),
        ({**BOTH, "candidate": {"where": {"modle": ["x"]}}}, "candidate.where: cannot filter on modle"),
        ({**BOTH, "candidate": {"where": {"tag": ["team"]}}}, "candidate.where: 'team' is no tag"),
        ({**BOTH, "candidate": {"period": "9000d", "where": {}}}, "the period has 9,000 days"),
        ({**BOTH, "weights": 1}, "weights"),
    ],
    ids=lambda value: value[:20].strip() if isinstance(value, str) else "",
)
def test_what_is_no_comparison_is_refused_with_the_mend(api: TestClient, body: dict[str, Any], named: str) -> None:
    assert named in problem(api.post("/v1/compare", json=body), 422)["detail"]
