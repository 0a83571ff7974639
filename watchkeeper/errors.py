"""The exceptions of Watchkeeper, each a signal with one meaning.

WatchkeeperError
├── ConfigError            a setting, file or argument is wrong: stop at start, say which and how to mend it
├── BadMessage             this one input cannot be read: dead-letter it, go on
├── DeadLetterLimit        most input cannot be read: stop the consumer, do not empty the topic
├── Transient              an outside part did not answer: back off and try the same work again
│   └── StoreUnavailable   … the store
├── StoreRejected          the store answered and refused: retrying the same bytes cannot help
├── QueryOverLimit         a query costs more than a reader may spend: ask for less
├── StoreLocked            another process holds the data directory
└── PartitionLost          the partition went to another consumer: drop the unfinished batch
"""

import traceback
from pathlib import Path


class WatchkeeperError(Exception):
    """Root of all our exceptions; its text is fit for a user and free of secrets and content."""


class ConfigError(WatchkeeperError):
    """A setting, file or argument is wrong. The text names it, the place and the mend."""


class BadMessage(WatchkeeperError):
    """One input message cannot be read; ``reason`` is a short label fit for a metric."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class DeadLetterLimit(WatchkeeperError):
    """Too large a share of the input is unreadable: stop rather than move the topic to the dead letters."""


class Transient(WatchkeeperError):
    """An outside part did not answer; the same work may succeed later."""


class StoreUnavailable(Transient):
    """The store did not answer, or the result of an insert is unknown. Retry the same bytes, same token."""


class StoreRejected(WatchkeeperError):
    """The store answered and refused the statement; retrying cannot help."""


class QueryOverLimit(WatchkeeperError):
    """A query went beyond what a reader may spend and was ended; ``limit`` is ``time``, ``rows`` or ``memory``."""

    def __init__(self, limit: str) -> None:
        super().__init__(f"the question is too large for the store ({limit}): choose a shorter period or a filter")
        self.limit = limit


class StoreLocked(WatchkeeperError):
    """Another process has the embedded store's data directory open."""


class PartitionLost(WatchkeeperError):
    """The partition was assigned to another consumer while its batch was in work."""


def in_words(error: Exception) -> str:
    """What is shown of ``error``: one of ours as it says, of any other its kind and place; its text may quote anything.

    ``error`` was raised and caught: it has a traceback.
    """
    if isinstance(error, WatchkeeperError):
        return str(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"a defect: {type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"
