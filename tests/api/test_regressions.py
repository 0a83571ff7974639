"""``/v1/regressions``: listed, told in full, and open to what people say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from detectors.metrics import Severity
from detectors.records import (
    CoTimed,
    Evidence,
    FindingKind,
    Member,
    MixSplit,
    Regression,
    Size,
    Slice,
    State,
)
from detectors.reporting import transition_row
from tests.api.client import NOW, client, problem
from watchkeeper.clock import ManualClock
from watchkeeper.storage.client import Store
from watchkeeper.storage.regression_actions import actions_of
from watchkeeper.storage.regressions import insert_transitions

pytestmark = pytest.mark.clickhouse

BEGUN = NOW - timedelta(hours=2)
SIZE = Size(before=0.01, after=0.05, low=0.03, high=0.07, ratio=5.0, unit="share", text="error 1.00% → 5.00%")
EVIDENCE = Evidence(
    detector="e_detector", statistic=1.2, hypothesis="odds ×5", baseline="pinned", calls=500, patience_days=29_400.0
)
SERIES = "shop|chat|openai|gpt-x|gpt-x-2026-05-01"
MEMBER = Member(
    series=SERIES, series_id="0123456789ab", metric="error", direction="up", state=State.OPEN, onset=BEGUN,
    onset_low=BEGUN, onset_high=BEGUN, detected_at=BEGUN, size=SIZE, evidence=EVIDENCE,
)  # fmt: skip


def record(regression_id: str, seq: int = 1, **overrides: Any) -> Regression:
    values: dict[str, Any] = {
        "kind": FindingKind.REGRESSION, "severity": Severity.PAGE, "state": State.OPEN, "at": BEGUN, "reason": "rose",
        "series": SERIES, "series_id": "0123456789ab", "service": "shop", "route": "chat", "provider": "openai",
        "request_model": "gpt-x", "model": "gpt-x-2026-05-01", "metric": "error", "direction": "up", "onset": BEGUN,
        "onset_low": BEGUN, "onset_high": BEGUN, "detected_at": BEGUN, "confidence": 0.99,
    }  # fmt: skip
    return Regression(id=regression_id, seq=seq, **{**values, **overrides})


def put(store: Store, *records: Regression, stored_at: datetime = BEGUN) -> None:
    insert_transitions(store, [transition_row(one, stored_at) for one in records])


FULL = record(
    "full", size=SIZE, evidence=EVIDENCE, members=(MEMBER,),
    slices=(Slice(dimension="tenant", value="acme", calls=9, before=None, after=0.4, share=0.8),),
    mix=MixSplit(raw=0.04, mix=0.01, within=0.03, unit="share"),
    co_timed=(CoTimed(what="prompt version", before="1", after="2", at=BEGUN),),
)  # fmt: skip


def test_listed_with_size_and_the_latest_step_first(shared_store: Store, api: TestClient) -> None:
    later = record("later", at=NOW, kind=FindingKind.OUTAGE, severity=Severity.NOTICE, route="search")
    put(shared_store, FULL, later, record("full", 2, state=State.RECOVERING, at=BEGUN + timedelta(minutes=1)))
    answer = api.get("/v1/regressions").json()
    assert [(row["id"], row["seq"], row["state"]) for row in answer["rows"]] == [
        ("later", 1, "open"),
        ("full", 2, "recovering"),
    ]
    assert answer["rows"][0]["size"] is None and answer["rows"][0]["closed_at"] is None
    assert answer["rows"][0]["acknowledged_by"] is None and answer["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=open", ["b", "a"]),
        ("state=closed", ["c"]),
        ("severity=notice", ["b"]),
        ("kind=outage", ["b"]),
        ("provider=anthropic", ["a"]),
        ("model=gpt-x-2026-05-01", ["c", "b", "a"]),
        ("model=gpt-y", ["c"]),
        ("route=search", ["b"]),
        ("service=none", []),
        ("since=2026-05-28T20:00:00Z", ["c", "b"]),
        ("until=2026-05-28T20:00:00Z", ["a"]),
        ("since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z", ["c", "b", "a"]),
    ],
)
def test_narrowed_by_what_it_is_about(shared_store: Store, api: TestClient, query: str, found: list[str]) -> None:
    put(
        shared_store,
        record("a", provider="anthropic"),
        record("b", at=NOW - timedelta(minutes=2), kind=FindingKind.OUTAGE, severity=Severity.NOTICE, route="search"),
        record("c", at=NOW - timedelta(minutes=1), state=State.CLOSED, request_model="gpt-y"),
    )
    assert [row["id"] for row in api.get(f"/v1/regressions?{query}").json()["rows"]] == found


def test_pages_join_up_even_where_steps_share_a_moment(shared_store: Store, api: TestClient) -> None:
    put(shared_store, *(record(f"r{number}", at=BEGUN + timedelta(minutes=number // 3)) for number in range(8)))
    whole = [row["id"] for row in api.get("/v1/regressions").json()["rows"]]
    pages: list[list[str]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = api.get("/v1/regressions", params={"limit": 3, "cursor": cursor}).json()
        pages.append([row["id"] for row in answer["rows"]])
        cursor = answer["next_cursor"]
    assert [len(page) for page in pages] == [3, 3, 2] and sum(pages, []) == whole and len(set(whole)) == 8


def test_told_in_full(shared_store: Store, api: TestClient) -> None:
    put(shared_store, FULL)
    answer = api.get("/v1/regressions/full").json()
    said = FULL.model_dump(mode="json")
    names = ("evidence", "members", "slices", "mix", "co_timed", "details", "size", "series", "onset_low")
    assert {name: answer[name] for name in names} == {name: said[name] for name in names}
    assert answer["transitions"] == [{"seq": 1, "at": said["at"], "state": "open", "reason": "rose"}]
    assert answer["actions"] == []


def test_a_record_of_an_earlier_version_has_nulls(shared_store: Store, api: TestClient) -> None:
    row = transition_row(record("old"), BEGUN)
    names = [name for name in row.__slots__ if name != "record"]
    insert_transitions(shared_store, [type(row)(**{name: getattr(row, name) for name in names}, record="{}")])
    answer = api.get("/v1/regressions/old").json()
    assert (answer["size"], answer["onset_low"], answer["members"], answer["evidence"]) == (None, None, [], None)


@pytest.mark.parametrize("action", ["acknowledge", "close", "false-alarm", "accept", "comment"])
def test_what_is_said_is_stored_with_who_said_it(shared_store: Store, api: TestClient, action: str) -> None:
    put(shared_store, FULL)
    answer = api.post(f"/v1/regressions/full/{action}", json={"comment": "we did that"})
    assert answer.status_code == 201
    said = answer.json()
    assert (said["made_by"], said["comment"], said["at"]) == ("local", "we did that", "2026-05-28T21:00:00Z")
    assert api.get("/v1/regressions/full").json()["actions"] == [said]
    (stored,) = actions_of(shared_store, ["full"])["full"]
    assert (stored.provider, stored.request_model, stored.members) == ("openai", "gpt-x", ((SERIES, "error"),))
    seen_by = api.get("/v1/regressions").json()["rows"][0]["acknowledged_by"]
    assert seen_by == ("local" if action == "acknowledge" else None)


def test_a_finding_is_its_own_member_and_needs_no_body(shared_store: Store, api: TestClient) -> None:
    put(shared_store, record("out", kind=FindingKind.OUTAGE, metric="outage"))
    assert api.post("/v1/regressions/out/close").status_code == 201
    (stored,) = actions_of(shared_store, ["out"])["out"]
    assert stored.members == ((SERIES, "outage"),) and stored.comment == ""


@pytest.mark.parametrize("action", ["acknowledge", "close", "accept"])
def test_what_is_closed_is_not_closed_again(shared_store: Store, api: TestClient, action: str) -> None:
    put(shared_store, record("done", state=State.CLOSED, reason="it is back"))
    detail = problem(api.post(f"/v1/regressions/done/{action}"), 409, "Not as it stands")["detail"]
    assert "done is closed already (it is back)" in detail
    assert api.post("/v1/regressions/done/false-alarm").status_code == 201
    assert "counts once" in problem(api.post("/v1/regressions/done/false-alarm"), 409)["detail"]


def test_what_waits_for_the_detectors_is_not_asked_for_twice(shared_store: Store, api: TestClient) -> None:
    put(shared_store, FULL)
    api.post("/v1/regressions/full/accept")
    detail = problem(api.post("/v1/regressions/full/close"), 409)["detail"]
    assert "was accepted by local a moment ago" in detail
    # A step that the detectors took before they heard of it.
    put(shared_store, record("full", 2, state=State.RECOVERING), stored_at=NOW + timedelta(seconds=1))
    problem(api.post("/v1/regressions/full/close"), 409)
    put(shared_store, record("full", 3, state=State.CLOSED), stored_at=NOW + timedelta(seconds=2))
    put(shared_store, record("full", 4), stored_at=NOW + timedelta(seconds=3))
    assert api.post("/v1/regressions/full/close").status_code == 201
    assert api.post("/v1/regressions/full/comment", json={"comment": "hm"}).status_code == 201


def test_only_a_close_of_the_last_day_can_be_taken_back(shared_store: Store) -> None:
    put(shared_store, FULL)
    clock = ManualClock(NOW)
    api = client(shared_store, clock=clock)
    assert "was not closed by anybody" in problem(api.post("/v1/regressions/full/reopen"), 409)["detail"]
    api.post("/v1/regressions/full/close")
    later = client(shared_store, clock=ManualClock(NOW + timedelta(days=1)))
    assert "more than a day ago" in problem(later.post("/v1/regressions/full/reopen"), 409)["detail"]
    clock.sleep(1)
    assert api.post("/v1/regressions/full/reopen").status_code == 201
    assert "was not closed by anybody" in problem(api.post("/v1/regressions/full/reopen"), 409)["detail"]


def test_bad_input_is_named(shared_store: Store, api: TestClient) -> None:
    put(shared_store, FULL)
    for path in ("/v1/regressions/none", "/v1/regressions/none/close"):
        answer = api.get(path) if path.endswith("none") else api.post(path)
        assert "GET /v1/regressions lists what is" in problem(answer, 404, "No such regression")["detail"]
    assert "cursor is none of ours" in problem(api.get("/v1/regressions?cursor=%20x"), 422)["detail"]
    assert "query.state" in problem(api.get("/v1/regressions?state=gone"), 422)["detail"]
    assert "timezone" in problem(api.get("/v1/regressions?since=2026-01-01T00:00:00"), 422)["detail"]
    assert "query.limit" in problem(api.get("/v1/regressions?limit=0"), 422)["detail"]
    for body in ({}, {"comment": ""}, {"comment": "x" * 2_001}, {"comment": "a\x00b"}):
        assert "body.comment" in problem(api.post("/v1/regressions/full/comment", json=body), 422)["detail"]


def test_times_are_those_of_the_api(shared_store: Store, api: TestClient) -> None:
    put(shared_store, FULL)
    api.post("/v1/regressions/full/comment", json={"comment": "hm"})
    assert actions_of(shared_store, ["full"])["full"][0].at == NOW.astimezone(UTC)


def test_a_regression_is_named_by_the_begin_of_its_id_where_no_other_begins_so(
    shared_store: Store, api: TestClient
) -> None:
    put(shared_store, record("abcd1111"), record("abcd2222"), record("abcd"), record("ef01aaaa"))
    assert api.get("/v1/regressions/ef01").json()["id"] == "ef01aaaa"
    assert api.get("/v1/regressions/abcd").json()["id"] == "abcd"
    assert api.post("/v1/regressions/abcd2/acknowledge").status_code == 201
    assert list(actions_of(shared_store, ["abcd2", "abcd2222"])) == ["abcd2222"]
    put(shared_store, record("ef01bbbb"))
    for answer in (api.get("/v1/regressions/ef01"), api.post("/v1/regressions/ef01/close")):
        detail = problem(answer, 404, "Not one regression")["detail"]
        assert "several begin with 'ef01': ef01aaaa, ef01bbbb; write more" in detail
    for unknown in ("ef0", "0000", "%25bcd"):
        problem(api.get(f"/v1/regressions/{unknown}"), 404, "No such regression")
