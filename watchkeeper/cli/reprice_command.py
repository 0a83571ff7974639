"""``watchkeeper reprice``: shows the difference per model, then writes it unless it is a dry run."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from watchkeeper.cli.late import Late
from watchkeeper.cli.moments import moment
from watchkeeper.cli.options import DataDir
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from watchkeeper.cli import reprice
else:
    reprice = Late("watchkeeper.cli.reprice")


def command(
    begin: Annotated[str, typer.Option("--from", help="First day or time, e.g. 2026-01-01 (UTC).")],
    end: Annotated[str, typer.Option("--to", help="Up to this day or time; default: now.")] = "",
    model: Annotated[str, typer.Option(help="Only this served model.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the difference.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Price stored calls again with today's price list and your price file; shows the difference first."""
    until = moment(end, "--to") if end else datetime.now(UTC)
    settings, console = Settings.load(data_dir=data_dir), Console()
    period = (moment(begin, "--from"), until)
    reprice.print_changes(reprice.run(settings, period, model, dry_run=True), console)
    if dry_run:
        console.print("dry run: nothing was written")
        return
    reprice.run(settings, period, model, dry_run=False)
    console.print("written")
