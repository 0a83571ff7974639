"""Inserts calls exactly once, also when an earlier process was killed in the middle of an insert.

A ClickHouse server outlives its clients, so there a batch that comes again with its token is all it takes. The embedded
engine dies with the process, and may have written down a token whose rows never got into place; it would drop them
for ever. Therefore each process uses tokens of its own there, and asks for what is stored where a batch may have been
begun before.
"""

import pyarrow as pa

from watchkeeper.storage.calls import missing_calls
from watchkeeper.storage.client import Store


class CallWriter:
    """Writes batches of calls. Not thread-safe.

    With the embedded engine, :class:`~.reconcile.Reconciler` must have run in this process before the first insert.
    ``run_id`` is one that no other process ever had.
    """

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self._embedded = store.config.kind == "chdb"
        self._run_id = run_id
        self._unsure: dict[str, pa.Table] = {}
        """What was being inserted when an error came, by token: it must come again just so."""

    def insert(self, batch: pa.Table, token: str, *, opening: bool) -> None:
        """Store ``batch`` (:data:`~watchkeeper.schema.CALLS_SCHEMA`, one source and partition) and its rollups.

        ``opening`` says that an earlier process may have begun it. Raises as :meth:`~.client.Store.insert_arrow`
        does; call again with the same batch and token then.
        """
        if not self._embedded:
            self._store.insert_arrow("calls", batch, token)
            return
        if token not in self._unsure:
            self._unsure[token] = missing_calls(self._store, batch) if opening else batch
        self._store.insert_arrow("calls", self._unsure[token], f"{token}:{self._run_id}")
        del self._unsure[token]
