"""What serves a route: the weights that were set, else what its calls asked for in the last week."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from starlette.concurrency import run_in_threadpool

from api.kept import Kept
from api.routing.items import observed_item, weights_item
from api.routing.models import RouteItem
from api.routing.watch import Weights
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.observed_models import ObservedModel, observed_models

OBSERVED = timedelta(days=7)
_FRESH_S = 30.0
_HOUR = timedelta(hours=1)

Observed = Mapping[str, Sequence[ObservedModel]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which routes somebody asks about."""

    routes: frozenset[str] = frozenset()
    """Empty: all of them."""
    observed: bool = True
    """Those without weights, too."""


class RouteReader:
    """Routes by name. What is observed is half a minute old at most."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._kept: Kept[Observed] = Kept(clock, _FRESH_S)

    async def items(self, weights: Weights, chosen: Chosen) -> list[RouteItem]:
        """The chosen routes, by name; a route that has neither weights nor calls is not among them."""
        found = {
            route: weights_item(one) for route, one in weights.items() if not chosen.routes or route in chosen.routes
        }
        if chosen.observed and not (chosen.routes and chosen.routes <= found.keys()):
            seen = await run_in_threadpool(self._observed, chosen.routes - found.keys())
            found |= {route: observed_item(route, models) for route, models in seen.items() if route not in found}
        return [found[route] for route in sorted(found)]

    def _observed(self, routes: Collection[str]) -> Observed:
        return self._kept.get(frozenset(routes), lambda: self._read(routes))

    def _read(self, routes: Collection[str]) -> Observed:
        # Up to the end of this hour: the rollup has whole ones.
        end = self._clock.now() + _HOUR
        return observed_models(self._store, end - OBSERVED, end, routes)
