"""``watchkeeper topics``: Kafka topics."""

import typer

from watchkeeper.cli import wiring
from watchkeeper.settings import Settings
from watchkeeper.streams.kafka_topics import TopicState, create_topics


def create() -> None:
    """Make the topics that are missing; exit code 1 if one differs from what it should be."""
    settings = Settings.load()
    reports = create_topics(
        wiring.kafka_connection(settings), wiring.configured_topics(settings), settings.kafka_replication
    )
    for found in reports:
        typer.echo(f"{found.state:>9}  {found.name} ({found.partitions} partitions) {found.detail}".rstrip())
    if any(found.state is TopicState.MISSING for found in reports):
        raise typer.Exit(1)
