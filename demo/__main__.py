"""``python -m demo``: minutes of LLM traffic in seconds, and what Watchkeeper makes of it.

Starts Watchkeeper on a temporary directory, a mock provider, and a worker for each application; ends with a
table per model and a comparison of the provider's books with Watchkeeper's. Code 1: a part failed, or the
books differ.
"""

import signal
import sys
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from demo.backend import Backend, embedded
from demo.kafka_backend import through_kafka
from demo.part import DemoFailed
from demo.report import make_console
from demo.run import Traffic, run, wait_for_ctrl_c
from watchkeeper.clock import Clock, SystemClock

_INTERRUPTED = 130


def main(
    seconds: Annotated[float, typer.Option(help="length of the traffic in seconds", min=1, max=600)] = 30.0,
    keep: Annotated[bool, typer.Option("--keep", help="leave Watchkeeper up until Ctrl-C")] = False,
    kafka: Annotated[bool, typer.Option("--kafka", help="send the spans through Kafka")] = False,
    seed: Annotated[int, typer.Option(help="equal seeds make equal traffic")] = 7,
) -> None:
    """Show Watchkeeper at work on traffic from real instrumentations."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    console, clock = make_console(), SystemClock()
    try:
        with tempfile.TemporaryDirectory(prefix="watchkeeper-demo-") as directory:
            console.print("Starting Watchkeeper …")
            with _backend(kafka, Path(directory), clock) as backend:
                agreed = run(console, Traffic(seconds, seed), backend, Path(directory), clock)
                if keep:
                    wait_for_ctrl_c(console)
    except DemoFailed as failure:
        console.print(f"The demo failed: {failure}", style="red", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        console.print("Stopped; everything is cleaned up.")
        sys.exit(_INTERRUPTED)
    sys.exit(0 if agreed else 1)


def _backend(kafka: bool, directory: Path, clock: Clock) -> AbstractContextManager[Backend]:
    return through_kafka(directory, clock) if kafka else embedded(directory, clock)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """Either signal ends the demo through the cleaning up, even where the shell had Ctrl-C ignored."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    typer.run(main)
