"""Keeps what the client library logs about our own connections out of the application's logs.

While brokers are away it writes several errors a second, and at debug level whole messages. The exporter says the same
in one line a minute. What the application's own Kafka clients log is left alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from watchkeeper_sdk._safety import logger

_LIBRARY: Final = "kafka"
_NO_CAUSES: Final = ("KafkaTimeoutError", "RequestTimedOutError")
"""They say that the time was over, and would hide why."""
_CONNECTION_ENDED: Final = "KafkaConnectionError"
_MOST_CHARACTERS: Final = 200


@dataclass(frozen=True)
class Cause:
    """Why the client library could not do what it then gave up, from its log; the exception itself holds sockets."""

    name: str
    text: str


class ClientLogs(logging.Filter):
    """Drops records of our threads: those inside :meth:`ours`, and the client's own threads of the names given.

    They pass, but for messages' bytes, where the level of the logger ``watchkeeper_sdk`` was set to ``DEBUG``.
    One filter serves all exporters of the process, and stays: a client's thread may outlive its exporter a little.
    """

    def __init__(self) -> None:
        super().__init__()
        self._causes: dict[str, Cause | None] = {}
        self._inside = threading.local()

    def hush(self, thread_name: str) -> None:
        """From now on for the client's threads of this name, too. The library must have been imported."""
        self._causes.setdefault(thread_name, None)
        for name in list(logging.root.manager.loggerDict):  # a copy: other threads may make loggers
            if name.split(".")[0] == _LIBRARY:
                logging.getLogger(name).addFilter(self)

    @contextmanager
    def ours(self, thread_name: str) -> Iterator[None]:
        """What this thread makes the client log meanwhile is ours, as if by the client's thread of that name."""
        before = getattr(self._inside, "name", None)
        self._inside.name = thread_name
        try:
            yield
        finally:
            self._inside.name = before

    def take_cause(self, thread_name: str) -> Cause | None:
        """The last one since it was last taken."""
        found = self._causes.get(thread_name)
        self._causes[thread_name] = None
        return found

    def filter(self, record: logging.LogRecord) -> bool:
        name = getattr(self._inside, "name", None) or record.threadName
        if name is None or name not in self._causes:
            return True
        if record.levelno >= logging.WARNING and isinstance(record.args, tuple):
            for argument in record.args:
                self._note(name, argument)
        return logger.level == logging.DEBUG and record.levelno > logging.DEBUG

    def _note(self, thread_name: str, argument: object) -> None:
        kind = type(argument).__name__
        if not isinstance(argument, Exception) or kind in _NO_CAUSES:
            return
        # A refusal is often followed, and sometimes hidden, by a mere end of the connection.
        if kind != _CONNECTION_ENDED or self._causes[thread_name] is None:
            self._causes[thread_name] = Cause(kind, str(argument).removeprefix(f"{kind}: ")[:_MOST_CHARACTERS])


client_logs: Final = ClientLogs()
