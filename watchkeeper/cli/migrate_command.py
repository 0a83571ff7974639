"""``watchkeeper migrate``: the database brought up to date."""

from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli.late import Late
from watchkeeper.cli.options import DataDir
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from watchkeeper.cli import migrate
else:
    migrate = Late("watchkeeper.cli.migrate")


def command(
    data_dir: DataDir = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit code 1 while something is missing.")
    ] = False,
) -> None:
    """Bring the database up to date."""
    settings = Settings.load(data_dir=data_dir)
    if not check:
        migrate.run(settings)
    elif not migrate.is_up_to_date(settings):
        raise typer.Exit(1)
