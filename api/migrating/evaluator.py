"""Migrations under way, looked at every few seconds: promoted, rolled back, warned of, and kept as their logs say."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.migrating.decide import Decision, Look, Step, decide
from api.migrating.facts import facts
from api.migrating.looking import look_at
from api.migrating.standing import WATCHKEEPER, Change, MigrationLog, Standing, standings
from api.migrating.triggers import limits_of
from api.migrating.watching import Noticed, Watching
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.model_migrations import MOST_DECISIONS
from watchkeeper.storage.route_weights import newest_versions

EVERY_S = 2.0
"""From one look at the last minutes to the next."""
COMPARE_EVERY_S = 60.0
"""From one look at the phase so far to the next."""
_IDLE_S = 10.0
"""Without a migration under way, from one look for one to the next."""
_SHARE = 20.0
"""A look at a phase so far may take one in so many seconds: the larger the table, the rarer the looks."""
_WARNINGS_LAST = MOST_DECISIONS - 50
"""Decisions on one migration after which warnings are written no more: steps still are."""
_TOLD_WITHIN = timedelta(hours=1)
"""Of an older decision nobody is told anew."""

Key = tuple[str, datetime]


@dataclass(frozen=True, slots=True)
class _Kept:
    noticed: Noticed
    again_at: float
    """On the monotonic clock."""


class Evaluator:
    """Looks and decides. :meth:`tick` and :meth:`compare` may run on threads of their own, and in several processes."""

    def __init__(self, store: Store, clock: Clock, new_id: Callable[[], str]) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._log = MigrationLog(store)
        self._watching = Watching(store, clock)
        self._lock = threading.Lock()
        self._so_far: dict[Key, _Kept] = {}
        self._warned_at: dict[str, datetime] = {}
        self._told: dict[str, int] = {}
        """Migration → number of the decision whose notice is known to be written."""
        self._idle_until = float("-inf")

    def tick(self) -> None:
        """Look at the last minutes of each migration under way, decide and act.

        Raises the first error met, once all were looked at.
        """
        if self._clock.monotonic() < self._idle_until:
            return
        found = standings(self._store)
        self._repair(found)
        active = [standing for standing in found if standing.is_active]
        self._idle_until = float("-inf") if active else self._clock.monotonic() + _IDLE_S
        self._each(active, self._look)
        self._each(self._untold(found), self._tell)
        self._forget({standing.migration.id for standing in active})

    def compare(self) -> None:
        """Look at the phase so far of each migration under way: what the next :meth:`tick` decides by.

        Raises as :meth:`tick` does.
        """
        self._each([standing for standing in standings(self._store) if standing.is_active], self._compare)

    def _repair(self, found: list[Standing]) -> None:
        """Routes migrated once stay listed: which weights are missing is asked of all of them at once."""
        versions = newest_versions(self._store)
        for standing in found:
            if standing.last.weights_version > versions.get(standing.migration.route, 0):
                self._log.repair(standing)

    def _untold(self, found: list[Standing]) -> list[Standing]:
        """Those whose last decision is new to this process: whoever took it may have been killed before its notice."""
        since = self._clock.now() - _TOLD_WITHIN
        self._told = {one.migration.id: self._told.get(one.migration.id, 0) for one in found}
        return [one for one in found if one.last.decided_at > since and self._told[one.migration.id] < one.last.seq]

    def _tell(self, standing: Standing) -> None:
        self._log.tell_again(standing)
        self._told[standing.migration.id] = standing.last.seq

    def _each(self, active: list[Standing], work: Callable[[Standing], None]) -> None:
        failed: list[Exception] = []
        for standing in active:
            try:
                work(standing)
            except Exception as error:  # noqa: BLE001  whatever ails one migration, the others are still watched
                failed.append(error)
        if failed:
            raise failed[0]

    def _compare(self, standing: Standing) -> None:
        key, began = _key(standing), self._clock.monotonic()
        with self._lock:
            kept = self._so_far.get(key)
        if kept is not None and began < kept.again_at:
            return
        noticed = self._watching.so_far(standing, self._clock.now())
        ended = self._clock.monotonic()
        with self._lock:
            self._so_far[key] = _Kept(noticed, ended + _SHARE * (ended - began))

    def _look(self, standing: Standing) -> None:
        now = self._clock.now()
        look = self._seen(standing, now)
        decision = decide(look, limits_of(standing.migration.limits))
        if decision.warnings:
            self._warned_at[standing.migration.id] = now
        change = self._change(standing, look, decision) or self._overruled(standing, look)
        if change is not None and (done := self._log.change(standing, change, now, self._new_id())):
            self._told[standing.migration.id] = done.last.seq

    def _seen(self, standing: Standing, now: datetime) -> Look:
        with self._lock:
            kept = self._so_far.get(_key(standing))
        minutes = self._watching.last_minutes(standing, now)
        return look_at(standing, minutes, kept.noticed if kept else None, now)

    def _change(self, standing: Standing, look: Look, decision: Decision) -> Change | None:
        """What is to be written of a decision; None where all stays as it is."""
        if decision.step is not Step.HOLD:
            return Change(decision.step, decision.to, decision.reason, WATCHKEEPER, facts=facts(look))
        before = standing.last.warnings
        if set(decision.warnings) - set(before) and standing.last.seq < _WARNINGS_LAST:
            warnings = {**before, **decision.warnings}
            reason = "; ".join(decision.warnings.values())
            return Change("warn", look.phase, reason, WATCHKEEPER, look.paused, warnings, facts(look))
        if before and not decision.warnings and self._is_quiet(standing):
            words = f"none of {', '.join(before)} any more"
            return Change("warnings_end", look.phase, words, WATCHKEEPER, look.paused, {}, facts(look))
        return None

    def _is_quiet(self, standing: Standing) -> bool:
        """Has nothing warned for as long as the triggers look back?"""
        last = max(standing.last.decided_at, self._warned_at.get(standing.migration.id, standing.last.decided_at))
        return self._clock.now() - last >= timedelta(seconds=limits_of(standing.migration.limits).window_s)

    def _overruled(self, standing: Standing, look: Look) -> Change | None:
        """A person who changes the weights has the last word: the migration waits."""
        if standing.last.paused:
            return None
        present = self._log.was_overruled(standing)
        if present is None:
            return None
        reason = f"{present.changed_by} changed the weights of the route (version {present.version}); resume sets ours"
        return Change("pause", look.phase, reason, WATCHKEEPER, True, standing.last.warnings, facts(look))

    def _forget(self, active: set[str]) -> None:
        with self._lock:
            self._so_far = {key: kept for key, kept in self._so_far.items() if key[0] in active}
        self._warned_at = {name: at for name, at in self._warned_at.items() if name in active}


def _key(standing: Standing) -> Key:
    """A phase of a migration."""
    return standing.migration.id, standing.last.phase_began_at
