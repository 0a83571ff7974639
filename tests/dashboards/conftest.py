"""One database for all panels: they only read."""

from collections.abc import Iterator

import pytest

from tests.cli.command import on_store, watchkeeper
from tests.dashboards.grafana_api.fixtures import after_a_push, grafana, pushed
from tests.dashboards.seed import seed
from tests.fixtures.store import FOREVER
from watchkeeper.storage.client import Store
from watchkeeper.storage.migrate import Migrator

__all__ = ["after_a_push", "grafana", "on_store", "pushed", "watchkeeper"]


@pytest.fixture(scope="package")
def fleet(engine: Store) -> Iterator[Store]:
    """A migrated store with :func:`~tests.dashboards.seed.seed` in it."""
    store = engine.beside("dashboards")
    Migrator(store, FOREVER).run()
    seed(store)
    yield store
    store.drop_database()
    store.close()
