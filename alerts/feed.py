"""Events from tables: transitions of regressions in the order they were stored, and notices."""

from datetime import datetime, timedelta

from alerts.event import Event
from alerts.from_notice import notice_event
from alerts.from_regression import regression_event
from alerts.record import Record
from watchkeeper.storage.client import Store
from watchkeeper.storage.notices import Notice, read
from watchkeeper.storage.regression_stream import StreamPlace, micros, transitions_after

SETTLE = timedelta(seconds=2)
"""A transition is read once it was stored so long ago: by then all that were stored before it can be read."""
_PAGE = 500
_MOST_PAGES = 20
_OVERLAP = timedelta(minutes=15)
"""A notice may be stored so long after one with a later time."""


class FeedPlace(Record):
    """How far was read."""

    stored_us: int
    id: str = ""
    seq: int = 0
    notices_after: datetime
    seen: tuple[str, ...] = ()
    """Notices behind ``notices_after`` that were read already."""


def place_at(moment: datetime) -> FeedPlace:
    """To read what was stored since ``moment``."""
    return FeedPlace(stored_us=micros(moment), notices_after=moment)


def read_on(store: Store, place: FeedPlace, now: datetime) -> tuple[list[Event], FeedPlace]:
    """What came since ``place``, at most ten thousand steps of each kind, and where to go on."""
    stream, events = StreamPlace(place.stored_us, place.id, place.seq), list[Event]()
    for _ in range(_MOST_PAGES):
        rows = transitions_after(store, stream, micros(now - SETTLE), _PAGE)
        events += [regression_event(row) for row in rows]
        stream = StreamPlace.of(rows[-1]) if rows else stream
        if len(rows) < _PAGE:
            break
    notices = read(store, place.notices_after, _PAGE * _MOST_PAGES)
    fresh = [one for one in notices if _name(one) not in place.seen]
    events += [notice_event(one) for one in fresh]
    after = max([place.notices_after, *(one.at - _OVERLAP for one in fresh)])
    seen = tuple(_name(one) for one in notices if one.at > after) if fresh else place.seen
    made = FeedPlace(stored_us=stream.stored_us, id=stream.id, seq=stream.seq, notices_after=after, seen=seen)
    return events, made


def _name(notice: Notice) -> str:
    return f"{notice.notice_id}\0{notice.state}"
