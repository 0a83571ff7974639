"""Messages that wait for their channels, as the service remembers them."""

from collections.abc import Collection, Mapping, Sequence

from alerts.message import Message

MOST_WAITING = 1_000
"""Of one channel; beyond it the oldest is given up."""

Outbox = Mapping[str, Message]
"""By key, in the order they were made."""


def with_messages(outbox: Outbox, made: Sequence[Message]) -> tuple[dict[str, Message], list[Message]]:
    """The outbox with ``made`` as well, and the messages that have to go because too many wait."""
    kept = {**outbox, **{message.key: message for message in made}}
    gone: list[Message] = []
    for channel in {message.channel for message in made}:
        waiting = [message for message in kept.values() if message.channel == channel]
        gone += waiting[: max(0, len(waiting) - MOST_WAITING)]
    return without(kept, {message.key for message in gone}), gone


def without(outbox: Outbox, settled: Collection[str]) -> dict[str, Message]:
    """The outbox without the messages of these keys."""
    return {key: message for key, message in outbox.items() if key not in settled}
