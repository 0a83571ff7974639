"""The transitions in a data directory, seen by a process of its own: ``python -m tests.e2e.transitions DIR``."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.regressions import RegressionFilter, latest_regressions, regression_history

Told = tuple[str, int, str]
"""Id, number and the whole record of a transition."""


@dataclass(frozen=True, slots=True)
class Transitions:
    """What is stored, in order, and how many rows that takes."""

    told: list[Told]
    rows: int


def transitions(data_dir: Path) -> Transitions:
    """Ask a new process; the directory must be free."""
    command = [sys.executable, "-m", __name__, str(data_dir)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = json.loads(ran.stdout)
    return Transitions([(one[0], one[1], one[2]) for one in found["told"]], found["rows"])


def _main(data_dir: Path) -> None:
    store = Store.open(StoreConfig("chdb", "watchkeeper", data_dir=data_dir))
    ids = sorted(row.id for row in latest_regressions(store, RegressionFilter()))
    told = [(row.id, row.seq, row.record) for one in ids for row in regression_history(store, one)]
    (count,) = store.query_rows("SELECT count() AS rows FROM regressions")
    print(json.dumps({"told": told, "rows": count["rows"]}))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
