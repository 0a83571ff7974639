"""``watchkeeper compare`` and ``watchkeeper comparisons``."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.compare_traffic import Law, drawn
from tests.api.comparing.stored_calls import rows_of
from tests.cli.command import Watchkeeper
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

BASELINE = ("--baseline", "model=now", "--where", "service=shop", "--period", "2026-05")
SLOW = (*BASELINE, "--candidate", "model=slow")


@pytest.fixture
def stored(shared_store: Store) -> None:
    """Eight hours of calls of two models."""
    for number, (model, slower) in enumerate({"now": 0.0, "slow": 0.5}.items()):
        calls = drawn(Law(wander=0.02, slower=slower), 2_500, 5.0, np.random.default_rng(number))
        shared_store.insert_arrow("calls", rows_of(calls, model=model), model)


@pytest.mark.usefixtures("stored")
def test_a_gate_says_its_verdict_by_its_exit_code(on_store: Watchkeeper, tmp_path: Path) -> None:
    worse = on_store("compare", *SLOW, "--metric", "latency", "--gate")
    assert worse.code == 1, worse.err
    assert "The candidate is worse: latency x1." in worse.out
    assert "service=shop model=now, 2026-05-01 00:00 to 2026-06-01 00:00 UTC: 2,500 calls" in worse.out
    assert on_store("compare", *SLOW, "--metric", "latency").code == 0
    assert on_store("compare", *SLOW, "--metric", "latency", "--margin", "latency=200%", "--gate").code == 0
    file = tmp_path / "request.json"
    models = {"baseline": "now", "candidate": "slow"}
    sides = {place: {"period": "2026-05", "where": {"model": [model]}} for place, model in models.items()}
    file.write_text(json.dumps({**sides, "metrics": ["error"]}))
    unknown = on_store("compare", "--body", file, "--gate", "--csv")
    assert unknown.code == 2
    assert "Cannot tell yet: error" in on_store("compare", "--body", file).out


@pytest.mark.usefixtures("stored")
def test_as_json_and_csv(on_store: Watchkeeper) -> None:
    terms = ("--metric", "latency,refusal", "--metric", "error", "--margin", "error=2.5pp")
    answer = json.loads(on_store("compare", *SLOW, *terms, "--json").out)
    assert [row["metric"] for row in answer["rows"]] == ["latency", "refusal", "error"]
    assert answer["rows"][2]["margin"] == pytest.approx(2.5)
    rows = list(csv.DictReader(io.StringIO(on_store("compare", *SLOW, *terms, "--csv").out)))
    assert [row["verdict"] for row in rows][0] == "worse"


@pytest.mark.usefixtures("stored")
def test_comparisons_from_making_to_deleting(on_store: Watchkeeper) -> None:
    assert "not run yet" not in on_store("comparisons").out
    made = on_store("comparisons", "set", "weekly", *SLOW, "--every", "week", "--metric", "latency")
    assert json.loads(made.out)["every"] == "week", made.err
    assert "not run yet" in on_store("comparisons").out
    assert "it did not run yet" in on_store("comparisons", "show", "weekly").out
    assert "The candidate is worse" in on_store("comparisons", "run", "weekly").out
    assert json.loads(on_store("comparisons", "show", "weekly", "--json").out)["rows"][0]["verdict"] == "worse"
    assert json.loads(on_store("comparisons", "list", "--json").out)["rows"][0]["is_open"] is True
    assert on_store("comparisons", "list", "--csv").out.startswith('"name"')
    assert on_store("comparisons", "delete", "weekly").out == "weekly is removed\n"
    assert "weekly is not there" in on_store("comparisons", "show", "weekly").err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--candidate", "model=a"), "--baseline is missing"),
        (("--baseline", "model=a"), "--candidate is missing"),
        (("--baseline", "gpt-4o", "--candidate", "model=a"), "--baseline 'gpt-4o': write COLUMN=VALUE"),
        (("--baseline", "model=a", "--candidate", "model=a"), "same calls"),
        (("--baseline", "model=a", "--candidate", "model=b", "--margin", "latency"), "latency=10%"),
        (("--baseline", "model=a", "--candidate", "model=b", "--margin", "error=0%"), "that of error is 0"),
        (("--baseline", "model=a", "--candidate", "model=b", "--metric", "speed"), "'speed' is none"),
        (("--baseline", "model=a", "--candidate", "model=b", "--level", "7"), "level"),
        (("--baseline", "model=a", "--candidate", "modle=b"), "cannot filter on modle"),
        (("--baseline", "model=a", "--candidate", "model=b,start=2026-05-01"), "candidate"),
        (("--body", "nowhere.json"), "nowhere.json cannot be read"),
        (("--body", "nowhere.json", "--metric", "error"), "leave the other options out"),
        (("--sideways",), "--sideways"),
    ],
)
def test_what_is_wrong_is_no_verdict(on_store: Watchkeeper, arguments: tuple[str, ...], named: str) -> None:
    ran = on_store("compare", *arguments, "--gate")
    assert ran.code == 3
    assert named in ran.err
    assert "Traceback" not in ran.err


def test_a_defect_is_no_verdict(on_store: Watchkeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("watchkeeper.cli.compare_command.show", breaks)
    found = on_store("compare", *SLOW, "--gate")
    assert found.code == 3
    assert "ZeroDivisionError" in found.err
