"""``watchkeeper decode``: prints the calls in OTLP files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from watchkeeper.cli.late import Late
from watchkeeper.cli.options import Format

if TYPE_CHECKING:
    from watchkeeper.cli import decode
else:
    decode = Late("watchkeeper.cli.decode")


def command(
    files: Annotated[list[Path], typer.Argument(help="OTLP trace files, protobuf or JSON; read as one stream.")],
    form: Annotated[Format, typer.Option("--format", help="json: one line a call; table: for people.")] = Format.JSON,
    skipped: Annotated[bool, typer.Option("--skipped", help="Also print spans that became no call, and why.")] = False,
    price_file: Annotated[Path | None, typer.Option(help="Your own prices (YAML).")] = None,
) -> None:
    """Print the calls in OTLP files as the collector would store them. Exit code 1 if a file does not decode."""
    failed = False
    for calls, others, errors in decode.decode_files(files, price_file):
        if form is Format.TABLE:
            decode.print_table(calls, Console())
        else:
            for row in calls:
                typer.echo(decode.as_json(row))
        for row in others if skipped else ():
            typer.echo(decode.as_json(row))
        for error in errors:
            failed = True
            typer.echo(f"watchkeeper: {error}", err=True)
    if failed:
        raise typer.Exit(1)
