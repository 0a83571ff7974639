"""What the panels answer with: ``python -m tests.dashboards.columns`` writes ``columns.json`` anew."""

import json
import tempfile
from datetime import timedelta
from pathlib import Path

from dashboards.files import DASHBOARDS
from dashboards.model import Dashboard, Panel, Source
from dashboards.plugin import View, expanded
from tests.dashboards.seed import END, seed
from tests.fixtures.store import FOREVER
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.migrate import Migrator

KEPT = Path(__file__).with_name("columns.json")
MINUTES = View(END - timedelta(hours=30), END, 300)
PANELS = [
    (dashboard, panel) for dashboard in DASHBOARDS for panel in dashboard.panels if panel.source is Source.CLICKHOUSE
]


def sql_of(dashboard: Dashboard, query: str, view: View) -> str:
    """What reaches the server."""
    return expanded(query, view, [variable.name for variable in dashboard.variables])


def types_of(store: Store, sql: str) -> dict[str, str]:
    """ClickHouse's type of each column, in order."""
    return {row["name"]: row["type"] for row in store.query_rows(f"DESCRIBE TABLE ({sql})")}


def column_types(store: Store, dashboard: Dashboard, panel: Panel) -> dict[str, str]:
    """Of a panel's answer."""
    return types_of(store, sql_of(dashboard, panel.query, MINUTES))


def _write(directory: str) -> None:
    store = Store.open(StoreConfig("chdb", "default", data_dir=Path(directory) / "data")).beside("dashboards")
    Migrator(store, FOREVER).run()
    seed(store)
    kept: dict[str, dict[str, dict[str, str]]] = {}
    for dashboard, panel in PANELS:
        kept.setdefault(dashboard.uid, {})[panel.title] = column_types(store, dashboard, panel)
    KEPT.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    store.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        _write(directory)
