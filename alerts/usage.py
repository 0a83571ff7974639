"""Where models are used, from stored calls: names the routes and environments of an event, and what it cost."""

from datetime import datetime, timedelta

from alerts.environments import concerned, has_outcomes, telling_times
from alerts.event import MOST_PLACES, Event, cut
from alerts.impact import Impact
from watchkeeper.errors import WatchkeeperError
from watchkeeper.series_id import ANY
from watchkeeper.storage.alert_facts import CallScope, Use, call_sums, outcome_counts, uses
from watchkeeper.storage.client import Store
from watchkeeper.telemetry import logger

_log = logger("alerts")
_BEFORE = timedelta(hours=24)
_LONGEST = timedelta(days=30)
_MOST_KEPT = 1_000
_MOST_ENVIRONMENTS = 20
_OF_CALLS = ("regression", "outage", "served_model_change", "usage_missing", "mix_shift", "cost_spike", "traffic_stop")


class Usage:
    """Asks the store; what a question was answered is kept for its hour. One thread owns it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[tuple[CallScope, datetime], list[Use]] = {}

    def located(self, event: Event) -> Event:
        """``event`` with the environments it concerns, and with its routes where it is of all routes of a model.

        What says its environments itself keeps them; what names no model, service or route has none.
        """
        if event.environments or not (event.provider or event.model or event.service or event.route):
            return event
        found = self._uses(_scope(event), event.since.replace(minute=0, second=0, microsecond=0))
        environments = tuple(dict.fromkeys(cut(use.environment) for use in found if use.environment))
        changes: dict[str, object] = {"environments": self._concerned(event, environments)[:_MOST_ENVIRONMENTS]}
        if event.route == ANY and not event.places and event.kind in _OF_CALLS:
            places = tuple(dict.fromkeys(cut(f"{use.service}/{use.route}") for use in found))
            changes |= {"places": places[:MOST_PLACES], "more_places": max(0, len(places) - MOST_PLACES)}
        return event.model_copy(update=changes)

    def routes(self, event: Event) -> tuple[str, ...]:
        """Routes on which the calls of ``event`` were made in the day before it began."""
        found = self._uses(_scope(event), event.since.replace(minute=0, second=0, microsecond=0))
        return tuple(dict.fromkeys(use.route for use in found))

    def of(self, events: tuple[Event, ...], until: datetime) -> Impact | None:
        """What the calls of ``events`` did until then; None where they are about no calls, or it cannot be told now."""
        concerned = [event for event in events if event.kind in _OF_CALLS and event.provider]
        if not concerned:
            return None
        begin = max(min(event.since for event in concerned), until - _LONGEST)
        try:
            sums = call_sums(self._store, list(dict.fromkeys(map(_scope, concerned))), begin, until)
        except WatchkeeperError as error:
            _log.warning("a message goes without what it cost", error=str(error))
            return None
        return Impact(sums.calls, sums.failed, sums.spent_usd, sums.unpriced)

    def _concerned(self, event: Event, environments: tuple[str, ...]) -> tuple[str, ...]:
        """``environments`` without those that are well, as far as outcomes can tell."""
        if len(environments) < 2 or not has_outcomes(event):
            return environments
        counts = outcome_counts(self._store, _scope(event), *telling_times(event))
        return concerned(event, environments, counts)

    def _uses(self, scope: CallScope, hour: datetime) -> list[Use]:
        key = (scope, hour)
        if key not in self._kept:
            while len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = uses(self._store, scope, hour - _BEFORE, hour + timedelta(hours=1))
        return self._kept[key]


def _scope(event: Event) -> CallScope:
    return CallScope(event.provider, event.model, event.service, event.route)
