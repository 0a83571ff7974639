"""``watchkeeper reprice`` and ``POST /v1/reprice``: the same work, here or in the process that holds the store."""

import threading
import uuid
from collections.abc import Sequence

from api.routes.reprice import Reprice, RepriceChange, RepriceOrder
from collector.price_book import PriceBook
from collector.reprice import ModelChange, Repricer
from watchkeeper.clock import Clock
from watchkeeper.errors import ConfigError
from watchkeeper.settings import Settings
from watchkeeper.storage.client import Store
from watchkeeper.storage.repricing import Period, Repricing


def reprice_with(store: Store, settings: Settings, clock: Clock) -> Reprice:
    """Reprice ``store`` with today's list and the user's file; one run at a time."""
    lock = threading.Lock()

    def reprice(order: RepriceOrder) -> Sequence[RepriceChange]:
        if order.begin.tzinfo is None or order.end.tzinfo is None or order.begin >= order.end:
            raise ConfigError("the period needs two times with a zone, the first before the second")
        if not lock.acquire(blocking=False):
            raise ConfigError("a repricing is under way; wait until it is done")
        try:
            return _reprice(order, store, settings, clock)
        finally:
            lock.release()

    return reprice


def _reprice(order: RepriceOrder, store: Store, settings: Settings, clock: Clock) -> Sequence[RepriceChange]:
    book = PriceBook.load(settings.price_file)
    repricer = Repricer(Repricing(store, clock), book, lambda: uuid.uuid4().hex)
    period = Period(order.begin, order.end, order.model)
    if not order.dry_run:
        repricer.resume()
    changes = [_change(change) for change in repricer.preview(period)]
    if not order.dry_run:
        repricer.apply(period)
    return changes


def _change(change: ModelChange) -> RepriceChange:
    return RepriceChange(**{name: getattr(change, name) for name in RepriceChange.model_fields})
