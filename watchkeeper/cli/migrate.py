"""``watchkeeper migrate``: the database brought up to date."""

import contextlib

import typer

from watchkeeper.cli import wiring
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store


def run(settings: Settings) -> None:
    """Apply what is missing, and say what that was."""
    with contextlib.closing(Store.open(wiring.store_config(settings))) as store:
        applied = wiring.migrate(store, settings)
    for migration in applied:
        typer.echo(f"applied {migration.version:04d} {migration.name}")
    typer.echo("up to date")


def is_up_to_date(settings: Settings) -> bool:
    """Say what is missing, and change nothing. Raises as :meth:`~.migrate.Migrator.pending` does."""
    with contextlib.closing(Store.open(wiring.store_config(settings))) as store:
        missing = wiring.pending_migrations(store, settings)
    for migration in missing:
        typer.echo(f"missing {migration.version:04d} {migration.name}")
    if not missing:
        typer.echo("up to date")
    return not missing
