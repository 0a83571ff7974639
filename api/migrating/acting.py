"""What a person may do to a migration under way."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from api.access import Caller
from api.migrating.phases import Phase, following
from api.migrating.standing import Change, MigrationLog, Standing, with_decisions
from api.problems import Problem
from watchkeeper.storage import model_migrations
from watchkeeper.storage.client import Store

_TRIES = 5


class Action(StrEnum):
    """By the last part of the path."""

    PROMOTE = "promote"
    """Leave the phase, whatever its gate says."""
    PAUSE = "pause"
    """No promotion; triggers still roll back."""
    RESUME = "resume"
    """Go on, with the weights of the phase."""
    ROLLBACK = "rollback"
    """Back to the weights of before: the candidate has failed."""
    CANCEL = "cancel"
    """Back to the weights of before, without blame."""


@dataclass(frozen=True, slots=True)
class Acting:
    """Does what people ask for; the evaluator may decide at the same time, and one of both wins."""

    store: Store
    log: MigrationLog
    new_id: Callable[[], str]

    def find(self, migration_id: str) -> Standing:
        """Raises :class:`Problem` 404 where there is none."""
        found = model_migrations.find(self.store, migration_id)
        for standing in with_decisions(self.store, [found] if found else []):
            return standing
        raise Problem(404, "No such migration", f"{migration_id} is not there; GET /v1/migrations lists what is.")

    def act(self, migration_id: str, action: Action, reason: str, caller: Caller, now: datetime) -> Standing:
        """How it stands then. Raises :class:`Problem` 404 where there is none and 409 where it cannot be done."""
        for _ in range(_TRIES):
            standing = self.find(migration_id)
            change = _change(standing, action, f"{caller.name}: {reason}", caller.name)
            done = self.log.change(standing, change, now, self.new_id())
            if done is not None:
                return done
        raise Problem(409, "Decided by somebody else", "others decide on the migration all the time; try again.")


def _change(standing: Standing, action: Action, reason: str, by: str) -> Change:
    if not standing.is_active:
        raise Problem(409, "It has ended", f"the migration is {standing.phase}; begin another one to try again.")
    last = standing.last
    if action is Action.PROMOTE:
        return Change("promote", following(standing.phase), reason, by)
    if action is Action.ROLLBACK:
        return Change("roll_back", Phase.ROLLED_BACK, reason, by)
    if action is Action.CANCEL:
        return Change("cancel", Phase.CANCELLED, reason, by)
    paused = action is Action.PAUSE
    if last.paused is paused:
        raise Problem(409, "It is so already", "the migration is paused." if paused else "the migration is not paused.")
    return Change(action.value, standing.phase, reason, by, paused, last.warnings)
