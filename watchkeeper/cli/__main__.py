"""``watchkeeper``: parses the command line, wires services, turns our errors into sentences."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from watchkeeper.cli import decode as decode_command
from watchkeeper.errors import WatchkeeperError

app = typer.Typer(
    name="watchkeeper",
    help="Watches the language models that applications depend on.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)


class Format(StrEnum):
    """How a command prints."""

    JSON = "json"
    TABLE = "table"


@app.callback()
def _root() -> None:
    """Watches the language models that applications depend on."""


@app.command()
def decode(
    files: Annotated[list[Path], typer.Argument(help="OTLP trace files, protobuf or JSON; read as one stream.")],
    form: Annotated[Format, typer.Option("--format", help="json: one line a call; table: for people.")] = Format.JSON,
    skipped: Annotated[
        bool, typer.Option("--skipped", help="Also print spans that became no call, with reason.")
    ] = False,
    price_file: Annotated[Path | None, typer.Option(help="Your own prices (YAML).")] = None,
) -> None:
    """Print the calls in OTLP files as the collector would store them. Exit code 1 if a file does not decode."""
    failed = False
    for calls, others, errors in decode_command.decode_files(files, price_file):
        if form is Format.TABLE:
            decode_command.print_table(calls, Console())
        else:
            for row in calls:
                typer.echo(decode_command.as_json(row))
        for row in others if skipped else ():
            typer.echo(decode_command.as_json(row))
        for error in errors:
            failed = True
            typer.echo(f"watchkeeper: {error}", err=True)
    if failed:
        raise typer.Exit(1)


def main() -> None:
    """Entry point: our own errors end with a sentence and exit code 2, not with a traceback."""
    try:
        app()
    except WatchkeeperError as error:
        typer.echo(f"watchkeeper: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
