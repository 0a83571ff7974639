"""``/v1/detectors``: where metrics stand, why, and how often people called them wrong."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from detectors.config import DetectorConfig
from detectors.followed import Followed
from detectors.history import ArrowHistory
from tests.api.client import client, problem
from tests.api.test_regressions import BEGUN, put, record
from tests.detectors.made_calls import DAY, calls
from watchkeeper.cli.detecting import StoreEngines
from watchkeeper.cli.detector_views import SavedEngines, views_of
from watchkeeper.clock import SystemClock
from watchkeeper.storage.client import Store
from watchkeeper.storage.detector_state import StatePlace, save_state

pytestmark = pytest.mark.clickhouse

LEARNT = calls([BEGUN.timestamp() + number * 10.0 for number in range(300)], route=["buy", "search"] * 150)
ENGINES = StoreEngines(DetectorConfig(), ArrowHistory(LEARNT))


def save(store: Store, partition: int = 0) -> None:
    """The state of detectors that have seen 150 calls of each of two routes."""
    followed = Followed.begin(ENGINES, BEGUN, 0, with_repeats=False)
    followed.take(LEARNT, BEGUN.timestamp() + DAY, 1)
    saved = followed.save({})
    save_state(store, StatePlace("a group", "llm_calls", partition, ENGINES.version), saved, SystemClock().now())


@pytest.fixture
def knowing(shared_store: Store) -> TestClient:
    save(shared_store)
    return client(shared_store, detectors=views_of(SavedEngines(ENGINES, shared_store)))


def test_every_metric_says_where_it_stands_and_what_it_needs(knowing: TestClient) -> None:
    rows = knowing.get("/v1/detectors/series").json()["rows"]
    latency = next(row for row in rows if row["series"].startswith("shop|buy") and row["metric"] == "latency")
    assert (latency["state"], latency["calls"], latency["needed"]) == ("learning", 150, 50)
    assert latency["why"] == "learns what is usual: 50 more calls needed" and latency["detectable"] == []
    assert {row["series"].split("|")[1] for row in rows} == {"buy", "search"}


def test_narrowed_and_in_pages(knowing: TestClient) -> None:
    every = knowing.get("/v1/detectors/series").json()["rows"]
    buy = knowing.get("/v1/detectors/series", params={"series": "|BUY|", "state": "learning"}).json()["rows"]
    assert buy and {row["series_id"] for row in buy} == {buy[0]["series_id"]}
    by_id = {"series": buy[0]["series_id"], "metric": "latency"}
    assert [row["metric"] for row in knowing.get("/v1/detectors/series", params=by_id).json()["rows"]] == ["latency"]
    found: list[object] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = knowing.get("/v1/detectors/series", params={"limit": 5, "cursor": cursor}).json()
        found += answer["rows"]
        cursor = answer["next_cursor"]
    assert found == every and len(every) > 10
    assert "begin again" in problem(knowing.get("/v1/detectors/series?cursor=x"), 422)["detail"]


def test_one_series_is_explained(knowing: TestClient) -> None:
    answer = knowing.get("/v1/detectors/explain?series=buy").json()
    assert answer["series"] == "shop|buy|openai|gpt-x|gpt-x-2026-05-01" and answer["calls"] == 150
    (error,) = [one for one in answer["metrics"] if one["status"]["metric"] == "error"]
    assert (error["false_alarms"], error["unit"], error["way_to_alarm"]) == (0, "share", 0.0)
    assert error["patience_days"] == answer["patience_days"] > 1_000


def test_what_names_no_single_series_lists_what_there_is(knowing: TestClient) -> None:
    for text, said in (("shop", "2 series match 'shop'"), ("nil", "no series matches 'nil'")):
        detail = problem(knowing.get("/v1/detectors/explain", params={"series": text}), 404, "Not one series")["detail"]
        assert said in detail and "shop|buy|openai" in detail
    assert "query.series" in problem(knowing.get("/v1/detectors/explain"), 422)["detail"]


def test_without_a_saved_state_that_is_said(shared_store: Store) -> None:
    fresh = client(shared_store, detectors=views_of(SavedEngines(ENGINES, shared_store)))
    assert fresh.get("/v1/detectors/series").json() == {"rows": [], "next_cursor": None}
    assert "saved no state yet" in problem(fresh.get("/v1/detectors/explain?series=x"), 404)["detail"]


def test_a_state_is_read_again_only_after_another_save(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    save(shared_store)
    restored: list[int] = []
    restore = StoreEngines.restore

    def counted(self: StoreEngines, snapshot: bytes) -> object:
        restored.append(1)
        return restore(self, snapshot)

    monkeypatch.setattr(StoreEngines, "restore", counted)
    saved = SavedEngines(ENGINES, shared_store)
    for _ in range(3):
        saved.explain("buy")
    assert len(restored) == 1
    save(shared_store, partition=1)
    assert len(saved.statuses()) > 0 and len(restored) > 1


def test_a_process_without_the_detectors_has_no_such_pages(api: TestClient) -> None:
    assert api.get("/v1/detectors/series").status_code == api.get("/v1/detectors/explain").status_code == 404


def test_false_alarms_come_with_the_interval_of_their_rate(shared_store: Store, api: TestClient) -> None:
    put(shared_store, *(record(f"r{n}") for n in range(4)), record("l", metric="latency"))
    for name, action in (("r0", "false-alarm"), ("r1", "accept"), ("r2", "acknowledge"), ("r3", "close")):
        assert api.post(f"/v1/regressions/{name}/{action}").status_code == 201
    error, latency = api.get("/v1/detectors/false-alarms").json()
    assert (error["metric"], error["told"], error["judged"]) == ("error", 4, 3)
    assert (error["false_alarms"], error["rate"]) == (1, pytest.approx(1 / 3))
    assert (error["rate_low"], error["rate_high"]) == pytest.approx((0.0615, 0.7923), abs=1e-3)
    assert (latency["told"], latency["judged"], latency["rate"], latency["rate_low"]) == (1, 0, None, None)
    later = {"since": (BEGUN + timedelta(hours=1)).isoformat()}
    assert api.get("/v1/detectors/false-alarms", params=later).json() == []
