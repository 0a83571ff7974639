"""Table ``route_requirements``: every version of what a route needs of its model; the newest counts."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from watchkeeper.storage.client import Store

MOST_ROUTES = 5_000
"""That requirements may be stated for."""


@dataclass(frozen=True, slots=True)
class RequirementsVersion:
    """One version of a route's requirements."""

    route: str
    version: int
    """1 for the first."""
    requirements: str
    """JSON; what is in it is the API's business."""
    changed_by: str
    changed_at: datetime
    removed: bool = False


_SCHEMA: pa.Schema = pa.schema(
    [
        ("route", pa.string()),
        ("version", pa.uint32()),
        ("removed", pa.bool_()),
        ("requirements", pa.string()),
        ("changed_by", pa.string()),
        ("changed_at", pa.timestamp("us", tz="UTC")),
    ]
)
_COLUMNS = ", ".join(_SCHEMA.names)
# Two writers at the same time may make the same version; then the later one counts, for every reader alike.
_NEWEST = f"""
SELECT {_COLUMNS} FROM route_requirements
ORDER BY route, version DESC, changed_at DESC, requirements LIMIT 1 BY route
"""
_ALL = f"SELECT * FROM ({_NEWEST}) WHERE NOT removed ORDER BY route LIMIT {MOST_ROUTES}"
_ONE = f"SELECT * FROM ({_NEWEST}) WHERE route = {{route:String}}"


def save_requirements(store: Store, version: RequirementsVersion) -> None:
    """Store one version; it counts from now on."""
    store.insert_arrow("route_requirements", pa.Table.from_pylist([asdict(version)], _SCHEMA), uuid.uuid4().hex)


def find_requirements(store: Store, route: str) -> RequirementsVersion | None:
    """The newest version, even one that says they were removed; None where there never was one."""
    found = store.query_rows(_ONE, {"route": route})
    return _version(found[0]) if found else None


def all_requirements(store: Store) -> dict[str, RequirementsVersion]:
    """By route, those that were not removed (at most :data:`MOST_ROUTES`)."""
    return {row["route"]: _version(row) for row in store.query_rows(_ALL)}


def _version(row: Mapping[str, Any]) -> RequirementsVersion:
    return RequirementsVersion(**row)
