"""``python -m demo.history``: fill an empty data directory with two weeks of calls; progress as JSON lines."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from demo.history.backfill import Backfill
from demo.history.draw import HOUR_S, expected_calls
from demo.history.requests import Traffic
from demo.history.workloads import WORKLOADS
from watchkeeper.settings import Settings
from watchkeeper.telemetry import configure_logs


def main(
    data_dir: Annotated[Path, typer.Option(help="an empty or new directory")],
    begin: Annotated[float, typer.Option(help="Unix time at which the history begins")],
    end: Annotated[float, typer.Option(help="Unix time at which it ends")],
    seed: Annotated[int, typer.Option(help="equal seeds make equal calls")] = 7,
) -> None:
    """Back-fill the history."""
    # Nobody sends while this waits: what is queued is the whole batch.
    settings = Settings.load(data_dir=data_dir, batch_linger_ms=0)
    configure_logs("warning", settings.log_format)
    planned = sum(expected_calls(one.calls_per_hour, (end - begin) / HOUR_S) for one in WORKLOADS)
    stored = 0
    _print(calls=stored, of=planned)

    def progress(calls: int) -> None:
        nonlocal stored
        stored += calls
        _print(calls=stored, of=max(stored, planned))

    backfill = Backfill(settings, Traffic(begin, seed), begin)
    backfill.run(end, progress)
    # Rows are stamped with the second they are stored in; what follows comes in a later one.
    time.sleep(1.0)
    backfill.close(int(time.time()))
    _print(calls=stored, of=stored)


def _print(**figures: int) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    typer.run(main)
