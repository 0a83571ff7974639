"""``watchkeeper backtest`` as a user runs it."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from detectors.config import DetectorConfig
from detectors.embedded import OWNER
from detectors.followed import Followed
from detectors.saving import StateKeeper
from tests.api.client import client
from tests.cli.command import Ran, Watchkeeper
from tests.detectors.made_calls import START
from watchkeeper.cli import backtest
from watchkeeper.cli.access import Remote
from watchkeeper.cli.detecting import StoreEngines
from watchkeeper.clock import SystemClock
from watchkeeper.schema import CALLS_SCHEMA
from watchkeeper.settings import Settings
from watchkeeper.storage.call_feed import StoredCalls
from watchkeeper.storage.client import Store


def columns(n: int = 3_000, errors: float = 0.3) -> dict[str, Any]:
    """Two routes, a call every six seconds; the second has many more errors from two thirds on."""
    rng = np.random.default_rng(1)
    bad = (np.arange(n) >= n * 2 // 3) & (np.arange(n) % 2 == 1)
    failed = rng.random(n) < np.where(bad, errors, 0.01)
    return {
        "ts": START + np.arange(n) * 6.0,
        "service": ["shop"] * n,
        "route": ["ask", "buy"] * (n // 2),
        "provider": ["openai"] * n,
        "request_model": ["gpt-x"] * n,
        "error_type": np.where(failed, "ServerError", "").tolist(),
        "duration_us": 1e6 * rng.lognormal(0, 0.4, n),
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "calls.parquet", **columns())


def written(path: Path, **chosen: Any) -> Path:
    pq.write_table(pa.table(chosen), path)
    return path


def found(ran: Ran) -> dict[str, Any]:
    (line,) = ran.lines()
    assert isinstance(line, dict)
    return line


def test_json_has_one_flat_record_a_series_and_metric(watchkeeper: Watchkeeper, file: Path) -> None:
    ran = watchkeeper("backtest", "--calls", file, "--json")
    assert ran.code == 2, ran.err
    answer = found(ran)
    own = next(one for one in answer["regressions"] if one["route"] == "buy")
    assert own["series"] == "shop|buy|openai|gpt-x|gpt-x"
    assert (own["metric"], own["direction"], own["state"], own["severity"]) == ("error", "up", "open", "page")
    assert own["size"]["after"] > 0.15 > own["size"]["before"]
    change = np.datetime64(int(START + 12_000), "s")
    assert own["detected_at"].endswith("Z") and own["onset_low"] <= own["onset"] <= own["onset_high"]
    assert change < np.datetime64(own["detected_at"][:-1]) < change + np.timedelta64(3_600, "s")
    assert sum(one["lead"] for one in answer["regressions"]) == len(
        {one["regression"] for one in answer["regressions"]}
    )
    assert {"slices", "mix", "co_timed", "evidence", "series_id", "closed_at", "text"} <= set(own)
    assert answer["calls"] | {"read": 3_000, "used": 3_000, "late": 0, "left_out": 0} == answer["calls"]
    assert answer["verdict"] == "regressed" and answer["settings"]["detector"] == "e_detector"
    states = {(one["series"], one["metric"]): one for one in answer["states"]}
    assert states["shop|buy|openai|gpt-x|gpt-x", "error"]["state"] == "open"
    assert states["shop|ask|openai|gpt-x|gpt-x", "error"]["detectable"]["week"] > 0.01
    assert "time_to_first_token" not in {metric for _, metric in states}


def test_the_same_file_gives_the_same_answer(watchkeeper: Watchkeeper, file: Path) -> None:
    first, second = (watchkeeper("backtest", "--calls", file, "--json").out for _ in range(2))
    assert first == second


def test_people_get_a_table_a_story_and_the_states(watchkeeper: Watchkeeper, file: Path) -> None:
    ran = watchkeeper("backtest", "--calls", file)
    assert ran.code == 2, ran.err
    assert "1 page, 0 notices in 3,000 calls" in ran.out
    assert "openai/gpt-x on" in ran.out and "It began at 2025-09-01 0" in ran.out and "is not over" in ran.out
    assert "Where everything stands: " in ran.out and "shop|ask|openai|gpt-x|gpt-x" in ran.out
    assert ran.err == ""


def test_quiet_calls_end_with_zero(watchkeeper: Watchkeeper, tmp_path: Path) -> None:
    ran = watchkeeper("backtest", "--calls", written(tmp_path / "a.parquet", **columns(errors=0.01)), "--json")
    assert ran.code == 0, ran.err
    assert found(ran)["regressions"] == [] and found(ran)["verdict"] == "quiet"


def test_too_few_calls_end_with_three(watchkeeper: Watchkeeper, tmp_path: Path) -> None:
    ran = watchkeeper("backtest", "--calls", written(tmp_path / "a.parquet", **columns(60)), "--json")
    assert ran.code == 3, ran.err
    assert {one["state"] for one in found(ran)["states"]} == {"learning"}
    assert all(one["needed"] > 0 for one in found(ran)["states"])


def test_rules_take_part(watchkeeper: Watchkeeper, file: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules:\n  - {metric: error, severity: notice}\n")
    ran = watchkeeper("backtest", "--calls", file, "--json", "--rules", rules)
    assert ran.code == 0, ran.err
    assert {one["severity"] for one in found(ran)["regressions"] if one["route"] == "buy"} == {"notice"}


def test_another_detector_decides(watchkeeper: Watchkeeper, file: Path) -> None:
    answer = found(watchkeeper("backtest", "--calls", file, "--json", "--detector", "adwin"))
    assert answer["settings"]["detector"] == "adwin"
    assert {one["evidence"]["detector"] for one in answer["regressions"] if one["route"] == "buy"} == {"adwin"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say which calls"),
        (("--calls", "away.parquet"), "away.parquet: there is no such file"),
        (("--calls", "a.parquet", "--from", "2026-01-01"), "say which calls"),
        (("--from", "soon"), "--from is 'soon'"),
        (("--calls", "a.parquet", "--detector", "oracle"), "there is no detector 'oracle': choose one of e_detector"),
        (("--nonsense",), "No such option"),
    ],
)
def test_whatever_is_wrong_is_a_sentence_and_exit_code_one(
    watchkeeper: Watchkeeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.setenv("WATCHKEEPER_DATA_DIR", str(tmp_path / "nothing"))
    ran = watchkeeper("backtest", *arguments)
    assert ran.code == 1
    assert said in ran.err and ran.out == ""


@pytest.mark.clickhouse
def test_stored_calls_give_what_their_file_gives(on_store: Watchkeeper, shared_store: Store, file: Path) -> None:
    from_file = found(on_store("backtest", "--calls", file, "--json"))
    shared_store.insert_arrow("calls", _in_schema(columns()), "a")
    ran = on_store("backtest", "--from", "2025-09-01", "--to", "2025-09-02", "--json")
    assert ran.code == 2, ran.err
    from_store = found(ran)
    assert from_store["calls"]["used"] == 3_000
    assert [one["detected_at"] for one in from_store["regressions"]] == [
        one["detected_at"] for one in from_file["regressions"]
    ]
    assert on_store("backtest", "--from", "2020-01-01", "--to", "2020-01-02").code == 1


def test_calls_read_through_the_api_give_what_the_store_gives(
    on_store: Watchkeeper, shared_store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared_store.insert_arrow("calls", _in_schema(columns()), "a")
    command = ("backtest", "--from", "2025-09-01", "--to", "2025-09-02", "--json")
    direct = on_store(*command)

    @contextlib.contextmanager
    def running(_: Settings) -> Iterator[Remote]:
        with client(shared_store) as http:
            through: Any = http
            yield Remote(through)

    monkeypatch.setattr(backtest, "store_or_api", running)
    ran = on_store(*command)
    assert (ran.code, ran.out) == (direct.code, direct.out)
    assert json.loads(ran.out)["verdict"] != "cannot_tell"


def _in_schema(made: dict[str, Any]) -> pa.Table:
    n = len(made["ts"])
    failed = np.array(made["error_type"]) != ""
    own: dict[str, Any] = {
        **made,
        "ts": (made["ts"] * 1e6).astype(np.int64),
        "model": made["request_model"],
        "outcome": np.where(failed, "error", "ok").tolist(),
        "duration_us": np.round(made["duration_us"]).astype(np.uint64),
        "calls": [1] * n,
        "duration_complete": [True] * n,
        "span_id": [number.to_bytes(8) for number in range(n)],
        "trace_id": [bytes(16)] * n,
        "parent_span_id": [bytes(8)] * n,
    }
    arrays = []
    for field in CALLS_SCHEMA:
        nothing = pa.repeat("", n) if pa.types.is_dictionary(field.type) else pa.nulls(n, field.type)
        array = pa.array(own[field.name]) if field.name in own else nothing
        array = array.dictionary_encode() if pa.types.is_dictionary(field.type) else array
        arrays.append(array.cast(field.type))
    return pa.table(arrays, schema=CALLS_SCHEMA)


def test_explain_reads_the_same_file(watchkeeper: Watchkeeper, file: Path) -> None:
    ran = watchkeeper("detectors", "explain", "buy", "--calls", file, "--json")
    assert ran.code == 0, ran.err
    answer = found(ran)
    error = next(one for one in answer["metrics"] if one["status"]["metric"] == "error")
    assert error["status"]["state"] == "open" and error["way_to_alarm"] == 1.0
    assert error["baselines"][0]["since"].endswith("Z")
    told = watchkeeper("detectors", "explain", answer["series_id"], "--calls", file).out
    assert "shop|buy|openai|gpt-x|gpt-x" in told and "error: open" in told and "pinned baseline" in told


def test_explain_lists_what_it_could_explain(watchkeeper: Watchkeeper, file: Path) -> None:
    ran = watchkeeper("detectors", "explain", "shop", "--calls", file)
    assert ran.code == 2
    assert "2 series match 'shop'" in ran.err and "shop|ask|" in ran.err


def test_simulate_on_a_file_and_on_made_up_traffic(watchkeeper: Watchkeeper, file: Path) -> None:
    for source in (("--calls", file), ("--rate", "100/h", "--series", "1")):
        ran = watchkeeper("detectors", "simulate", *source, "--runs", "1", "--days", "0.3", "--json")
        assert ran.code == 0, ran.err
        answer = found(ran)
        assert answer["runs"] == 1 and answer["calls"] > 500
        assert answer["false_alarms"]["low"] <= answer["false_alarms"]["per_30_series_days"]
        assert [one["name"] for one in answer["changes"]][0] == "errors x3"


def test_simulate_wants_a_rate_or_calls(watchkeeper: Watchkeeper) -> None:
    ran = watchkeeper("detectors", "simulate", "--rate", "often")
    assert ran.code == 2
    assert "--rate is 'often': write calls per s, min, h or d" in ran.err
    assert "change" in watchkeeper("detectors", "simulate", "--rate", "200/h", "--runs", "1", "--days", "0.2").out


@pytest.mark.clickhouse
def test_explain_reads_the_state_saved_last(on_store: Watchkeeper, shared_store: Store) -> None:
    assert "have saved no state yet" in on_store("detectors", "explain", "buy").err
    made, clock = StoreEngines(DetectorConfig(), StoredCalls(shared_store)), SystemClock()
    keeper = StateKeeper(shared_store, clock, made, OWNER)
    assert keeper.load("calls", 0, with_repeats=False) is None
    followed = Followed.begin(made, clock.now(), 0, with_repeats=False)
    followed.take(_in_schema(columns()), START + 20_000, 1)
    keeper.save("calls", 0, followed, {})
    ran = on_store("detectors", "explain", "buy", "--json")
    assert ran.code == 0, ran.err
    assert found(ran)["calls"] == 1_500
    assert "no series matches 'sell'" in on_store("detectors", "explain", "sell").err
