"""``/v1/comparisons``: versions, results, and who is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from api.bounds import Bounds
from api.comparing.schedule import Comparisons, due, scheduled_time
from tests.api.client import NOW, client, problem
from tests.api.test_budgets import bound
from tests.fixtures.store import call_rows
from watchkeeper.choices import Recurrence
from watchkeeper.cli.evaluating import periodic_tasks
from watchkeeper.clock import ManualClock
from watchkeeper.settings import Settings
from watchkeeper.storage import scheduled_comparisons
from watchkeeper.storage.client import Store
from watchkeeper.storage.notices import Notice, read

DAY_S = 86_400
MIDNIGHT = datetime(2026, 5, 28, tzinfo=UTC)
REQUEST: dict[str, Any] = {
    "baseline": {"start": "2026-05-01T00:00:00Z", "end": "2026-05-02T00:00:00Z"},
    "candidate": {"period": "24h"},
    "metrics": ["latency"],
}


def calls(store: Store, day: datetime, seconds: float) -> None:
    """A day of calls, one every two minutes, that take about so long."""
    random = np.random.default_rng(day.toordinal())
    n = DAY_S // 120
    times = pa.array(int(day.timestamp() * 1e6) + np.arange(n) * 120_000_000)
    durations = pa.array((seconds * 1e6 * random.lognormal(0, 0.2, n)).astype(np.uint64))
    store.insert_arrow("calls", call_rows(n, seed=day.day, ts=times, duration_us=durations), day.isoformat())


def parts(store: Store, clock: ManualClock) -> Comparisons:
    return Comparisons(store, store, clock, Bounds())


def put(api: TestClient, name: str, **more: Any) -> dict[str, Any]:
    answer = api.put(f"/v1/comparisons/{name}", json={"request": REQUEST, **more})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def told(store: Store) -> list[Notice]:
    return read(store, datetime(2020, 1, 1, tzinfo=UTC), 100)


@pytest.mark.parametrize(
    ("every", "last"),
    [
        (Recurrence.HOUR, datetime(2026, 5, 28, 21, tzinfo=UTC)),
        (Recurrence.DAY, datetime(2026, 5, 28, tzinfo=UTC)),
        (Recurrence.WEEK, datetime(2026, 5, 25, tzinfo=UTC)),
    ],
)
def test_the_last_time_that_it_is_due(every: Recurrence, last: datetime) -> None:
    assert scheduled_time(every, NOW + timedelta(minutes=7, seconds=3)) == last
    assert scheduled_time(every, last) == last


@pytest.mark.clickhouse
def test_worse_is_told_once_and_well_again_once(shared_store: Store) -> None:
    clock = ManualClock(MIDNIGHT)
    calls(shared_store, datetime(2026, 5, 1, tzinfo=UTC), 1.0)
    # What ends at midnight of the 28th, and of each day after it; there are no calls on the third of them.
    for number, seconds in enumerate((1.0, 2.0, None, 2.0, 1.0, 2.0)):
        if seconds:
            calls(shared_store, MIDNIGHT + timedelta(days=number - 1), seconds)
    put(client(shared_store, clock=clock), "pinned")
    seen = []
    for _ in range(6):
        seen += [(one.verdict, bool(one.open_notice)) for one in due(parts(shared_store, clock))]
        assert due(parts(shared_store, clock)) == []
        clock.sleep(DAY_S)
    states = [("not_worse", False), ("worse", True), ("cannot_tell", True), ("worse", True)]
    assert seen == [*states, ("not_worse", False), ("worse", True)]
    notices = told(shared_store)
    first, second = "comparison:pinned:2026-05-29T00:00:00+00:00", "comparison:pinned:2026-06-02T00:00:00+00:00"
    assert [(one.notice_id, one.state) for one in notices] == [(first, "open"), (first, "resolved"), (second, "open")]
    assert (notices[0].kind, notices[0].subject, notices[0].severity) == ("comparison", "pinned", "warning")
    assert notices[0].title.startswith("The candidate is worse: latency x")
    assert notices[0].facts["latency"] == "worse"


@pytest.mark.clickhouse
def test_a_time_has_one_result_whoever_runs_it(shared_store: Store) -> None:
    clock = ManualClock(MIDNIGHT + timedelta(hours=3))
    api = client(shared_store, clock=clock)
    put(api, "twice")
    ((one,), other) = (due(parts(shared_store, clock)), due(parts(shared_store, clock)))
    assert (one.scheduled_at, other) == (MIDNIGHT, [])
    clock.sleep(30)
    first, again = (api.post("/v1/comparisons/twice/run").json() for _ in range(2))
    assert first == again
    assert first["scheduled_at"] == "2026-05-28T03:00:00Z"
    later = scheduled_comparisons.ComparisonResult(
        "twice", MIDNIGHT, 1, clock.now() + timedelta(days=1), "worse", "late", "", ""
    )
    scheduled_comparisons.save_result(shared_store, later)
    rows = api.get("/v1/comparisons/twice/results").json()["rows"]
    assert [row["verdict"] for row in rows] == ["cannot_tell", "cannot_tell"]


@pytest.mark.clickhouse
def test_what_cannot_be_compared_is_a_result_that_says_why(shared_store: Store) -> None:
    clock = ManualClock(MIDNIGHT)
    api = client(shared_store, clock=clock)
    calls(shared_store, MIDNIGHT - timedelta(days=1), 1.0)
    put(api, "same", request={**REQUEST, "baseline": {"period": "7d"}})
    (result,) = due(parts(shared_store, clock))
    assert result.verdict == "cannot_tell"
    assert "720 calls are in both cohorts" in result.sentence
    (row,) = api.get("/v1/comparisons/same/results").json()["rows"]
    assert (row["answer"], row["is_open"]) == (None, False)


@pytest.mark.clickhouse
def test_one_that_is_not_understood_does_not_hold_up_the_others(shared_store: Store) -> None:
    clock = ManualClock(MIDNIGHT)
    broken = scheduled_comparisons.ScheduledComparison("broken", 1, Recurrence.DAY, '{"sides": 2}', "x", clock.now())
    scheduled_comparisons.save_comparison(shared_store, broken)
    put(client(shared_store, clock=clock), "other")
    tasks = {task.name: task for task in periodic_tasks(shared_store, clock, Settings.load())}
    tasks["comparisons"].run()
    sentences = [scheduled_comparisons.list_results(shared_store, name, 1)[0].sentence for name in ("broken", "other")]
    assert "Set it anew" in sentences[0] and "Set it anew" not in sentences[1]


@pytest.mark.clickhouse
def test_a_comparison_is_made_changed_and_removed(shared_store: Store) -> None:
    clock = ManualClock(MIDNIGHT)
    api = client(shared_store, clock=clock)
    made = put(api, "team")
    assert (made["version"], made["every"], made["changed_by"]) == (1, "day", "local")
    assert made["request"]["candidate"]["period"] == "24h"
    assert put(api, "team") == made
    assert put(api, "team", every="week")["version"] == 2
    assert api.get("/v1/comparisons/team").json()["every"] == "week"
    (row,) = api.get("/v1/comparisons").json()["rows"]
    assert (row["name"], row["last_verdict"], row["is_open"]) == ("team", None, False)
    calls(shared_store, datetime(2026, 5, 1, tzinfo=UTC), 1.0)
    calls(shared_store, MIDNIGHT - timedelta(days=1), 3.0)
    assert api.post("/v1/comparisons/team/run").json()["verdict"] == "worse"
    clock.sleep(60)
    assert api.delete("/v1/comparisons/team").status_code == 204
    assert "GET /v1/comparisons" in problem(api.get("/v1/comparisons/team"), 404, "No such comparison")["detail"]
    problem(api.delete("/v1/comparisons/team"), 404)
    assert [one.state for one in told(shared_store)] == ["open", "resolved"]
    assert put(api, "team")["version"] == 4
    assert api.get("/v1/comparisons").json()["rows"][0]["is_open"] is False


@pytest.mark.clickhouse
def test_results_are_paged_and_come_as_a_table(shared_store: Store) -> None:
    clock = ManualClock(MIDNIGHT)
    api = client(shared_store, clock=clock)
    put(api, "often", every="hour")
    for _ in range(3):
        due(parts(shared_store, clock))
        clock.sleep(3_600)
    first = api.get("/v1/comparisons/often/results", params={"limit": 2}).json()
    second = api.get("/v1/comparisons/often/results", params={"limit": 2, "before": first["next_before"]}).json()
    hours = [[row["scheduled_at"][11:13] for row in page["rows"]] for page in (first, second)]
    assert (hours, second["next_before"]) == ([["02", "01"], ["00"]], None)
    assert api.get("/v1/comparisons", params={"format": "csv"}).text.count("\r\n") == 2
    problem(api.get("/v1/comparisons/often/results", params={"before": "2026-05-28T00:00:00"}), 422)


@pytest.mark.clickhouse
def test_a_key_of_a_tenant_sees_its_own(shared_store: Store) -> None:
    put(client(shared_store), "all")
    acme = bound(shared_store, "operate")
    made = put(acme, "acme")
    assert [made["request"][side]["where"] for side in ("baseline", "candidate")] == [{"tenant": ["acme"]}] * 2
    assert [row["name"] for row in acme.get("/v1/comparisons").json()["rows"]] == ["acme"]
    problem(acme.get("/v1/comparisons/all"), 404)
    problem(acme.post("/v1/comparisons/all/run"), 404)
    problem(acme.put("/v1/comparisons/all", json={"request": REQUEST}), 409, "The name is taken")
    other = {**REQUEST, "candidate": {"where": {"tenant": ["zeta"]}}}
    problem(acme.put("/v1/comparisons/zeta", json={"request": other}), 403)


@pytest.mark.clickhouse
def test_too_many_are_refused(shared_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.comparing.desk.MOST_COMPARISONS", 1)
    api = client(shared_store)
    put(api, "one")
    problem(api.put("/v1/comparisons/two", json={"request": REQUEST}), 409, "Too many comparisons")
    put(api, "one", every="hour")


@pytest.mark.clickhouse
@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"request": {**REQUEST, "metrics": ["speed"]}}, "'speed' is none"),
        ({"request": {**REQUEST, "baseline": {"period": "24h"}}}, "same calls"),
        ({"request": REQUEST, "every": "minute"}, "every"),
        ({"request": REQUEST, "at": "noon"}, "at"),
    ],
    ids=["metric", "same", "every", "unknown"],
)
def test_what_is_no_comparison_is_refused(shared_store: Store, body: dict[str, Any], named: str) -> None:
    assert named in problem(client(shared_store).put("/v1/comparisons/x", json=body), 422)["detail"]
