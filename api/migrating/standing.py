"""How migrations stand, and the one way to change that: the log first, then the weights, then the notice."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from api.migrating.phases import ENDED, Phase
from api.migrating.routing import Routing, routing
from watchkeeper.storage import notices, route_weights
from watchkeeper.storage.client import Store
from watchkeeper.storage.model_migrations import (
    MigrationDecision,
    ModelMigration,
    decide,
    decisions,
    last_decisions,
    list_migrations,
)
from watchkeeper.storage.notices import Notice
from watchkeeper.storage.route_weights import RouteWeights

MOST_ACTIVE = 100
"""Migrations under way at the same time."""
WATCHKEEPER = "watchkeeper"
"""Who decides where no person did."""
_TRIES = 3
"""Of writing the weights of an end: somebody else may take the version in the same moment."""
_SEVERITIES = {"roll_back": "critical", "warn": "warning"}
_TITLES = {
    "start": "begins with",
    "promote": "goes on to",
    "roll_back": "went back:",
    "cancel": "was ended by a person:",
    "pause": "waits in",
    "resume": "goes on in",
    "warn": "has warnings in",
    "warnings_end": "has no warnings any more in",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A migration and the last decision on it."""

    migration: ModelMigration
    last: MigrationDecision

    @property
    def phase(self) -> Phase:
        return Phase(self.last.phase)

    @property
    def is_active(self) -> bool:
        """Is it under way?"""
        return self.phase not in ENDED


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be written next to a migration's log."""

    step: str
    phase: Phase
    reason: str
    decided_by: str
    paused: bool = False
    warnings: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, float | None] = field(default_factory=dict)


def new_id() -> str:
    """Of a migration or a decision; no two are alike."""
    return uuid.uuid4().hex


def standings(store: Store) -> list[Standing]:
    """The last migration of each route, under way or not."""
    newest: dict[str, ModelMigration] = {}
    for migration in list_migrations(store):
        if migration.number > getattr(newest.get(migration.route), "number", 0):
            newest[migration.route] = migration
    return with_decisions(store, list(newest.values()))


def with_decisions(store: Store, migrations: list[ModelMigration]) -> list[Standing]:
    """The migrations with their last decisions, in the same order."""
    last = last_decisions(store, [one.id for one in migrations])
    return [Standing(one, last[one.id]) for one in migrations if one.id in last]


