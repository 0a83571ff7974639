"""The weights of a route in each phase of its migration."""

from dataclasses import dataclass

from api.migrating.phases import Phase, gate
from watchkeeper.storage.model_migrations import ModelMigration, Served
from watchkeeper.storage.route_weights import RouteWeights, Target


@dataclass(frozen=True, slots=True)
class Routing:
    """Where calls of a route go."""

    targets: tuple[Target, ...]
    shadow: tuple[Target, ...]
    fallbacks: tuple[Target, ...]

    def share(self, served: Served) -> int:
        """Percent of the calls that ``served`` answers."""
        return sum(one.weight for one in self.targets if (one.provider, one.model) == (served.provider, served.model))


def before(weights: RouteWeights | None, baseline: Served) -> Routing:
    """Where calls go without the migration; a route without weights is served by the baseline alone."""
    if weights is None:
        return Routing((Target(baseline.provider, baseline.model, 100, "primary"),), (), ())
    return Routing(weights.targets, weights.shadow, weights.fallbacks)


def routing(migration: ModelMigration, phase: Phase) -> Routing:
    """Where calls go in ``phase``: the candidate takes its part of what the baseline had; others stay as they are."""
    wanted = gate(phase, migration.gates)
    candidate = migration.candidate
    usual = Routing(migration.targets, migration.shadow, migration.fallbacks)
    # A shadow test that the candidate had before is over: the migration makes copies of its own, and none later on.
    shadow = tuple(one for one in usual.shadow if not _is(one, candidate))
    if wanted.shadow_percent:
        copies = Target(candidate.provider, candidate.model, wanted.shadow_percent, "shadow")
        return Routing(usual.targets, (*shadow, copies), usual.fallbacks)
    if not wanted.candidate_percent:
        return usual
    targets = tuple(part for one in usual.targets for part in _parts(one, migration, wanted.candidate_percent))
    return Routing(targets, shadow, _fallbacks(migration) if wanted.candidate_percent == 100 else usual.fallbacks)


def _parts(target: Target, migration: ModelMigration, percent: int) -> tuple[Target, ...]:
    if not _is(target, migration.baseline):
        return (target,)
    candidate, whole = migration.candidate, target.weight
    if percent == 100:
        return (Target(candidate.provider, candidate.model, whole, target.variant),)
    part = min(whole, max(1, round(whole * percent / 100)))
    left = (Target(target.provider, target.model, whole - part, target.variant),) if whole > part else ()
    return (*left, Target(candidate.provider, candidate.model, part, "canary"))


def _fallbacks(migration: ModelMigration) -> tuple[Target, ...]:
    """The baseline first: it has proven itself on the route."""
    others = (
        one for one in migration.fallbacks if not _is(one, migration.baseline) and not _is(one, migration.candidate)
    )
    return (Target(migration.baseline.provider, migration.baseline.model, 0, "primary"), *others)


def _is(target: Target, served: Served) -> bool:
    return (target.provider, target.model) == (served.provider, served.model)
