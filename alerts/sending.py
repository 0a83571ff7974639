"""What a channel does with a message, and how it says that it could not."""

from typing import Protocol

from alerts.message import Message
from watchkeeper.errors import WatchkeeperError


class Undelivered(WatchkeeperError):
    """A message did not get through; the text is fit for a user and free of secrets.

    ``rejected``: the receiver understood and does not want it, so that the same message will not get through later.
    ``retry_after_s``: what the receiver asked to wait.
    """

    def __init__(self, reason: str, *, rejected: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.rejected = rejected
        self.retry_after_s = retry_after_s


class Sender(Protocol):
    """One channel. Used by one thread."""

    def send(self, message: Message) -> None:
        """Return once it is delivered. Raises :class:`Undelivered`; takes at most some ten seconds."""
        ...

    def close(self) -> None:
        """Let go of connections. Safe to call twice."""
        ...
