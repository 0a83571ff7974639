"""A FAULT, on purpose: ``python -m benchmarks.store_outage AFTER SECONDS`` is a collector whose store fails.

It is ``watchkeeper collector`` in all else. The embedded store cannot be unplugged. So, from ``AFTER`` seconds after
the first insert on and for ``SECONDS``, every statement raises what a store that does not answer raises. The first
insert of that time is the nasty kind: it *is* carried out and then reported as failed, as when the answer was lost.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
from clickhouse_connect.driver.client import Client

from watchkeeper.cli import collector
from watchkeeper.errors import StoreUnavailable
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store

BEGINS = "fault: the store is away"
ENDS = "fault: the store is back"


class Outage:
    """When statements fail."""

    def __init__(self, after_s: float, seconds: float) -> None:
        self._after_s = after_s
        self._seconds = seconds
        self._first_insert: float | None = None
        self._said: list[str] = []
        self._answer_lost = False
        self._suspended = False

    def is_on(self) -> bool:
        """Is the store away now?"""
        if self._first_insert is None or self._suspended:
            return False
        since = time.monotonic() - self._first_insert - self._after_s
        if since >= 0:
            self._say(BEGINS)
        if since >= self._seconds:
            self._say(ENDS)
        return 0 <= since < self._seconds

    def loses_answer(self) -> bool:
        """Once, for the first insert while the store is away. The first insert of all starts the clock."""
        self._first_insert = self._first_insert or time.monotonic()
        loses = self.is_on() and not self._answer_lost
        self._answer_lost = self._answer_lost or loses
        return loses

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """The store answers meanwhile."""
        self._suspended = True
        try:
            yield
        finally:
            self._suspended = False

    def _say(self, what: str) -> None:
        if what not in self._said:
            self._said.append(what)
            sys.stdout.write(f"{what}\n")
            sys.stdout.flush()


def inject(outage: Outage) -> None:
    """Make every :class:`Store` of this process fail while ``outage`` is on."""
    real_client, real_insert = Store._client, Store.insert_arrow

    @contextmanager
    def client(self: Store) -> Iterator[Client]:
        if outage.is_on():
            raise StoreUnavailable("fault: the store does not answer")
        with real_client(self) as found:
            yield found

    def insert_arrow(self: Store, table: str, data: pa.Table, token: str) -> None:
        if table != "calls" or not outage.loses_answer():
            real_insert(self, table, data, token)
            return
        with outage.suspended():
            real_insert(self, table, data, token)
        raise StoreUnavailable("fault: the insert's answer was lost")

    Store._client = client  # type: ignore[method-assign]
    Store.insert_arrow = insert_arrow  # type: ignore[method-assign]


def main() -> None:
    """Start the collector with the fault."""
    inject(Outage(float(sys.argv[1]), float(sys.argv[2])))
    collector.run(Settings.load())


if __name__ == "__main__":
    main()
