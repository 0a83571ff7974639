"""``watchkeeper costs drivers``, ``costs forecast`` and ``budgets``."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.cli.command import Watchkeeper
from tests.fixtures.store import call_rows
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

DAY = ("--from", "2026-05-28", "--to", "2026-05-29")
HOUR_US = 3_600_000_000


@pytest.fixture
def two_days(shared_store: Store) -> None:
    """Two calls on one day, three on the next, on routes that look like markup."""
    times = [datetime(2026, 5, day, 12, tzinfo=UTC) for day in (27, 27, 28, 28, 28)]
    rows = call_rows(5, ts=pa.array([int(time.timestamp() * 1e6) for time in times]), route="[bold]")
    shared_store.insert_arrow("calls", rows, "a")


@pytest.fixture
def a_month(shared_store: Store) -> None:
    """A call of ten cents every hour for thirty days, up to now."""
    now = int(datetime.now(UTC).timestamp() * 1e6)
    times = pa.array(now - np.arange(1, 30 * 24) * HOUR_US)
    shared_store.insert_arrow("calls", call_rows(len(times), ts=times, cost_usd=100_000_000), "a")


@pytest.mark.usefixtures("two_days")
def test_drivers_as_a_table(on_store: Watchkeeper) -> None:
    ran = on_store("costs", "drivers", *DAY)
    assert ran.code == 0, ran.err
    assert "2026-05-27 00:00 to 2026-05-28 00:00 UTC: $0.007, 2 calls" in ran.out
    assert "Cost went up by $0.0035 (+50.0%), for the most part through volume (+$0.0035)." in ran.out
    assert "Useful answers went from 2 to 3 a day (+50.0%): added $0.0035." in ran.out
    assert "No part in it: period length, route mix" in ran.out
    assert "shop" in ran.out and "[bold]" in ran.out


@pytest.mark.usefixtures("two_days")
def test_drivers_name_what_has_no_price(on_store: Watchkeeper, shared_store: Store) -> None:
    time = pa.array([int(datetime(2026, 5, 28, 13, tzinfo=UTC).timestamp() * 1e6)])
    nothing: Any = dict.fromkeys(("cost_usd", "cost_input_usd", "cost_output_usd"))
    shared_store.insert_arrow("calls", call_rows(1, ts=time, route="new", cost_status="unpriced", **nothing), "b")
    ran = on_store("costs", "drivers", *DAY)
    (line,) = [line for line in ran.out.splitlines() if " new " in line]
    assert [cell.strip() for cell in line.split("│")][5:8] == ["$0.00", "unknown", "unknown"]


@pytest.mark.usefixtures("two_days")
def test_drivers_against_a_period_of_its_own(on_store: Watchkeeper) -> None:
    other = ("--versus-from", "2026-05-26T12:00", "--versus-to", "2026-05-27T12:00")
    assert "2026-05-26 12:00 to 2026-05-27 12:00 UTC: $0.00, 0 calls" in on_store("costs", "drivers", *DAY, *other).out


@pytest.mark.usefixtures("two_days")
def test_drivers_as_json_and_csv(on_store: Watchkeeper) -> None:
    answer = json.loads(on_store("costs", "drivers", *DAY, "--where", "service=shop", "--json").out)
    assert answer["drivers"][0]["driver"] == "volume"
    (row,) = csv.DictReader(io.StringIO(on_store("costs", "drivers", *DAY, "--csv").out))
    assert (row["route"], row["difference_usd"], row["parts_volume"]) == ("[bold]", "0.003500000", "0.003500000")


@pytest.mark.usefixtures("a_month")
def test_a_forecast_as_a_table_and_as_csv(on_store: Watchkeeper) -> None:
    until = (datetime.now(UTC) + timedelta(days=10)).strftime("%Y-%m-%d")
    ran = on_store("costs", "forecast", "--until", until)
    assert ran.code == 0, ran.err
    assert f"Expected by {until} 00:00 UTC: $" in ran.out and "80 % interval" in ran.out
    rows = list(csv.DictReader(io.StringIO(on_store("costs", "forecast", "--until", until, "--csv").out)))
    assert len(rows) == 10
    assert float(rows[-2]["expected_usd"]) == pytest.approx(2.4, rel=0.05)


def test_a_forecast_that_cannot_be_made_says_why(on_store: Watchkeeper) -> None:
    ran = on_store("costs", "forecast")
    assert ran.code == 0
    assert "Cannot tell yet. No call of the last eight weeks has a known cost" in ran.out


@pytest.mark.usefixtures("a_month")
def test_budgets_from_making_to_removing(on_store: Watchkeeper) -> None:
    made = on_store("budgets", "set", "team", "--limit", "1", "--where", "service=shop", "--warn", "90")
    assert json.loads(made.out)["scope"] == {"service": ["shop"]}
    on_store("budgets", "set", "all", "--limit", "5000", "--period", "day", "--zone", "Europe/Berlin")
    listed = on_store("budgets")
    assert "$1.00 a month" in listed.out and "service=shop" in listed.out and "$5,000.00 a day" in listed.out
    shown = on_store("budgets", "show", "team").out
    assert "scope          service=shop" in shown and "warns at 90 %" in shown and "80 % certainty" in shown
    assert json.loads(on_store("budgets", "list", "--json").out)["rows"][0]["budget"]["name"] == "all"
    assert on_store("budgets", "list", "--csv").out.startswith('"budget_name"')
    assert on_store("budgets", "remove", "team").out == "team is removed\n"
    assert "team" not in on_store("budgets", "list").out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("costs", "drivers", "--period", "soon"), "period is 'soon'"),
        (("costs", "drivers", "--versus", "3d"), "leave versus out for the time just before the period"),
        (("costs", "drivers", "--versus-from", "soon"), "--versus-from is 'soon'"),
        (("costs", "drivers", "--json", "--csv"), "exclude each other"),
        (("costs", "drivers", "--where", "model"), "COLUMN=VALUE"),
        (("costs", "forecast", "--zone", "Mars"), "Europe/Berlin"),
        (("costs", "forecast", "--until", "soon"), "--until"),
        (("budgets", "show", "nobody"), "nobody is not there"),
        (("budgets", "remove", "nobody"), "nobody is not there"),
        (("budgets", "set", "x", "--limit", "much"), "limit_usd"),
        (("budgets", "set", "x", "--limit", "5", "--where", "prompt=x"), "cannot filter on prompt"),
    ],
)
def test_wrong_arguments_are_sentences(on_store: Watchkeeper, arguments: tuple[str, ...], named: str) -> None:
    ran = on_store(*arguments)
    assert ran.code == 2
    assert named in ran.err
    assert "Traceback" not in ran.err
