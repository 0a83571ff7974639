"""``python -m demo``: two weeks of LLM traffic in a minute, then live traffic, and what Watchkeeper makes of both.

Fills a temporary directory with a history in which things happen, starts Watchkeeper on it, a mock provider, and a
worker for each live application; ends with what was found in the history, and a comparison of the provider's books
with Watchkeeper's. Code 1: a part failed, the books differ, or (``--check``) what was found is not what was planted.
"""

import signal
import sys
import tempfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from demo.backend import Backend, embedded
from demo.kafka_backend import through_kafka
from demo.part import DemoFailed
from demo.past import Ears, Past, continued, fill, tell
from demo.report import make_console, show_addresses
from demo.run import Traffic, run, wait_for_ctrl_c
from demo.story.chat import Chat, chatting
from demo.story.panels import show_panels
from watchkeeper.clock import Clock, SystemClock

_INTERRUPTED = 130


def main(
    seconds: Annotated[float, typer.Option(help="length of the live traffic in seconds", min=1, max=600)] = 15.0,
    keep: Annotated[bool, typer.Option("--keep", help="leave Watchkeeper up until Ctrl-C")] = False,
    kafka: Annotated[bool, typer.Option("--kafka", help="live traffic alone, its spans through Kafka")] = False,
    check: Annotated[bool, typer.Option("--check", help="compare what was found with what was planted")] = False,
    history: Annotated[bool, typer.Option(help="begin with two weeks of calls")] = True,
    seed: Annotated[int, typer.Option(help="equal seeds make equal traffic")] = 7,
) -> None:
    """Show Watchkeeper at work on traffic from real instrumentations."""
    if check and (kafka or not history):
        raise typer.BadParameter("--check compares the history: leave --kafka and --no-history out")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    console, clock = make_console(), SystemClock()
    past = Past.until(clock.now().timestamp(), seed) if history and not kafka else None
    try:
        with tempfile.TemporaryDirectory(prefix="watchkeeper-demo-") as directory, chatting() as chat:
            if past is not None:
                fill(console, past, Path(directory), clock)
            console.print("Starting Watchkeeper …")
            with _backend(kafka, Path(directory), clock, chat) as backend, _going_on(past, backend, clock):
                good = run(console, Traffic(seconds, seed), backend, Path(directory), clock)
                good &= past is None or tell(console, past, Ears(backend, chat), check)
                show_addresses(console, backend)
                if keep:
                    wait_for_ctrl_c(console)
            good &= not check or show_panels(console, Path(directory))
    except DemoFailed as failure:
        console.print(f"The demo failed: {failure}", style="red", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        console.print("Stopped; everything is cleaned up.")
        sys.exit(_INTERRUPTED)
    sys.exit(0 if good else 1)


def _going_on(past: Past | None, backend: Backend, clock: Clock) -> AbstractContextManager[None]:
    return continued(past, backend, clock) if past is not None else nullcontext()


def _backend(kafka: bool, directory: Path, clock: Clock, chat: Chat) -> AbstractContextManager[Backend]:
    return through_kafka(directory, clock) if kafka else embedded(directory, clock, chat.settings())


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """Either signal ends the demo through the cleaning up, even where the shell had Ctrl-C ignored."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    typer.run(main)
