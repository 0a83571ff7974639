"""What a data directory holds, seen by a process of its own: ``python -m tests.e2e.stored DIR``."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.load import SPANS
from watchkeeper.storage.client import Store, StoreConfig

_DATABASE = "watchkeeper"


@dataclass(frozen=True, slots=True)
class Stored:
    """How often each numbered request's calls are there, and how many calls each rollup has."""

    calls: dict[int, int]
    rollups: tuple[int, int]

    def is_once(self) -> bool:
        """Every request is there whole and once, in the raw rows and in both rollups."""
        whole = all(count == SPANS for count in self.calls.values())
        return whole and set(self.rollups) == {sum(self.calls.values())}


def stored(data_dir: Path) -> Stored:
    """Ask a new process; the directory must be free."""
    command = [sys.executable, "-m", __name__, str(data_dir)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = json.loads(ran.stdout)
    return Stored({int(number): count for number, count in found["calls"].items()}, tuple(found["rollups"]))


def _main(data_dir: Path) -> None:
    store = Store.open(StoreConfig("chdb", _DATABASE, data_dir=data_dir))
    spans = (int(row["span"], 16) for row in store.query_rows("SELECT hex(span_id) AS span FROM calls"))
    calls = Counter((span - 1) // SPANS for span in spans)
    rollups = [store.query_rows(f"SELECT sum(calls) AS n FROM {name}")[0]["n"] for name in ("calls_1m", "calls_1h")]
    print(json.dumps({"calls": calls, "rollups": rollups}))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
