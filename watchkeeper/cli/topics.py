"""``watchkeeper topics``: Kafka topics."""

import typer

from watchkeeper.cli import wiring
from watchkeeper.settings import Settings
from watchkeeper.streams.kafka_topics import TopicState, create_topics


def create(settings: Settings) -> bool:
    """Make the topics that are missing and print how each stands; false where one is missing still."""
    reports = create_topics(
        wiring.kafka_connection(settings), wiring.configured_topics(settings), settings.kafka_replication
    )
    for found in reports:
        typer.echo(f"{found.state:>9}  {found.name} ({found.partitions} partitions) {found.detail}".rstrip())
    return all(found.state is not TopicState.MISSING for found in reports)
