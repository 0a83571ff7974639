"""``watchkeeper doctor``: prints what :mod:`watchkeeper.cli.doctor` found."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from watchkeeper.cli.late import Late
from watchkeeper.cli.options import DataDir
from watchkeeper.clock import SystemClock
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from watchkeeper.cli import doctor
else:
    doctor = Late("watchkeeper.cli.doctor")


def command(
    kafka: Annotated[bool, typer.Option("--kafka/--no-kafka", help="Look at the brokers too.")] = True,
    data_dir: DataDir = None,
) -> None:
    """Check broker, topics, store, versions, clock and prices; exit code 1 if something is wrong."""
    findings = doctor.examine(Settings.load(data_dir=data_dir), SystemClock(), kafka)
    if not doctor.report(findings, Console()):
        raise typer.Exit(1)
