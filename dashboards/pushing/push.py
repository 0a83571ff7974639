"""Looks at everything, then writes what differs, in the order in which things need one another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dashboards.alert_rules import RULES
from dashboards.files import DASHBOARDS
from dashboards.names import FOLDER_UID
from dashboards.pushing.alert_rule import AlertRuleThing
from dashboards.pushing.connection import Grafana
from dashboards.pushing.dashboard import DashboardThing
from dashboards.pushing.data_source import DataSourceThing, GivenDataSource
from dashboards.pushing.folder import FolderThing
from dashboards.pushing.found import Found, State, Thing
from dashboards.pushing.refusal import GrafanaRefused

_WRITTEN = (State.MISSING, State.OUTDATED)


class Outcome(StrEnum):
    """What a push did about one thing."""

    NOTHING = "nothing to do"
    MADE = "made"
    SAVED = "saved"
    LEFT = "left"
    """It differs, and was not written: the reason says why."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Looked:
    """A thing and how it stands."""

    thing: Thing
    found: Found


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of it."""

    looked: Looked
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a Grafana should have."""

    data_source: DataSourceThing | GivenDataSource
    folder: str = FOLDER_UID
    alert_rules: bool = True

    def things(self, org_id: int) -> tuple[Thing, ...]:
        """In the order in which they need one another."""
        source = self.data_source.uid
        rules = RULES if self.alert_rules else ()
        return (
            self.data_source,
            FolderThing(self.folder),
            *(DashboardThing(dashboard, self.folder, source) for dashboard in DASHBOARDS),
            *(AlertRuleThing(rule, self.folder, source, org_id) for rule in rules),
        )


def look(grafana: Grafana, things: Sequence[Thing]) -> list[Looked]:
    """How each stands; reads only."""
    return [Looked(thing, thing.look(grafana)) for thing in things]


def outcome_of(looked: Looked, overwrite: bool) -> Outcome:
    """What a push will do about it."""
    state = looked.found.state
    if state is State.SAME:
        return Outcome.NOTHING
    if state in _WRITTEN or (state is State.CHANGED and overwrite):
        return Outcome.MADE if state is State.MISSING else Outcome.SAVED
    return Outcome.LEFT


def planned(all_looked: Sequence[Looked], overwrite: bool) -> Iterator[Pushed]:
    """What :func:`push` will do, provided that nothing is refused."""
    for looked in all_looked:
        yield Pushed(looked, outcome_of(looked, overwrite), looked.found.reason)


def push(grafana: Grafana, all_looked: Sequence[Looked], overwrite: bool) -> Iterator[Pushed]:
    """Write what differs, one after another; what is refused does not stop the others.

    Raises :class:`GrafanaRefused` for a token that is not accepted, :class:`Transient` where Grafana fails.
    """
    for looked in all_looked:
        outcome = outcome_of(looked, overwrite)
        if outcome in (Outcome.NOTHING, Outcome.LEFT):
            yield Pushed(looked, outcome, looked.found.reason)
            continue
        try:
            looked.thing.write(grafana, looked.found, overwrite)
        except GrafanaRefused as refused:
            if refused.ends_all:
                raise
            yield Pushed(looked, Outcome.REFUSED, str(refused))
        else:
            yield Pushed(looked, outcome)
