"""Scores of the past, handed out as far as the calls have come."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa


class ScoreTape:
    """Plays ``tables`` (:data:`~watchkeeper.storage.score_feed.SCORED_SCHEMA`, each by time and later than before)."""

    def __init__(self, tables: Iterable[pa.Table]) -> None:
        self._tables = iter(tables)
        self._rest: pa.Table | None = next(self._tables, None)

    def until(self, moment: float) -> Iterator[pa.Table]:
        """Those not handed out yet that were given up to ``moment``, Unix seconds."""
        while self._rest is not None:
            stop = int(np.searchsorted(self._rest["second"].to_numpy(), moment, side="right"))
            if stop:
                yield self._rest.slice(0, stop)
            if stop < self._rest.num_rows:
                self._rest = self._rest.slice(stop)
                return
            self._rest = next(self._tables, None)
