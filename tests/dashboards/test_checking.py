"""``watchkeeper grafana check``: every query on a store, over what its dashboard shows at first."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from dashboards.alert_rules import RULES
from dashboards.checking import Checked, Kind, check, queries, view_of
from dashboards.files import DASHBOARDS
from tests.cli.command import Watchkeeper
from tests.dashboards.seed import END
from watchkeeper.storage.client import Store

pytestmark = pytest.mark.clickhouse

RIGHTLY_EMPTY: tuple[str, ...] = ()
"""Panels that show nothing of a fleet in which something of everything happened."""


@pytest.fixture(scope="module")
def checked(fleet: Store) -> list[Checked]:
    return check(fleet, END)


def test_every_panel_shows_something_of_what_happened(checked: list[Checked]) -> None:
    assert [one.error for one in checked if one.rows is None] == []
    assert tuple(one.query.title for one in checked if one.is_bare) == RIGHTLY_EMPTY


def test_every_query_of_clickhouse_is_run(checked: list[Checked]) -> None:
    panels = [one for one in checked if one.query.kind is Kind.PANEL]
    asked = [panel for dashboard in DASHBOARDS for panel in dashboard.panels if "clickhouse" in panel.source]
    assert len(panels) == len(asked)
    choices = sum(len(dashboard.variables) + len(dashboard.annotations) for dashboard in DASHBOARDS)
    assert len(checked) == len(panels) + choices + len(RULES)


def test_a_period_is_what_its_dashboard_shows_at_first() -> None:
    views = {query.dashboard.title: view_of(query, END) for query in queries() if query.kind is Kind.VARIABLE}
    cost = views["Cost"]
    assert (cost.end - cost.begin, cost.interval_s) == (timedelta(days=30), 8_640)
    (late,) = [view_of(query, END) for query in queries() if query.title == "Calls are stored late"]
    assert late.end - late.begin == timedelta(minutes=15)


def test_a_new_store_has_nothing_to_show(on_store: Watchkeeper) -> None:
    ran = on_store("grafana", "check")
    assert ran.code == 1
    assert "Fleet overview, panel Models: nothing to show\n" in ran.out
    assert "Watchkeeper itself, panel Dead letters: nothing to show, which may be\n" in ran.out
    assert "failed" not in ran.out


def test_a_panel_that_fails_says_why(on_store: Watchkeeper, shared_store: Store) -> None:
    shared_store.command("RENAME TABLE dead_letters TO letters_elsewhere")
    try:
        ran = on_store("grafana", "check", "--json")
    finally:
        shared_store.command("RENAME TABLE letters_elsewhere TO dead_letters")
    failed = {one["title"] for one in json.loads(ran.out) if one["error"]}
    assert failed == {"Dead letters waiting", "Dead letters", "Dead letters by reason", "Messages cannot be read"}
    assert ran.code == 1


def test_a_fleet_in_which_everything_happened_passes_strictly(
    on_store: Watchkeeper, fleet: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHKEEPER_DATABASE", fleet.config.database)
    ran = on_store("grafana", "check", "--strict", "--at", END.isoformat())
    assert ran.code == 0, ran.out
    assert ran.out.endswith("69 of 69 panels show something; 106 queries\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--data-dir", "missing"], "there is no store in missing"), (["--at", "soon"], "--at is 'soon'")],
    ids=["no store", "no time"],
)
def test_wrong_arguments_are_named(
    watchkeeper: Watchkeeper, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = watchkeeper("grafana", "check", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert list(tmp_path.iterdir()) == []
