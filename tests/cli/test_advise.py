"""``watchkeeper advise`` and ``watchkeeper routes requirements``."""

import csv
import io
import json
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from tests.cli.command import Watchkeeper
from tests.fixtures.store import call_rows
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse


@pytest.fixture
def a_week(shared_store: Store) -> None:
    """Calls up to now, on a route that looks like markup."""
    now = int(datetime.now(UTC).timestamp() * 1e6)
    times = pa.array(now - np.arange(1, 301) * 1_800_000_000)
    rows = call_rows(300, ts=times, route="[bold]", input_tokens=10_000, cost_usd=26_000_000)
    shared_store.insert_arrow("calls", rows, "a")


@pytest.mark.usefixtures("a_week")
def test_advice_as_a_table_of_one_route_as_json_and_as_csv(on_store: Watchkeeper) -> None:
    ran = on_store("advise", "--day-usd", "1", "--min-saving-usd", "1")
    assert ran.code == 0, ran.err
    assert "[bold]" in ran.out and "openai/gpt-4o" in ran.out and "stay (test first)" in ran.out
    one = on_store("advise", "--route", "[bold]", "--day-usd", "1", "--min-saving-usd", "1").out
    for words in ("route        [bold]", "takes        ", "calls of either model", "watchkeeper routes set", "why not"):
        assert words in one
    (staying,) = (line for line in on_store("advise").out.splitlines() if "[bold]" in line and "│" in line)
    assert [word.strip() for word in staying.split("│")][3:8:4] == ["stay", "-"], "nowhere to go saves nothing"
    (row,) = json.loads(on_store("advise", "--json").out)["rows"]
    assert row["route"] == "[bold]"
    (line,) = csv.DictReader(io.StringIO(on_store("advise", "--csv").out))
    assert (line["route"], line["decision"], line["current_model"]) == ("[bold]", "stay", "gpt-4o")


@pytest.mark.usefixtures("a_week")
def test_requirements_from_stating_to_taking_back(on_store: Watchkeeper) -> None:
    words = ("--latency-class", "batch", "--max-usd-per-call", "0.05", "--no-tools", "--provider", "openai")
    more = ("--answers-in", "openai=eu", "--answers-in", "openai=us", "--margin", "latency=0.2", "--takes", "text")
    made = on_store("routes", "requirements", "set", "[bold]", *words, *more)
    assert made.code == 0, made.err
    assert "stated by" in made.out and "openai=eu, us" in made.out and "latency=0.2" in made.out
    found = json.loads(on_store("routes", "requirements", "show", "[bold]", "--json").out)
    assert found["stated"]["tools"] is False
    assert "min context tokens" in on_store("routes", "requirements", "show", "[bold]").out
    assert "nothing is stated of [bold]" in on_store("routes", "requirements", "delete", "[bold]").out
    assert "all of it is inferred" in on_store("routes", "requirements", "show", "[bold]").out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("advise", "--route", "nobody"), "No such route"),
        (("advise", "--day-usd", "much"), "day_usd"),
        (("advise", "--json", "--csv"), "exclude each other"),
        (("routes", "requirements", "show", "nobody"), "No such route"),
        (("routes", "requirements", "set", "x"), "nothing is stated"),
        (("routes", "requirements", "set", "x", "--latency-class", "fast"), "latency_class"),
        (("routes", "requirements", "set", "x", "--margin", "latency"), "METRIC=SHARE"),
        (("routes", "requirements", "set", "x", "--margin", "latency=a"), "the share is a number"),
        (("routes", "requirements", "set", "x", "--answers-in", "openai"), "PROVIDER=REGION"),
        (("routes", "requirements", "delete", "x"), "No such requirements"),
    ],
)
def test_wrong_arguments_are_sentences(on_store: Watchkeeper, arguments: tuple[str, ...], named: str) -> None:
    ran = on_store(*arguments)
    assert ran.code == 2
    assert named in ran.err
    assert "Traceback" not in ran.err
