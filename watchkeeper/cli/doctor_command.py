"""``watchkeeper doctor``: prints what :mod:`watchkeeper.cli.doctor` found."""

from typing import Annotated

import typer
from rich.console import Console

from watchkeeper.cli.doctor import examine, report
from watchkeeper.cli.options import DataDir
from watchkeeper.clock import SystemClock
from watchkeeper.settings import Settings


def command(
    kafka: Annotated[bool, typer.Option("--kafka/--no-kafka", help="Look at the brokers too.")] = True,
    data_dir: DataDir = None,
) -> None:
    """Check broker, topics, store, versions, clock and prices; exit code 1 if something is wrong."""
    findings = examine(Settings.load(data_dir=data_dir), SystemClock(), kafka)
    if not report(findings, Console()):
        raise typer.Exit(1)
