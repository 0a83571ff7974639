"""The calls in a data directory, as JSON, seen by a process of its own: ``python -m tests.sdk.stored_calls DIR``."""

import json
import sys
from pathlib import Path

from watchkeeper.storage.client import Store, StoreConfig

_COLUMNS = (
    "service route tenant outcome outcome_reason provider model request_model is_stream ttft_us duration_us "
    "input_tokens output_tokens cache_read_tokens cache_write_tokens reasoning_tokens"
)


def _main(data_dir: Path) -> None:
    store = Store.open(StoreConfig("chdb", "watchkeeper", data_dir=data_dir))
    columns = ", ".join(name for name in _COLUMNS.split())
    print(json.dumps(store.query_rows(f"SELECT {columns} FROM calls WHERE calls > 0"), default=str))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
