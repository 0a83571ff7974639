"""Setting a route's weights by hand."""

from dataclasses import dataclass, replace

from api.access import Caller
from api.migrating.phases import ENDED
from api.problems import Problem
from api.routing.items import version_fits
from api.routing.models import WeightsBody
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.model_migrations import last_decisions, newest_of
from watchkeeper.storage.route_weights import MOST_ROUTES, RouteWeights, Target, count_routes, is_stored, read, write


@dataclass(frozen=True, slots=True)
class Change:
    """Weights that somebody wants a route to have."""

    route: str
    body: WeightsBody
    caller: Caller
    if_match: str | None
    """Tags of what they saw; None: whatever is there."""
    force: bool
    """Also while a migration is under way."""


def set_weights(store: Store, clock: Clock, change: Change) -> RouteWeights:
    """The route's weights as they are now; a new version where they were different.

    Raises :class:`Problem` 412 where they are no longer what was seen, and 409 where a migration is under way,
    somebody else was faster or there are too many routes.
    """
    before = read(store, change.route)
    version = before.version if before is not None else 0
    if change.if_match is not None and not version_fits(change.if_match, version):
        raise Problem(412, "They were changed", f"the route has version {version} now: read it and decide again.")
    if not change.force:
        _check_no_migration(store, change.route)
    wanted = _wanted(change, version + 1, clock)
    if before is not None and _same(before, wanted):
        return before
    if before is None and count_routes(store) >= MOST_ROUTES:
        raise Problem(409, "Too many routes", f"{MOST_ROUTES:,} have weights: set those of one that is there.")
    write(store, wanted)
    if not is_stored(store, wanted):
        raise Problem(409, "Somebody was faster", f"version {wanted.version} is theirs: read it and decide again.")
    return wanted


def _check_no_migration(store: Store, route: str) -> None:
    migration = newest_of(store, route)
    if migration is None:
        return
    last = last_decisions(store, [migration.id]).get(migration.id)
    if last is None or last.phase not in ENDED:
        raise Problem(
            409,
            "A migration is under way",
            f"{migration.id} sets the weights of this route: roll it back or cancel it first, or send force=true; "
            "its next step overwrites what you set.",
        )


def _wanted(change: Change, version: int, clock: Clock) -> RouteWeights:
    body = change.body
    largest = max(body.targets, key=lambda target: target.weight)
    return RouteWeights(
        route=change.route,
        version=version,
        targets=tuple(
            Target(one.provider, one.model, one.weight, one.variant or ("primary" if one is largest else "canary"))
            for one in body.targets
        ),
        shadow=tuple(Target(one.provider, one.model, one.weight, "shadow") for one in body.shadow),
        fallbacks=tuple(Target(one.provider, one.model, 0, "primary") for one in body.fallbacks),
        reason=body.reason,
        migration_id=None,
        changed_by=change.caller.name,
        changed_at=clock.now(),
    )


def _same(one: RouteWeights, two: RouteWeights) -> bool:
    """Whoever set them, and whenever."""
    return replace(one, version=0, changed_by="", changed_at=two.changed_at) == replace(two, version=0, changed_by="")
