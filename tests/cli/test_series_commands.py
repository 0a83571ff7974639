"""``watchkeeper health``, ``models`` and ``calls``: what the API answers, as tables that fit a hundred columns."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.api.client import NOW, client
from tests.api.test_series_health import SERIES, transition
from tests.cli.command import Watchkeeper
from tests.fixtures.store import FIRST_TS_US, call_rows
from watchkeeper.cli.access import Remote
from watchkeeper.cli.remote_calls import RemoteCalls, RemoteHistory, remote_scores
from watchkeeper.schema import CALLS_SCHEMA
from watchkeeper.storage.call_export import CallExport
from watchkeeper.storage.call_feed import StoredCalls
from watchkeeper.storage.call_filter import CallFilter
from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import insert_transitions

pytestmark = pytest.mark.clickhouse

PERIOD = ("--from", "2026-05-28T20:00", "--to", "2026-05-28T21:00")
TRACE = bytes(range(16))


@pytest.fixture
def filled(shared_store: Store) -> Store:
    """60 calls of one trace, some of which failed, and a regression."""
    ts = pa.array([FIRST_TS_US + number * 10_000_000 for number in range(60)])
    outcomes = ["error" if number % 6 == 0 else "ok" for number in range(60)]
    models = ["gpt-4o" if outcome == "error" else "gpt-4o-2024-08-06" for outcome in outcomes]
    stored = call_rows(60, ts=ts, trace_id=TRACE, outcome=outcomes, model=models, system_fingerprint="fp_1")
    shared_store.insert_arrow("calls", stored, "a")
    insert_transitions(shared_store, [transition("0123456789abcdef")])
    return shared_store


@pytest.mark.usefixtures("filled")
def test_health_as_a_table(on_store: Watchkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    ran = on_store("health", *PERIOD)
    assert ran.code == 0, ran.err
    assert all(len(line) <= 100 for line in ran.out.splitlines())
    assert "shop/chat" in ran.out and "-> gpt-4o-2024-08-06" in ran.out
    assert " 16.7%" in ran.out and "regressed" in ran.out
    told = "0123456789abcdef shop chat openai gpt-4o gpt-4o-2024-08-06: latency since 2026-05-28 20:30: 1.0 s → 2.0 s"
    assert told in " ".join(ran.out.split())


@pytest.mark.usefixtures("filled")
def test_health_as_json_csv_and_coarser(on_store: Watchkeeper) -> None:
    answer = json.loads(on_store("health", *PERIOD, "--json").out)
    assert [row["calls"] for row in answer["rows"]] == [60]
    lines = list(csv.DictReader(on_store("health", *PERIOD, "--by", "provider,operation", "--csv").out.splitlines()))
    assert [(row["provider"], row["operation"], row["calls"]) for row in lines] == [("openai", "chat", "60")]
    assert "no calls in this period" in on_store("health", *PERIOD, "--where", "service=mail").out


@pytest.mark.usefixtures("filled")
def test_the_history_of_a_series(on_store: Watchkeeper) -> None:
    series = json.loads(on_store("health", *PERIOD, "--json").out)["rows"][0]["series_id"]
    ran = on_store("health", series, *PERIOD, "--interval", "5m")
    assert ran.code == 0, ran.err
    assert "2026-05-28 20:25" in ran.out and "2026-05-28 20:35" in ran.out
    assert "0123456789abcdef latency since" in ran.out


@pytest.mark.usefixtures("filled")
def test_models_and_one_model(on_store: Watchkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    ran = on_store("models", "list", *PERIOD)
    assert ran.code == 0, ran.err
    assert all(len(line) <= 100 for line in ran.out.splitlines())
    assert "openai/gpt-4o" in ran.out and "gpt-4o-2024-08-06, 2026-05-28 20:00" in " ".join(ran.out.split())
    shown = on_store("models", "show", "openai/gpt-4o", *PERIOD).out
    assert "openai/gpt-4o: 50 answers" in shown and "fp_1 of gpt-4o-2024-08-06" in shown


@pytest.mark.usefixtures("filled")
def test_calls_and_a_trace(on_store: Watchkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    ran = on_store("calls", *PERIOD, "--limit", "2", "--order", "duration", "--where", "outcome=ok")
    assert ran.code == 0, ran.err
    assert all(len(line) <= 100 for line in ran.out.splitlines())
    assert ran.out.count(TRACE.hex()) == 2 and "there are more" in ran.out
    few = on_store("calls", *PERIOD, "--with", "min_duration_ms=99999999")
    assert TRACE.hex() not in few.out
    trace = on_store("calls", TRACE.hex())
    assert f"trace {TRACE.hex()}: 60 calls" in trace.out
    assert len(json.loads(on_store("calls", TRACE.hex(), "--json").out)["rows"]) == 60


@pytest.mark.usefixtures("filled")
def test_calls_are_written_to_a_file(on_store: Watchkeeper, tmp_path: Path) -> None:
    file = tmp_path / "calls.parquet"
    ran = on_store("calls", *PERIOD, "--export", file, "--where", "outcome=ok")
    assert ran.code == 0 and "bytes" in ran.err, ran.err
    found = parquet.read_table(file)
    assert (found.num_rows, found.schema.names) == (50, CALLS_SCHEMA.names)
    assert "cannot write" in on_store("calls", *PERIOD, "--export", tmp_path / "no" / "such.csv").err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("health", "nonsense"), "path.series"),
        (("health", "a/../b"), "No such page"),
        (("health", "0" * 12, "--by", "model"), "--by does not go with this"),
        (("health", "--interval", "1h"), "--interval does not go with this"),
        (("health", "--by", "colour"), "cannot group by 'colour'"),
        (("models", "show", "gpt-4o"), "write PROVIDER/MODEL"),
        (("models", "show", "openai/gpt-9"), "No such model"),
        (("calls", "--where", "colour=red"), "there is no parameter 'colour'"),
        (("calls", "--with", "min_duration_ms"), "write PARAMETER=VALUE"),
        (("calls", "--export", "calls.txt"), "ends in .parquet, .arrow, .csv"),
        (("calls", TRACE.hex(), "--csv"), "a trace is shown as a table or with --json"),
        (("calls", TRACE.hex()), "No such trace"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(on_store: Watchkeeper, arguments: tuple[str, ...], said: str) -> None:
    ran = on_store(*arguments)
    assert ran.code == 2 and said in ran.err


def test_calls_read_through_the_api_are_those_of_the_store(filled: Store) -> None:
    begin, end = NOW.replace(hour=20), NOW
    stored = pa.concat_tables(CallExport(filled, CallFilter(begin, end)).read())
    with client(filled) as http:
        calls = RemoteCalls(remote(http), begin, end)
        assert calls.count() == 60
        assert pa.concat_tables(calls.read()).unify_dictionaries().equals(stored.unify_dictionaries())
        history, mine = RemoteHistory(remote(http), 20), StoredCalls(filled, 20)
        asked = ("openai", "gpt-4o", begin.timestamp(), end.timestamp(), ["model", "ts", "duration_us"])
        assert history.calls(*asked).to_pylist() == mine.calls(*asked).to_pylist() != []
        assert history.calls(*SERIES[2:4], 5.0, 5.0).num_rows == 0
        assert list(remote_scores(remote(http), begin, end)) == []


def remote(http: Any) -> Remote:
    return Remote(http)
