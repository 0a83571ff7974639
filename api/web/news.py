"""What happened of late: steps of regressions and notices, the latest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.regressions.models import RegressionItem, regression_item
from api.web.wording import headline
from watchkeeper.storage import notices
from watchkeeper.storage.client import Store
from watchkeeper.storage.regression_stream import bounded_micros
from watchkeeper.storage.regressions import RegressionFilter, latest_regressions

WITHIN = timedelta(days=7)
MOST = 8
_MOST_NOTICES = 1_000


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One thing that happened."""

    at: datetime
    what: str
    """Kind, and how it stands."""
    text: str
    address: str
    """Of the page that tells all of it."""


def news(store: Store, now: datetime) -> Sequence[NewsItem]:
    """At most :data:`MOST` of the last week."""
    since = now - WITHIN
    rows = latest_regressions(store, RegressionFilter(since_us=bounded_micros(since)), MOST)
    found = [_of_regression(regression_item(row)) for row in rows]
    found += [_of_notice(notice) for notice in notices.read(store, since, _MOST_NOTICES)]
    return sorted(found, key=lambda item: item.at, reverse=True)[:MOST]


def _of_regression(item: RegressionItem) -> NewsItem:
    return NewsItem(item.at, item.state, headline(item), f"/regressions/{item.id}")


_PAGES = {"budget": "/costs", "comparison": "/advice", "migration": "/migrations", "deprecation": "/advice"}


def _of_notice(notice: notices.Notice) -> NewsItem:
    return NewsItem(notice.at, notice.kind, notice.title, _PAGES[notice.kind])