class MigrationLog:
    """Writes decisions and what follows from them. Several processes may do so at the same time: one of them wins."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, standing: Standing) -> None:
        """Let the first decision on a migration take effect, once both are stored."""
        self._take_effect(standing)
        self._tell(standing, standing)

    def change(self, standing: Standing, change: Change, at: datetime, decision_id: str) -> Standing | None:
        """Write ``change`` and let it take effect; None where somebody else decided first, and nothing has changed."""
        # Whoever took the decision before may be about to write its weights: they must not come after ours.
        self.repair(standing)
        decision = self._decision(standing, change, at, decision_id)
        if not decide(self._store, decision):
            return None
        decided = Standing(standing.migration, decision)
        self._take_effect(decided)
        self._tell(standing, decided)
        return decided

    def tell_again(self, standing: Standing) -> None:
        """Write the notice of the last decision anew: one that was written already is not told twice."""
        log = decisions(self._store, standing.migration.id, standing.last.seq)
        before = next((one for one in reversed(log) if one.seq < standing.last.seq), standing.last)
        self._tell(Standing(standing.migration, before), standing)

    def repair(self, standing: Standing) -> bool:
        """Write the weights that the last decision wants, if that was not done; false where nothing was to do."""
        present = route_weights.read(self._store, standing.migration.route)
        if standing.last.weights_version <= (present.version if present else 0):
            return False
        route_weights.write(self._store, _weights(standing, standing.last.weights_version))
        return True

    def was_overruled(self, standing: Standing) -> RouteWeights | None:
        """The weights that somebody else has set since the last decision; None where they are as decided."""
        present = route_weights.read(self._store, standing.migration.route)
        if present is None or present.migration_id == standing.migration.id:
            return None
        is_old = present.version < standing.last.weights_version
        return None if is_old or _of(present) == routing(standing.migration, standing.phase) else present

    def _take_effect(self, decided: Standing) -> None:
        if not self.repair(decided):
            return
        for version in range(decided.last.weights_version, decided.last.weights_version + _TRIES):
            wanted = _weights(decided, version)
            if version > decided.last.weights_version:
                route_weights.write(self._store, wanted)
            if decided.is_active or route_weights.is_stored(self._store, wanted):
                return

    def _decision(self, standing: Standing, change: Change, at: datetime, decision_id: str) -> MigrationDecision:
        migration, last = standing.migration, standing.last
        moved = change.phase is not standing.phase
        return MigrationDecision(
            migration_id=migration.id,
            seq=last.seq + 1,
            decision_id=decision_id,
            step=change.step,
            phase=change.phase,
            phase_began_at=at if moved else last.phase_began_at,
            paused=change.paused,
            reason=change.reason[:2_000],
            warnings=change.warnings,
            decided_by=change.decided_by,
            decided_at=at,
            weights_version=self.next_version(migration, change.phase if moved or change.step == "resume" else None),
            facts=change.facts,
        )

    def next_version(self, migration: ModelMigration, phase: Phase | None) -> int:
        """Of the weights, with those of ``phase``; None: they stay as they are."""
        present = route_weights.read(self._store, migration.route)
        version = present.version if present else 0
        if phase is None or not self._is_to_be_written(migration, phase, present):
            return version
        return version + 1

    def _is_to_be_written(self, migration: ModelMigration, phase: Phase, present: RouteWeights | None) -> bool:
        wanted = routing(migration, phase)
        if present is None:
            return wanted != routing(migration, Phase.EVALUATION)
        now = _of(present)
        gone = not now.share(migration.candidate) and not any(
            (one.provider, one.model) == (migration.candidate.provider, migration.candidate.model) for one in now.shadow
        )
        # A person may have sent the calls elsewhere meanwhile: then there is nothing to take back.
        if phase in (Phase.ROLLED_BACK, Phase.CANCELLED) and gone:
            return False
        return now != wanted

    def _tell(self, before: Standing, decided: Standing) -> None:
        last, told = decided.last, []
        if before.last.warnings and not last.warnings:
            told.append(self._notice(decided, self._first_warning(before), "resolved"))
        if last.step == "warn":
            # What warns more than before belongs to the notice that is open.
            told.append(
                self._notice(decided, last.seq if not before.last.warnings else self._first_warning(before), "open")
            )
        elif last.step != "warnings_end":
            told.append(self._notice(decided, last.seq, "info"))
        notices.write(self._store, told)

    def _first_warning(self, standing: Standing) -> int:
        """Number of the decision with which the present warnings began."""
        first = standing.last.seq
        for one in reversed(decisions(self._store, standing.migration.id, standing.last.seq)):
            if not one.warnings:
                break
            first = one.seq
        return first

    def _notice(self, decided: Standing, seq: int, state: str) -> Notice:
        migration, last = decided.migration, decided.last
        models = f"{migration.baseline.model} to {migration.candidate.model}"
        what = f"{_TITLES[last.step]} {last.reason if last.step in ('roll_back', 'cancel') else last.phase}"
        return Notice(
            notice_id=f"migration:{migration.id}:{seq}",
            kind="migration",
            subject=migration.route,
            state=state,
            severity="info" if state == "resolved" else _SEVERITIES.get(last.step, "info"),
            title=f"Route {migration.route}: the migration from {models} {what}"[:500],
            facts={
                "migration": migration.id,
                "phase": last.phase,
                "decided_by": last.decided_by,
                **last.warnings,
                **last.facts,
            },
            at=last.decided_at,
        )


def _of(weights: RouteWeights) -> Routing:
    return Routing(weights.targets, weights.shadow, weights.fallbacks)


def _weights(standing: Standing, version: int) -> RouteWeights:
    migration, last = standing.migration, standing.last
    wanted = routing(migration, standing.phase)
    return RouteWeights(
        route=migration.route,
        version=version,
        targets=wanted.targets,
        shadow=wanted.shadow,
        fallbacks=wanted.fallbacks,
        reason=f"migration {last.step}: {last.reason}"[:500],
        migration_id=migration.id,
        changed_by=last.decided_by,
        changed_at=last.decided_at,
    )


def first_decision(migration: ModelMigration, phase: Phase, decision_id: str) -> Standing:
    """How a migration stands that begins with ``phase``; its weights are not known yet."""
    decision = MigrationDecision(
        migration_id=migration.id,
        seq=1,
        decision_id=decision_id,
        step="start",
        phase=phase,
        phase_began_at=migration.created_at,
        paused=False,
        reason=migration.reason,
        warnings={},
        decided_by=migration.created_by,
        decided_at=migration.created_at,
        weights_version=0,
        facts={},
    )
    return Standing(migration, decision)


def with_version(standing: Standing, version: int) -> Standing:
    """The same with the weights' version that its last decision takes effect with."""
    return replace(standing, last=replace(standing.last, weights_version=version))
