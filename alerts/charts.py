"""Charts from stored calls."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.chart import Chart, charted, wanted
from alerts.event import Event
from watchkeeper.errors import WatchkeeperError
from watchkeeper.storage.alert_facts import CallScope
from watchkeeper.storage.client import Store
from watchkeeper.storage.metric_trace import metric_trace
from watchkeeper.storage.query_limits import QueryLimits
from watchkeeper.telemetry import logger

_log = logger("alerts")
_LIMITS = QueryLimits(seconds=5.0)
_MOST_TRIED = 3
_REST = timedelta(minutes=1)
"""A store that did not answer is not asked so soon again: messages wait for the answer."""


class Charts:
    """Asks the store, within limits. One thread owns it."""

    def __init__(self, store: Store) -> None:
        self._store = store.reader(_LIMITS)
        self._rests_until: datetime | None = None

    def of(self, events: Sequence[Event], now: datetime) -> Chart | None:
        """The first of ``events`` that can be drawn; None where none can, or the store does not say in time."""
        for event in events[:_MOST_TRIED]:
            # Also after a fault in between: each question that is not answered costs its whole time.
            if self._rests_until is not None and now < self._rests_until:
                return None
            chart = self._of_one(event, now)
            if chart is not None:
                return chart
        return None

    def _of_one(self, event: Event, now: datetime) -> Chart | None:
        want = wanted(event, now)
        if want is None:
            return None
        scope = CallScope(event.provider, event.model, event.service, event.route)
        try:
            trace = metric_trace(self._store, want.metric, scope, (want.begin, want.end))
        except WatchkeeperError as error:
            _log.warning("messages go without charts for a minute", error=str(error))
            self._rests_until = now + _REST
            return None
        return charted(event, want.metric, trace.step, trace.points)
