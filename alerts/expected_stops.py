"""Models that get no more calls because a route's weights say so: their silence is no trouble."""

from collections.abc import Sequence

from alerts.event import Event
from alerts.usage import Usage
from watchkeeper.series_id import ANY
from watchkeeper.storage import route_weights
from watchkeeper.storage.client import Store
from watchkeeper.storage.route_weights import RouteWeights

_KIND = "traffic_stop"


class ExpectedStops:
    """Asks the store for the weights of the routes that a stop is on. One thread owns it."""

    def __init__(self, store: Store, usage: Usage) -> None:
        self._store = store
        self._usage = usage

    def explained(self, event: Event) -> Event:
        """``event``, expected where it is a stop that the weights of all its routes ask for."""
        if event.kind != _KIND or not event.is_open or event.provider in ("", ANY) or event.model in ("", ANY):
            return event
        routes = self._usage.routes(event)
        known = [route_weights.read(self._store, route) for route in routes]
        return event.model_copy(update={"expected": why_left(event.provider, event.model, known)})


def why_left(provider: str, model: str, routes: Sequence[RouteWeights | None]) -> str:
    """Why no calls of ``model`` are to be expected on ``routes``; empty where some are, or where weights are not known.

    A fallback is called when others fail, so it may be silent; a shadow may not.
    """
    known = [route for route in routes if route is not None]
    if not known or len(known) < len(routes) or any(_is_called(provider, model, route) for route in known):
        return ""
    last = max(known, key=lambda route: route.changed_at)
    more = f" (and {len(known) - 1} further routes)" if len(known) > 1 else ""
    return f"the weights of route {last.route!r}{more} send it no calls, since version {last.version}"


def _is_called(provider: str, model: str, route: RouteWeights) -> bool:
    called = [target for target in (*route.targets, *route.shadow) if target.weight > 0]
    return any((target.provider, target.model) == (provider, model) for target in called)
