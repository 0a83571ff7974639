"""``watchkeeper migrate``: the database brought up to date."""

import typer

from watchkeeper.cli import wiring
from watchkeeper.cli.options import DataDir
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store


def command(data_dir: DataDir = None) -> None:
    """Bring the database up to date."""
    settings = Settings.load(data_dir=data_dir)
    store = Store.open(wiring.store_config(settings))
    applied = wiring.migrate(store, settings)
    store.close()
    for migration in applied:
        typer.echo(f"applied {migration.version:04d} {migration.name}")
    typer.echo("up to date")
