"""A process that inserts batches until it is killed: ``python -m tests.watchkeeper.storage.crash_writer DIR JOURNAL``.

Each batch is a function of its number. The journal says which batch is begun and which is done; a new process
recovers as the collector does: mend the rollups, then store what is missing of the batch that was begun last.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from tests.fixtures.store import FIRST_TS_US, FOREVER, call_rows
from watchkeeper.storage.calls import missing_calls
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.migrate import Migrator
from watchkeeper.storage.reconcile import Reconciler

ROWS = 2_000
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_DAY_US = 86_400_000_000


def batch(number: int) -> pa.Table:
    """Calls of two days, recognisable by their route."""
    ts = FIRST_TS_US + np.arange(ROWS) * 1_000 + (np.arange(ROWS) % 2) * _DAY_US
    offsets = pa.array(np.full(ROWS, number))
    return call_rows(ROWS, seed=number, ts=pa.array(ts), route=f"b{number}", source_offset=offsets)


def open_store(directory: Path) -> Store:
    """The migrated store at ``directory``."""
    store = Store.open(StoreConfig("chdb", "crash", data_dir=directory))
    Migrator(store, FOREVER).run()
    return store


def recover(store: Store, number: int, run: str) -> None:
    """Bring the store to the state after batch ``number``, whatever happened in the middle of it."""
    Reconciler(store).run(LONG_AGO)
    store.insert_arrow("calls", missing_calls(store, batch(number)), f"t{number}:{run}")


def begun(journal: Path) -> int:
    """Number of the batch that was begun last; -1: none."""
    lines = [line for line in journal.read_text().splitlines() if line.startswith("begin")]
    return int(lines[-1].split()[1]) if lines else -1


def main(directory: Path, journal: Path) -> None:
    """Insert batch after batch, for ever."""
    store, run, number = open_store(directory), str(os.getpid()), begun(journal)
    with journal.open("a", buffering=1) as file:
        if number >= 0:
            recover(store, number, run)
        while True:
            number += 1
            rows = batch(number)
            file.write(f"begin {number}\n")
            store.insert_arrow("calls", rows, f"t{number}:{run}")
            file.write(f"done {number}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
