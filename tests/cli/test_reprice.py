"""``watchkeeper reprice`` on a small store."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.command import Watchkeeper
from tests.collector.repricing_store import disagreements
from tests.fixtures.store import call_rows
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

PERIOD = ("--from", "2026-05-28", "--to", "2026-05-29")


@pytest.fixture
def house_prices(on_store: Watchkeeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times the list price of what :func:`call_rows` uses."""
    prices = tmp_path / "prices.yaml"
    prices.write_text("version: house-1\nprices:\n  - {model: gpt-4o-2024-08-06, input: 25, output: 100}\n")
    monkeypatch.setenv("WATCHKEEPER_PRICE_FILE", str(prices))


def costs(store: Store) -> list[Decimal]:
    tables = ("calls", "calls_1m", "calls_1h", "calls_1d")
    return [store.query_rows(f"SELECT sum(cost_usd) AS usd FROM {table}")[0]["usd"] for table in tables]


@pytest.mark.usefixtures("house_prices")
def test_a_dry_run_shows_the_difference_and_writes_nothing(on_store: Watchkeeper, shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(10), "a")
    ran = on_store("reprice", *PERIOD, "--dry-run")
    assert ran.code == 0, ran.err
    assert "gpt-4o-2024-08-06" in ran.out and "difference in all: 0.315000 $" in ran.out
    assert "dry run: nothing was written" in ran.out
    assert costs(shared_store) == [Decimal("0.035")] * 4


@pytest.mark.usefixtures("house_prices")
def test_written_prices_are_in_the_calls_and_in_all_rollups(on_store: Watchkeeper, shared_store: Store) -> None:
    shared_store.insert_arrow("calls", call_rows(10), "a")
    shared_store.insert_arrow("calls", call_rows(5, seed=1, model="gpt-4o-mini", request_model="gpt-4o-mini"), "b")
    before = costs(shared_store)[0]
    ran = on_store("reprice", *PERIOD, "--model", "gpt-4o-2024-08-06")
    assert ran.code == 0 and ran.out.endswith("written\n"), ran.err
    assert costs(shared_store) == [before + Decimal("0.315")] * 4
    assert disagreements(shared_store) == []
    assert "difference in all: 0.000000 $" in on_store("reprice", *PERIOD, "--model", "gpt-4o-2024-08-06").out


@pytest.mark.parametrize(
    ("period", "said"),
    [
        (("--from", "soon"), "--from is 'soon': write a date or time such as 2026-01-31"),
        (("--from", "2026-05-29", "--to", "2026-05-28"), "the first before the second"),
    ],
)
def test_a_period_that_is_none_is_a_sentence(on_store: Watchkeeper, period: tuple[str, ...], said: str) -> None:
    ran = on_store("reprice", *period)
    assert ran.code == 2
    assert said in ran.err
