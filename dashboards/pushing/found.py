"""How a thing stands in Grafana."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from dashboards.pushing.connection import Grafana
from dashboards.pushing.differences import Difference


class State(StrEnum):
    """Of one thing, before a push."""

    MISSING = "missing"
    SAME = "same"
    OUTDATED = "outdated"
    """As an earlier push left it."""
    CHANGED = "changed"
    """Somebody changed it since the last push, or made it without one."""
    LOCKED = "locked"
    """It differs, and belongs to provisioning files: the API cannot write it."""


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of a thing."""

    state: State
    reason: str = ""
    """Why it is not simply written; empty: it is."""
    differences: tuple[Difference, ...] = ()
    there: Any = None
    """Grafana's own record of it, None where it is missing."""

    @property
    def is_same(self) -> bool:
        """It is as it should be."""
        return self.state is State.SAME


class Thing(Protocol):
    """One data source, folder, dashboard or alert rule as it should be."""

    @property
    def kind(self) -> str:
        """In words."""
        ...

    @property
    def uid(self) -> str:
        """Its address, which stays."""
        ...

    @property
    def title(self) -> str:
        """What people call it."""
        ...

    def look(self, grafana: Grafana) -> Found:
        """How it stands; reads only."""
        ...

    def write(self, grafana: Grafana, found: Found, overwrite: bool) -> None:
        """Make it as it should be. With ``overwrite`` even over a change since ``found``."""
        ...
