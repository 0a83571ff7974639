"""``watchkeeper topics``: Kafka topics."""

from typing import TYPE_CHECKING

import typer

from watchkeeper.cli.late import Late
from watchkeeper.settings import Settings

if TYPE_CHECKING:
    from watchkeeper.cli import topics
else:
    topics = Late("watchkeeper.cli.topics")


def create() -> None:
    """Make the topics that are missing; exit code 1 if one differs from what it should be."""
    if not topics.create(Settings.load()):
        raise typer.Exit(1)
