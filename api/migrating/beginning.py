"""A migration's begin: what is asked for, checked against what is known of the route."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.access import Caller
from api.migrating.models import MigrationBody
from api.migrating.phases import FIRST, check_gates
from api.migrating.routing import before
from api.migrating.standing import MOST_ACTIVE, MigrationLog, Standing, first_decision, standings, with_version
from api.migrating.triggers import limits_of
from api.problems import Problem
from watchkeeper.errors import ConfigError
from watchkeeper.storage import model_migrations, route_weights
from watchkeeper.storage.client import Store
from watchkeeper.storage.model_migrations import ModelMigration, Served
from watchkeeper.storage.route_arms import models_of_route
from watchkeeper.storage.route_weights import RouteWeights

_LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Beginning:
    """Begins migrations."""

    store: Store
    log: MigrationLog
    new_id: Callable[[], str]

    def begin(self, body: MigrationBody, caller: Caller, now: datetime) -> Standing:
        """The migration, under way. Raises :class:`Problem` 409 and 422 for what cannot be one."""
        _check(body)
        # The number before the look: who begins one in between has taken it, or is seen.
        newest = model_migrations.newest_of(self.store, body.route)
        self._check_free(body.route)
        number = newest.number + 1 if newest else 1
        standing = first_decision(self._migration(body, number, caller, now), body.begin_with, self.new_id())
        version = self.log.next_version(standing.migration, body.begin_with)
        standing = with_version(standing, version)
        # The log first: a migration that is listed has a decision.
        model_migrations.decide(self.store, standing.last)
        if not model_migrations.begin(self.store, standing.migration):
            raise _taken(body.route, "somebody began one in the same moment")
        self.log.begin(standing)
        return standing

    def _check_free(self, route: str) -> None:
        active = [one for one in standings(self.store) if one.is_active]
        for one in active:
            if one.migration.route == route:
                raise _taken(route, f"{one.migration.id} is in the phase {one.phase}: end it first, or wait")
        if len(active) >= MOST_ACTIVE:
            raise Problem(409, "Too many migrations", f"{MOST_ACTIVE} are under way: end one first.")

    def _migration(self, body: MigrationBody, number: int, caller: Caller, now: datetime) -> ModelMigration:
        present = route_weights.read(self.store, body.route)
        candidate = Served(body.candidate.provider, body.candidate.model)
        baseline = self._baseline(body, present, candidate, now)
        usual = before(present, baseline)
        if not usual.share(baseline):
            there = ", ".join(f"{one.provider} {one.model}" for one in usual.targets)
            raise _unfit(f"baseline: calls of {body.route} do not go to {baseline.model}; they go to {there}")
        if usual.share(candidate):
            raise _unfit(f"candidate: {candidate.model} has calls of {body.route} already; take it out first")
        return ModelMigration(
            id=self.new_id(),
            route=body.route,
            number=number,
            baseline=baseline,
            candidate=candidate,
            limits=body.limits,
            gates=body.gates,
            score=body.score,
            advice=body.advice,
            reason=body.reason,
            targets=usual.targets,
            shadow=usual.shadow,
            fallbacks=usual.fallbacks,
            created_by=caller.name,
            created_at=now,
        )

    def _baseline(self, body: MigrationBody, present: RouteWeights | None, candidate: Served, now: datetime) -> Served:
        """The model to leave, which must have calls: without them there is nothing to hold the candidate against."""
        seen = [served for served, _ in models_of_route(self.store, body.route, now - _LATELY)]
        busiest = seen[0] if seen else None
        stated = Served(body.baseline.provider, body.baseline.model) if body.baseline else None
        baseline = stated or _largest(present) or busiest
        if baseline is None:
            raise _unfit(f"route: there are no calls of {body.route} within the last {_LATELY.days} days")
        if baseline == candidate:
            raise _unfit("candidate: it is the baseline; choose another model or provider")
        if baseline not in seen:
            there = ", ".join(f"{one.provider} {one.model}" for one in seen[:5]) or "none"
            raise _unfit(
                f"baseline: no call of {body.route} asked {baseline.provider} for {baseline.model} within the last "
                f"{_LATELY.days} days; asked for were: {there}"
            )
        return baseline


def _check(body: MigrationBody) -> None:
    if body.begin_with not in FIRST:
        raise _unfit(f"begin_with: choose one of {', '.join(FIRST)}")
    try:
        limits_of(body.limits)
        check_gates(body.gates)
    except ConfigError as error:
        raise _unfit(str(error)) from None


def _largest(present: RouteWeights | None) -> Served | None:
    if present is None or not present.targets:
        return None
    largest = max(present.targets, key=lambda one: one.weight)
    return Served(largest.provider, largest.model)


def _taken(route: str, why: str) -> Problem:
    return Problem(409, "A migration is under way", f"{route} has one already: {why}.")


def _unfit(why: str) -> Problem:
    return Problem(422, "A parameter does not fit", f"{why}.")
