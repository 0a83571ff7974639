"""What is stated of routes: in the file, or through the API; of one route one of the two."""

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime

from api.problems import Problem
from api.requirements.models import Requirements
from api.requirements.requirements_file import RequirementsFile
from watchkeeper.clock import Clock
from watchkeeper.storage.client import Store
from watchkeeper.storage.route_requirements import (
    MOST_ROUTES,
    RequirementsVersion,
    all_requirements,
    find_requirements,
    save_requirements,
)


@dataclass(frozen=True, slots=True)
class Stated:
    """What is stated of one route; ``version`` is None where the file states it."""

    requirements: Requirements
    version: RequirementsVersion | None


@dataclass(frozen=True, slots=True)
class RequirementsBook:
    """Safe to share between threads."""

    reader: Store
    store: Store
    """Takes what is written."""
    clock: Clock
    file: RequirementsFile
    # A version is the one before plus one, so one at a time.
    turn: threading.Lock = field(default_factory=threading.Lock)

    def find(self, route: str) -> Stated | None:
        """What is stated of ``route``; None: nothing."""
        if route in self.file.routes:
            return Stated(self.file.routes[route], None)
        found = find_requirements(self.reader, route)
        return None if found is None or found.removed else _stated(found)

    def all(self) -> dict[str, Requirements]:
        """By route."""
        written = {route: _stated(version).requirements for route, version in all_requirements(self.reader).items()}
        return {**written, **self.file.routes}

    def put(self, route: str, wanted: Requirements, by: str) -> None:
        """State them; the same again changes nothing. Raises :class:`Problem` 409 where the file has the route."""
        self._check_not_in_file(route)
        with self.turn:
            before = find_requirements(self.store, route)
            if before is not None and not before.removed and _stated(before).requirements == wanted:
                return
            if (before is None or before.removed) and len(all_requirements(self.store)) >= MOST_ROUTES:
                raise Problem(409, "Too many routes", f"{MOST_ROUTES:,} routes have requirements: remove some first.")
            save_requirements(self.store, _next(before, route, wanted, (by, self.clock.now())))

    def remove(self, route: str, by: str) -> None:
        """Back to what is inferred. Raises :class:`Problem` 404 where nothing is stated, 409 as :meth:`put`."""
        self._check_not_in_file(route)
        with self.turn:
            before = find_requirements(self.store, route)
            if before is None or before.removed:
                raise Problem(404, "No such requirements", "Nothing is stated of this route: all of it is inferred.")
            gone = replace(before, version=before.version + 1, removed=True)
            save_requirements(self.store, replace(gone, changed_by=by, changed_at=self.clock.now()))

    def _check_not_in_file(self, route: str) -> None:
        if route in self.file.routes:
            raise Problem(
                409,
                "Stated in the file",
                "The requirements file (WATCHKEEPER_REQUIREMENTS_FILE) states this route: change it there and restart.",
            )


def _next(
    before: RequirementsVersion | None, route: str, wanted: Requirements, made: tuple[str, datetime]
) -> RequirementsVersion:
    by, at = made
    version = before.version + 1 if before is not None else 1
    return RequirementsVersion(route, version, wanted.model_dump_json(exclude_none=True), by, at)


def _stated(version: RequirementsVersion) -> Stated:
    return Stated(Requirements.model_validate_json(version.requirements), version)
