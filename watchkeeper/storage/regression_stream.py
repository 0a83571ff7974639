"""Table ``regressions`` in the order it grew: for whoever follows what happens."""

from datetime import datetime
from typing import NamedTuple

from watchkeeper.storage.client import Store
from watchkeeper.storage.regressions import FOREVER_US, TransitionRow

_COLUMNS = ", ".join(TransitionRow.__slots__)
# Without FINAL, which would read the whole table: a transition that two detectors wrote may come twice.
_AFTER = f"""
SELECT {_COLUMNS}
FROM regressions
WHERE stored_at >= fromUnixTimestamp64Micro({{stored_us:Int64}}, 'UTC')
  AND stored_at < fromUnixTimestamp64Micro({{until_us:Int64}}, 'UTC')
  AND (toUnixTimestamp64Micro(stored_at), id, seq) > ({{stored_us:Int64}}, {{id:String}}, {{seq:UInt32}})
ORDER BY stored_at, id, seq
LIMIT {{limit:UInt32}}
"""


class StreamPlace(NamedTuple):
    """After which transition to go on: when it was stored (Unix microseconds), its id and number."""

    stored_us: int
    id: str = ""
    seq: int = 0

    @classmethod
    def of(cls, row: TransitionRow) -> "StreamPlace":
        """The place of ``row``."""
        return cls(micros(row.stored_at), row.id, row.seq)


def micros(moment: datetime) -> int:
    """Unix microseconds of an aware ``moment``."""
    return round(moment.timestamp() * 1e6)


def bounded_micros(moment: datetime) -> int:
    """The same, within what the store can hold."""
    return max(0, min(micros(moment), FOREVER_US))


def transitions_after(store: Store, place: StreamPlace, until_us: int, limit: int) -> list[TransitionRow]:
    """The first transitions after ``place`` that were stored before ``until_us``, in the order they were stored.

    ``until_us`` must lie far enough back that no insert that began before it is still under way.
    """
    parameters = {**place._asdict(), "until_us": until_us, "limit": limit}
    return [TransitionRow(**row) for row in store.query_rows(_AFTER, parameters)]
