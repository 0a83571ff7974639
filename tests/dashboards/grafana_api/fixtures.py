"""A Grafana for a test, before and after a push."""

import copy
from collections.abc import Iterator

import pytest

from dashboards.pushing.connection import Connection, Grafana
from dashboards.pushing.data_source import DataSourceThing, Warehouse
from dashboards.pushing.push import Outcome, Wanted, look, push
from tests.cli.command import Watchkeeper
from tests.dashboards.grafana_api.server import StandIn, serving
from tests.dashboards.grafana_api.state import State

CLICKHOUSE = "https://clickhouse:8443"
PASSWORD = "reader's secret"


@pytest.fixture
def grafana(watchkeeper: Watchkeeper, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A Grafana without anything of ours; settings point at it. It met nothing that breaks the contract."""
    with serving(StandIn()) as stand_in:
        monkeypatch.setenv("WATCHKEEPER_GRAFANA_URL", stand_in.url)
        monkeypatch.setenv("WATCHKEEPER_GRAFANA_TOKEN", stand_in.state.token)
        monkeypatch.setenv("WATCHKEEPER_STORE", "clickhouse")
        monkeypatch.setenv("WATCHKEEPER_CLICKHOUSE_URL", CLICKHOUSE)
        monkeypatch.setenv("WATCHKEEPER_GRAFANA_CLICKHOUSE_PASSWORD", PASSWORD)
        yield stand_in
        assert stand_in.faults == []


@pytest.fixture(scope="module")
def after_a_push() -> State:
    """What a Grafana keeps of a push with the settings of :func:`grafana`."""
    with serving(StandIn()) as stand_in, Grafana(Connection(stand_in.url, stand_in.state.token)) as there:
        wanted = Wanted(DataSourceThing(Warehouse(CLICKHOUSE, "watchkeeper", "grafana", PASSWORD)))
        assert all(one.outcome is Outcome.MADE for one in push(there, look(there, wanted.things(3)), False))
        stand_in.state.writes.clear()
        return stand_in.state


@pytest.fixture
def pushed(grafana: StandIn, after_a_push: State) -> StandIn:
    """The same after a push."""
    grafana.state = copy.deepcopy(after_a_push)
    return grafana
