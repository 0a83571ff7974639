"""``watchkeeper migrate``: the database brought up to date."""

from typing import TYPE_CHECKING

from watchkeeper.cli.late import Late
from watchkeeper.cli.options import DataDir
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from watchkeeper.cli import migrate
else:
    migrate = Late("watchkeeper.cli.migrate")


def command(data_dir: DataDir = None) -> None:
    """Bring the database up to date."""
    migrate.run(Settings.load(data_dir=data_dir))
