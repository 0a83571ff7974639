"""A data directory with the last day and a half of a small team's calls, and the files that commands on the pages name.

``python -m tests.docs.seeded DIRECTORY`` fills it, in a process of its own: chDB has one engine path per process. The
last hours hold a model that fails, so that a regression is open.
"""

import contextlib
import json
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.api import bills
from tests.docs.page_commands import ROOT, fences
from tests.docs.worked_example_models import AZURE, BIG, HAIKU, MINI, MODELS, Model
from tests.docs.worked_example_team import Team, Work
from tests.fixtures.store import call_rows
from watchkeeper.clock import ManualClock, SystemClock
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.migrate import Migrator
from watchkeeper.storage.regressions import RegressionFilter, latest_regressions
from watchkeeper.storage.retention import Retention

DATA = "watchkeeper-data"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
"""The one that docs/api.md looks up."""
FACTS = "facts.json"
BIG_4O = Model("openai", "gpt-4o", "gpt-4o-2024-08-06", "2024-08-06", "2.5", "10", 2.2)
MINI_4O = Model("openai", "gpt-4o-mini", "gpt-4o-mini-2024-07-18", "2024-07-18", "0.15", "0.6", 1.2)
_WORK = (
    Work("support/answer", 240, 1_500, 250, {BIG: 100}),
    Work("contracts/extract", 40, 6_000, 600, {AZURE: 100}),
    Work("chat", 40, 700, 20, {MINI: 70, HAIKU: 30}),
    Work("checkout", 60, 900, 150, {BIG_4O: 60, MINI_4O: 40}),
    Work("checkout-chat", 20, 900, 150, {BIG_4O: 100}),
)
_QUIET_HOURS = 30.0
_FAILING_HOURS = 2.0
_BACKTESTED = 3_000


def fill(directory: Path) -> None:
    """Store, files and what tests need to know of them in ``directory``."""
    begin = SystemClock().now() - timedelta(hours=_QUIET_HOURS + _FAILING_HOURS)
    clock = ManualClock(begin)
    settings = Settings.load()
    store = Store.open(StoreConfig("chdb", settings.database, data_dir=directory / DATA))
    with contextlib.closing(store):
        Migrator(store, Retention()).run()
        regression = _lived(store, clock)
    _write_files(directory, clock)
    (directory / FACTS).write_text(json.dumps({"regression": regression, "begin": begin.date().isoformat()}))


def _lived(store: Store, clock: ManualClock) -> str:
    """Id of the regression that is open at the end."""
    team = Team(store, clock, (*MODELS, BIG_4O, MINI_4O), _WORK)
    team.spend(_QUIET_HOURS)
    team.unit_s = 300.0
    team.failing[BIG] = 0.3
    team.spend(_FAILING_HOURS)
    seen_us = int((clock.now() - timedelta(hours=1)).timestamp() * 1e6)
    traced = call_rows(1, trace_id=[bytes.fromhex(TRACE)], ts=pa.array([seen_us]), outcome="refused")
    store.insert_arrow("calls", traced, "traced")
    found = [row.id for row in latest_regressions(store, RegressionFilter(kind="regression")) if row.state != "closed"]
    assert len(found) == 1, found
    return found[0]


def _write_files(directory: Path, clock: ManualClock) -> None:
    pq.write_table(_table_of_calls(clock), directory / "calls.parquet")
    capture = ROOT / "tests" / "captures" / "otel-genai-openai" / "001-ok.bin"
    (directory / "traces.bin").write_bytes(capture.read_bytes())
    day = clock.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    usage = {"model": MINI.served, "num_model_requests": 10, "input_tokens": 10_000, "output_tokens": 1_000}
    (directory / "usage.json").write_bytes(bills.openai_usage(usage, day=day))
    (directory / "costs.json").write_bytes(bills.openai_costs((f"{MINI.served}, input", 0.01), day=day))
    billed = (day.date(), "Claude Haiku 4.5", "w", "k", "message", "0-200k", "input", 0.01, 0.01, "token", "global", "")
    (directory / "claude_api_cost_2026_11.csv").write_bytes(bills.table(bills.ANTHROPIC_COSTS, billed))
    (directory / "rules.json").write_text(json.dumps(_RULES))
    for page, language, holds, name in _BLOCKS:
        (directory / name).write_text(_block(page, language, holds))


_RULES = {
    "channels": {"chat": {"type": "slack", "url": {"secret": "slack"}}},
    "rules": [{"name": "all", "channels": ["chat"]}],
}
"""Alert rules for the API."""
SECRETS = {"slack": "https://slack.invalid/hook"}
"""An address that nobody has, so that nothing is sent."""
_BLOCKS = (
    ("alerts.md", "yaml", "channels:", "alerts.yaml"),
    ("detection.md", "yaml", "rules:", "rules.yaml"),
    ("what-if.md", "json", "scenarios", "question.json"),
)
"""Files that a page shows as a whole: page, language, what only that block of it holds, name."""


def _block(page: str, language: str, holds: str) -> str:
    """The first block of ``page`` in ``language`` that contains ``holds``."""
    return next(code for kind, _, code in fences(ROOT / "docs" / page) if kind == language and holds in code)


def _table_of_calls(clock: ManualClock) -> pa.Table:
    """Two routes, a call every six seconds; one fails much more in the last third."""
    at = np.arange(_BACKTESTED)
    rng = np.random.default_rng(1)
    worse = (at >= _BACKTESTED * 2 // 3) & (at % 2 == 1)
    failed = rng.random(_BACKTESTED) < np.where(worse, 0.3, 0.01)
    return pa.table(
        {
            "ts": clock.now().timestamp() - 6.0 * (_BACKTESTED - at),
            "service": ["shop"] * _BACKTESTED,
            "route": ["checkout", "buy"] * (_BACKTESTED // 2),
            "provider": ["openai"] * _BACKTESTED,
            "request_model": ["gpt-x"] * _BACKTESTED,
            "model": ["gpt-x"] * _BACKTESTED,
            "outcome": np.where(failed, "error", "ok").tolist(),
            "duration_us": (2e6 * np.exp(0.3 * rng.standard_normal(_BACKTESTED))).astype(np.uint64),
        }
    )


if __name__ == "__main__":
    fill(Path(sys.argv[1]))
