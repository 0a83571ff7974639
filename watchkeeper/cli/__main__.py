"""``watchkeeper``: parses the command line, turns our errors into sentences."""

import sys
from typing import Annotated, Any

import typer

from watchkeeper import __version__
from watchkeeper.cli.commands import COMMANDS
from watchkeeper.cli.lazy_group import LazyGroup
from watchkeeper.errors import WatchkeeperError


class Commands(LazyGroup):
    """All commands."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(entries=COMMANDS, **attrs)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"watchkeeper {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="watchkeeper", cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Watches the language models that applications depend on."""


def main() -> None:
    """Entry point: our own errors end with a sentence and exit code 2, not with a traceback."""
    try:
        app()
    except WatchkeeperError as error:
        typer.echo(f"watchkeeper: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
