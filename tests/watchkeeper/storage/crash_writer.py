"""A process that inserts batches until it is killed: ``python -m tests.watchkeeper.storage.crash_writer DIR JOURNAL``.

Each batch is a function of its number. The journal says which batch is begun and which is done; a new process
begins with the batch that was begun last, same rows, same token.
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from tests.fixtures.store import FIRST_TS_US, FOREVER, call_rows
from watchkeeper.storage.client import Store, StoreConfig
from watchkeeper.storage.migrate import Migrator

ROWS = 2_000
_DAY_US = 86_400_000_000


def batch(number: int) -> pa.Table:
    """Calls of two days, recognisable by their route."""
    ts = FIRST_TS_US + np.arange(ROWS) * 1_000 + (np.arange(ROWS) % 2) * _DAY_US
    return call_rows(ROWS, seed=number, ts=pa.array(ts), route=f"b{number}")


def open_store(directory: Path) -> Store:
    """The migrated store at ``directory``."""
    store = Store.open(StoreConfig("chdb", "crash", data_dir=directory))
    Migrator(store, FOREVER).run()
    return store


def main(directory: Path, journal: Path) -> None:
    """Insert batch after batch, for ever."""
    begun = [line for line in journal.read_text().splitlines() if line.startswith("begin")]
    number = int(begun[-1].split()[1]) if begun else 0
    store = open_store(directory)
    with journal.open("a", buffering=1) as file:
        while True:
            rows = batch(number)
            file.write(f"begin {number}\n")
            store.insert_arrow("calls", rows, f"t{number}")
            file.write(f"done {number}\n")
            number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
